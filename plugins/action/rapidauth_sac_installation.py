# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads and judges the SAC on the controller, and ships it with the module, through pipelining only.

A Linux position gets PEM with an encrypted key. A Windows position gets the certificates, and the key only if it then asks for it.
"""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import build_payload
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.windows_payload import STORE, WindowsPayload, validate_windows_options
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import plain

FROM_THE_CONTROLLER = ("audit_log_path", "sac_path", "sac_content", "sac_key_path", "sac_key_content", "sac_passphrase")


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"is_proven", "outcome", "previous_sha256_fingerprint", "reason", "sha256_fingerprint", "version_path"})

    def _run(self, tmp, task_vars):
        self._position = str(self._task.delegate_to or task_vars["inventory_hostname"])
        return super()._run(tmp, task_vars)

    def run_operation(self, params: dict, is_check_mode: bool) -> dict:
        return self._installed(params, self._payload, lambda shipped: self.operation.run({**params, **shipped}, is_check_mode))

    def _ship(self, task_vars):
        return self._with_params(lambda params: self._ship_validated(params, task_vars))

    def _ship_validated(self, params, task_vars):
        # As they were given: a path is one of the position, whose home is another.
        given = {name: value for name, value in plain(self._task.args).items() if value is not None}
        arguments = {name: value for name, value in given.items() if name not in FROM_THE_CONTROLLER}

        def ship(shipped: dict) -> dict:
            return self._ship_with({**arguments, **shipped}, task_vars)

        if ".ps1" not in self._connection.module_implementation_preferences:
            return self._installed(params, self._payload, ship)
        validate_windows_options(given, params)
        return self._installed({**params, "path": STORE}, self._windows_payload, lambda payload: self._install_on_windows(payload, ship))

    def _install_on_windows(self, payload, ship):
        """Returns the position's result; the key of the SAC leaves the controller only if the position needs it."""
        self.returned_keys = self.returned_keys | {"sealing_key"}  # never reaches the task's result
        result = ship({"sac_content": payload.certificates} if payload else {})
        sealing_key = result.pop("sealing_key", None)
        if payload and sealing_key is not None and not result.get("failed"):
            if self._task.check_mode:  # what the position says decides nothing: a run that changes nothing sends no key
                raise RapidError("the position asked for the key of the SAC in check mode; nothing was sent: report it", kind="not_written")
            result = ship(payload.seal(sealing_key))
            if result.pop("sealing_key", None) is not None:
                raise RapidError("the position asked again for the key of the SAC; run again, then report it", kind="not_written")
        return result

    def _installed(self, params, prepare, install):
        """Returns the result of ``install(what)``, recorded where it changed something or failed; ``prepare(params)`` returns (what, summary)."""
        audit_log = AuditLog(None if self._task.check_mode else params["audit_log_path"], "rapidauth_sac_installation")
        audit_log.ensure_writable()
        shipped, about = prepare(params)
        subject = {"position": self._position, "path": params["path"], "sac": about}
        event = "sac_installation" if params["state"] == "present" else "sac_removal"
        try:
            result = _build_result(install(shipped), about)
        except RapidError as error:
            audit_log.complete(event, "failed", subject, error.kind)
            raise
        except BaseException:
            audit_log.complete(event, "unknown", subject)
            raise
        if result.get("failed") or result.get("changed"):
            subject["outcome"] = result.get("outcome")
            audit_log.complete(event, "failed" if result.get("failed") else "succeeded", subject, result.get("error_kind"))
        return audit_log.with_warnings(result)

    def _payload(self, params):
        """Returns the options that take the place of those read here, and what may be said about the SAC."""
        return build_payload(params, utc_now()) if params["state"] == "present" else ({}, {})

    def _windows_payload(self, params):
        payload = WindowsPayload(params, utc_now()) if params["state"] == "present" else None
        return payload, payload.summary if payload else {}


def _build_result(result, about):
    """Adds to a module's result what only the controller can read in a certificate."""
    if not result.get("failed") and about:
        result["sac"] = about
        diff = result.get("diff")
        if isinstance(diff, dict) and isinstance(diff.get("after"), dict):  # as the module returns it; its host may say anything
            diff["after"].update(subject=about["subject"], not_after=about["not_after"])
    return result
