# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_sac_installation: what differs is found first, then done, then proved, then switched to.

Runs on positions: Python 3.8 and its standard library only. The SAC comes from the action plugin as PEM, its key encrypted.
"""

from __future__ import annotations

import contextlib
import os

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_https_url
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.access import Access
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.prober import ProofFailed, installed_files, memory_files, prove_as
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.store import SacStore
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.systemd import validate_unit_name, reload_service
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import Version, WantedSac


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its ``params``, ``sac_content`` being what the action plugin makes of the SAC. Raises RapidError."""
    store = SacStore(params["path"], Access(params["owner"], params["group"], params["mode"]))
    umask = os.umask(0o077)
    try:
        store.ensure_ours()
        if params["state"] == "absent":
            return _remove(store, is_check_mode)
        return _Installation(store, params, is_check_mode).run()
    except OSError as error:
        where = " (%s)" % error.filename if error.filename else ""
        raise RapidError(
            "the SAC could not be written to %s: %s%s; what %s/current leads to is intact; correct that and run again" % (
                store.path, error.strerror, where, store.path),
            kind="not_written") from None
    finally:
        os.umask(umask)


def validate_limits(params: dict) -> None:
    """Raises InvalidInput for numbers out of their range, and for a URL that cannot be asked."""
    if params["kept_versions"] < 1:
        raise InvalidInput("kept_versions must be 1 or more: the current version is one of them")
    if not 1 <= params["timeout_seconds"] <= 3600:
        raise InvalidInput("timeout_seconds must be between 1 and 3600")
    validate_https_url(params["api_url"], "api_url")


def _remove(store: SacStore, is_check_mode: bool) -> dict:
    is_there = store.exists()
    current = store.current_name() if is_there else None
    if is_there and not is_check_mode:
        with store.locked():
            store.remove()
    shown = {"before": {"path": store.path, "version": current}, "after": {}} if is_there else {"before": {}, "after": {}}
    return {"changed": is_there, "outcome": "removed" if is_there else "unchanged", "reason": "it should be absent", "diff": shown}


def _set_modes(modes: dict[str, int]) -> None:
    for path, mode in modes.items():
        os.chmod(path, mode)


