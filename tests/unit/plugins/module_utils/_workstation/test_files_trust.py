# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Other accounts of a position can neither keep a set of files from being changed nor lead its paths elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._workstation import lock, transaction
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.desired import wanted_directories, wanted_files
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import run
from ansible_collections.eccops.rapid.tests.unit.support.file_sets import params, tree


@pytest.mark.parametrize("place_of_lock", ["etc", "."])
def test_whoever_can_read_a_directory_cannot_keep_a_run_from_changing_the_set(place, monkeypatch, place_of_lock):
    monkeypatch.setattr(lock, "LOCK_WAIT_SECONDS", 0)
    descriptor = os.open(place / place_of_lock, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert run(params(place, "1"), False)["changed"]
    os.close(descriptor)


def test_the_lock_is_closed_to_others_and_gone_afterwards(place, monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "_lock_directory", lambda: str(tmp_path / "locks"))
    change = transaction.FileSetChange(wanted_directories(params(place, "1")), wanted_files(params(place, "1")))
    with change.locked():
        path = lock.find_lock_path(change.directories[0].path)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert tree(place) == {"bin": ("0o40755", None), "etc": ("0o40755", None)}
    assert not os.path.exists(os.path.dirname(path))


def test_a_place_of_locks_that_others_made_is_refused(place, monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "_lock_directory", lambda: str(tmp_path / "locks"))
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks").chmod(0o755)
    with pytest.raises(RapidError, match="the lock directory .*/locks is open to other users; chmod 700 it; nothing was changed"):
        run(params(place, "1"), False)


# Whose paths they are

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: gives files to another account")


def _writable(place):
    (place / "bin").chmod(0o777)


def _sticky(place):
    (place / "bin").chmod(0o1777)


def _writable_above(place):
    (place / "etc").chmod(0o777)


def _foreign(place):
    os.chown(place / "bin", 65534, -1)


def _foreign_link(place):
    (place / "bin").rename(place / "real")
    (place / "bin").symlink_to("real")
    os.chown(place / "bin", 65534, -1, follow_symlinks=False)


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("spoil", [
    _writable, _sticky, _writable_above, pytest.param(_foreign, marks=NEEDS_ROOT), pytest.param(_foreign_link, marks=NEEDS_ROOT)])
def test_a_path_that_others_could_lead_elsewhere_is_refused(place, spoil, state):
    spoil(place)
    before = tree(place)
    for is_check_mode in (True, False):
        with pytest.raises(InvalidInput, match="others could replace what is installed in .*; nothing was changed: correct its owner and mode"):
            run(params(place, "1", state=state), is_check_mode)
    assert tree(place) == before


def test_a_link_of_roots_or_ours_is_followed(place):
    (place / "bin").rename(place / "real")
    (place / "bin").symlink_to("real")
    assert run(params(place, "1"), False)["changed"] and (place / "real" / "program").exists()


@NEEDS_ROOT
def test_a_journal_that_another_account_planted_is_not_read(place):
    (place / "etc" / "ours").mkdir()
    journal = place / "etc" / "ours" / transaction.JOURNAL_NAME
    journal.write_text(json.dumps({"files": {str(place / "bin" / "program"): False}, "directories": []}))
    os.chown(journal, 65534, -1)
    assert not run(params(place, "1"), False)["was_unfinished"]
