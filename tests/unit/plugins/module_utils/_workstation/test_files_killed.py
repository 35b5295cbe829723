# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A set of files is installed as one: all of it or nothing, at whichever call the run fails or is killed."""

from __future__ import annotations

import contextlib
import errno
import os
import signal

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import durable
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._workstation import transaction
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import run
from ansible_collections.eccops.rapid.tests.unit.support.file_sets import ENDS_BADLY, params, tree


CALLS = ("open", "rename", "unlink", "link", "mkdir", "rmdir", "fsync", "fchmod", "fchown", "chmod", "chown")
CALLS_THAT_NEED_SPACE = ("open", "rename", "link", "mkdir", "fsync")


class CountedOs:
    """The module C(os) for those who change files; C(at_call(number)) may raise, or end the process."""

    def __init__(self, at_call, names=CALLS):
        self._calls, self._at_call, self._names = 0, at_call, names

    def __getattr__(self, name):
        function = getattr(os, name)
        if name not in self._names:
            return function

        def counted(*arguments, **named):
            self._calls += 1
            self._at_call(self._calls)
            return function(*arguments, **named)

        return counted


def _count(monkeypatch, counted):
    for module in (transaction, durable, locks):
        monkeypatch.setattr(module, "os", counted)


def _run_in_a_child(monkeypatch, wanted, instant):
    """Runs in a process that is killed before its C(instant)th call; returns whether it was."""
    child = os.fork()
    if child == 0:
        try:
            _count(monkeypatch, CountedOs(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == instant else None))
            with contextlib.suppress(RapidError):
                run(wanted, False)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _versions(place):
    """Which version each file is of; a file is never cut off."""
    paths = [place / "bin" / "program", place / "etc" / "ours" / "settings.ini", place / "etc" / "ours" / "account.json"]
    return {path.read_text().split()[-1] if path.exists() else "none" for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("is_first_install", [True, False])
@pytest.mark.parametrize("next_run", ["ends_well", "ends_badly", "is_killed_too"])
def test_a_run_killed_at_any_instant_is_brought_to_an_end_by_the_next(place, monkeypatch, is_first_install, next_run):
    instant, before = 0, "none" if is_first_install else "1"
    while True:
        instant += 1
        _start_over(place, is_first_install)
        was_killed = _run_in_a_child(monkeypatch, params(place, "2"), instant)
        assert _versions(place) <= {before, "2"}
        if next_run == "is_killed_too":
            _run_in_a_child(monkeypatch, params(place, "2", verify_command=ENDS_BADLY), 1 + instant * 7 % 23)
            assert _versions(place) <= {before, "2"}
        if next_run == "ends_well":
            run(params(place, "2"), False)
            assert _versions(place) == {"2"}
        else:
            with contextlib.suppress(RapidError):
                run(params(place, "2", verify_command=ENDS_BADLY), False)
            assert _versions(place) in ({before}, {"2"}), "mixed after being killed at call %d" % instant
        assert not list(place.rglob("*.new")) and not list(place.rglob("*.previous")) and not list(place.rglob("*.json.new"))
        assert not list(place.rglob(transaction.JOURNAL_NAME))
        if not was_killed:
            break
    assert instant > 30


def _start_over(place, is_first_install):
    run(params(place, "1", state="absent"), False)
    if not is_first_install:
        run(params(place, "1"), False)


@pytest.mark.parametrize("is_first_install", [True, False])
def test_a_full_disk_at_any_instant_changes_nothing(place, monkeypatch, is_first_install):
    def full(number):
        if number == instant:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")

    _start_over(place, is_first_install)
    before, instant = tree(place), 0
    while True:
        instant += 1
        _count(monkeypatch, CountedOs(full, CALLS_THAT_NEED_SPACE))
        try:
            run(params(place, "2"), False)
        except (RapidError, OSError) as error:
            _count(monkeypatch, os)
            if tree(place) == before:
                continue
            # Only the removal of what was kept aside can have failed now: the change itself was final.
            assert _versions(place) == {"2"}, error
            run(params(place, "2"), False)
            assert not list(place.rglob("*.previous"))
            _start_over(place, is_first_install)
            before = tree(place)
        else:
            break
    assert _versions(place) == {"2"}


def test_a_full_disk_is_reported_with_what_to_do(place, monkeypatch):
    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/some/file")

    run(params(place, "1"), False)
    monkeypatch.setattr(transaction, "_stage", full)
    with pytest.raises(RapidError, match="/some/file: No space left on device; nothing was changed: free some space and run again"):
        run(params(place, "2"), False)
