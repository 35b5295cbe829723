# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One process at a time works on a credential, and a dead process holds nothing."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.locks import CredentialLocks
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock

OFFSET = 15765909848192386
FORKS = multiprocessing.get_context("fork")


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return str(tmp_path / "ledger.sqlite")


@pytest.fixture(name="holder")
def fixture_holder(path):
    """Another process that holds r1 until ``let_go()`` or its end."""
    ours, theirs = FORKS.Pipe()

    def hold():
        ours.close()
        with CredentialLocks(path).held("api", "r1"):
            theirs.send("it is held")
            theirs.recv()

    process = FORKS.Process(target=hold)
    process.start()
    theirs.close()
    assert ours.poll(30) and ours.recv() == "it is held"

    class Holder:
        pid = process.pid

        @staticmethod
        def let_go():
            if process.is_alive():
                ours.send("let go")
            process.join(30)

    yield Holder
    Holder.let_go()


def test_another_process_is_waited_for_and_then_reported(path, holder):
    clock = MovedClock()
    locks = CredentialLocks(path, wait_seconds=120, clock=clock)
    with pytest.raises(LedgerError, match="this run waited 120 s for it: run again when that one has ended") as caught:
        with locks.held("api", "r1"):
            raise AssertionError("both have it")
    assert caught.value.kind == "busy" and not caught.value.is_service_wide and 120 <= clock.monotonic() < 121
    assert "another run (process %d) is working on r1 and holds the lock '%s.locks'" % (holder.pid, path) in caught.value.message
    with locks.held("api", "r2"), locks.held("other api", "r1"):
        pass  # others are free
    holder.let_go()
    with locks.held("api", "r1"):
        pass


def test_what_a_killed_process_held_is_free(path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    with CredentialLocks(path, wait_seconds=30).held("api", "r1"):
        pass


def test_it_is_given_back_when_the_work_fails(path):
    locks = CredentialLocks(path)
    with pytest.raises(ZeroDivisionError):
        with locks.held("api", "r1"):
            raise ZeroDivisionError
    reported = FORKS.SimpleQueue()

    def take():
        with CredentialLocks(path, wait_seconds=0).held("api", "r1"):
            reported.put(True)

    process = FORKS.Process(target=take)
    process.start()
    process.join(30)
    assert process.exitcode == 0 and reported.get()


def test_the_offsets_are_those_of_every_release(path):
    """Two releases may share a ledger: a credential's lock is the byte at the first 56 bits of its names' SHA-256."""
    locked = []

    def lock(descriptor, operation, length, offset):
        locked.append((operation, length, offset))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fcntl, "lockf", lock)
        with CredentialLocks(path).held("https://service.example/rapid", "1b661ed5-0000-4000-8000-000000000001"):
            pass
    assert locked == [(fcntl.LOCK_EX | fcntl.LOCK_NB, 1, OFFSET), (fcntl.LOCK_UN, 1, OFFSET)]


def test_its_file_is_private_and_no_link(path):
    earlier = os.umask(0)
    try:
        CredentialLocks(path).close()
    finally:
        os.umask(earlier)
    assert stat.S_IMODE(os.stat(path + ".locks").st_mode) == 0o600
    os.chmod(path + ".locks", 0o644)
    with pytest.raises(LedgerError, match="open to other users; chmod 600 it, or remove it"):
        CredentialLocks(path)
    os.unlink(path + ".locks")
    os.symlink("elsewhere", path + ".locks")
    with pytest.raises(LedgerError, match="cannot be opened"):
        CredentialLocks(path)
    assert not os.path.exists(os.path.join(os.path.dirname(path), "elsewhere"))