class _Installation:
    """One run; what it is going to do is in ``outcome`` and ``reason`` before it does it."""

    def __init__(self, store: SacStore, params: dict, is_check_mode: bool) -> None:
        validate_limits(params)
        self._unit = params["reloaded_service"]
        validate_unit_name(self._unit)
        self._service = {name: params[name] for name in ("ca_path", "timeout_seconds")}
        self._service["api_url"] = validate_https_url(params["api_url"], "api_url")
        self._store, self._params, self._is_check_mode = store, params, is_check_mode
        self._wanted = WantedSac(params["sac_content"], params["sac_passphrase"])
        self.outcome, self.reason = "unchanged", "it is there already"
        self._previous: Version | None = None
        self._is_proven: bool | None = None

    def run(self) -> dict:
        if self._is_check_mode:
            current, wrong = self._plan()
            if self._params["probe"] and self._params["probe_in_check_mode"]:
                prove_as(None, self._service, self._wanted, memory_files(self._wanted))
                self._is_proven = True
            return self._result(current, current, wrong)
        with self._store.locked():
            self._store.make()
            current, wrong = self._plan()
            self._store.tidy(current)
            name = self._act(current)
            # Without a link nobody can tell which of those that are there was ever in use.
            for each in self._store.surplus(name, self._params["kept_versions"] if current else 1):
                self._store.discard(each)
        return self._result(current, name, wrong)

    def _plan(self) -> tuple[str | None, dict[str, tuple[str, ...]]]:
        """Returns (name of the current version, wrong attributes), and sets ``outcome`` and ``reason``."""
        current = self._store.current_name() if self._store.exists() else None
        if current is None:
            self.outcome, self.reason = "installed", "none is installed"
            return None, {}
        self._previous = self._store.version(current)
        damage, difference = self._previous.damage, self._previous.damage or self._wanted.difference_from(self._previous)
        if difference:
            self.outcome, self.reason = "rebuilt" if damage else "replaced", difference
            return current, {}
        if self._store.is_owned_otherwise(current):
            self.outcome, self.reason = "replaced", "its owner or group differs"
            return current, self._store.wrong_attributes()
        wrong = self._store.wrong_attributes()
        if wrong:
            self.outcome, self.reason = "repaired", "owner or mode of '%s' is wrong" % "', '".join(sorted(wrong)[:3])
        elif self._store.is_switch_unfinished() and self._unit:
            self.outcome, self.reason = "reloaded", "an earlier run ended before the service was reloaded"
        elif self._store.leftovers(current) or self._store.surplus(current, self._params["kept_versions"]):
            self.outcome, self.reason = "tidied", "there is more than the versions that are kept"
        return current, wrong

    def _act(self, current: str | None) -> str:
        """Does what was planned; returns the name of the version in use."""
        if current is None or self.outcome in ("replaced", "rebuilt"):
            return self._replace(current)
        if self.outcome == "repaired":
            self._store.repair_attributes()
            if self._store.version(current).damage:  # whoever could write to it did so meanwhile
                return self._replace(current)
        if self._store.is_switch_unfinished():
            self._finish_switch(current, self._store.version_before_switch())
        return current

    def _replace(self, current: str | None) -> str:
        name = self._store.next_name(self._wanted)
        modes = self._store.open_directories()
        try:
            self._store.stage(name, self._wanted)
            refusal = self._store.staged(name).damage
            if refusal:
                raise SacUnusable("the position cannot use the %s: %s; nothing was changed" % (self._wanted.describe(), refusal), kind="sac_malformed")
            self._prove(self._store.staged_path(name))
            self._store.publish(name)
            if self._unit:
                self._store.begin_switch(current)
            self._store.switch_to(name)
        except BaseException:
            with contextlib.suppress(OSError):  # the next run tidies up
                if self._store.current_name() == name:
                    self._store.switch_to(current)
                self._store.end_switch()
                self._store.discard(name)
                _set_modes(modes)
            raise
        self._finish_switch(name, current, modes)
        self._store.repair_attributes()
        return name

    def _prove(self, path: str) -> None:
        if not self._params["probe"]:
            return
        try:
            prove_as(self._store.access, self._service, self._wanted, installed_files(path))
        except ProofFailed as error:
            raise ProofFailed("the position could not prove the SAC, so what was in use stays: %s" % error.message, kind=error.kind) from None
        self._is_proven = True

    def _finish_switch(self, name: str, previous: str | None, modes: dict[str, int] | None = None) -> None:
        """Lets the service take up the version ``name``; where it does not, ``previous`` is back, and the directories' ``modes``."""
        if self._unit:
            refusal = reload_service(self._unit)
            if refusal:
                self._store.switch_to(previous)
                also = reload_service(self._unit)
                self._store.end_switch()
                self._store.discard(name)
                _set_modes(modes or {})
                raise RapidError(
                    "the SAC was installed and proved, but %s; %s%s" % (
                        refusal, "the one before is back" if previous else "it was removed again", " (and then %s)" % also if also else ""),
                    kind="service_not_reloaded")
        self._store.end_switch()

    def _result(self, current: str | None, name: str | None, wrong: dict[str, tuple[str, ...]]) -> dict:
        before = self._previous.sha256_fingerprint if self._previous else None
        is_new = self.outcome in ("installed", "replaced", "rebuilt")
        return {
            "changed": self.outcome != "unchanged",
            "outcome": self.outcome,
            "reason": self.reason,
            "version_path": self._store.version_path(name) if name and not (is_new and self._is_check_mode) else None,
            "sha256_fingerprint": self._wanted.sha256_fingerprint,
            "previous_sha256_fingerprint": before,
            "is_proven": self._is_proven,
            "diff": {
                "before": dict({"sha256_fingerprint": before} if before else {}, **{path: is_now for path, (is_now, unused) in wrong.items()}),
                "after": dict(
                    {"sha256_fingerprint": self._wanted.sha256_fingerprint},
                    **dict({path: wanted for path, (unused, wanted) in wrong.items()}, **({"reason": self.reason} if is_new else {}))),
            },
        }


OPERATION = Operation(run=run, spec={
    "argument_spec": {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "path": {"type": "path", "default": "/etc/rapidauth-sac"},
        "sac_path": {"type": "path"},
        "sac_content": {"type": "str", "no_log": True},
        "sac_key_path": {"type": "path", "no_log": False},
        "sac_key_content": {"type": "str", "no_log": True},
        "sac_passphrase": {"type": "str", "no_log": True},
        "owner": {"type": "str", "default": "root"},
        "group": {"type": "str"},
        "mode": {"type": "str"},
        "kept_versions": {"type": "int", "default": 2},
        "reloaded_service": {"type": "str"},
        "probe": {"type": "bool", "default": True},
        "probe_in_check_mode": {"type": "bool", "default": False},
        "api_url": {"type": "str", "default": "https://request.rapidauth.com/rapid"},
        "ca_path": {"type": "path"},
        "timeout_seconds": {"type": "int", "default": 30},
        "audit_log_path": {"type": "path"},
    },
    "mutually_exclusive": [("sac_path", "sac_content"), ("sac_key_path", "sac_key_content")],
    "required_if": [("state", "present", ("sac_path", "sac_content"), True), ("state", "present", ("sac_passphrase",))],
})
