# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One process at a time works on a credential, and a dead process holds nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils.credential_locks import CredentialLocks
from ansible_collections.eccops.rapid.plugins.module_utils.ledger_file import LedgerError

FORKS = multiprocessing.get_context("fork")


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return str(tmp_path / "ledger.sqlite")


@pytest.fixture(name="holder")
def fixture_holder(path):
    """Another process that holds r1 until C(let_go()) or its end."""
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


def test_another_process_is_waited_for_and_then_told(path, holder):
    locks = CredentialLocks(path, wait_seconds=0.2)
    with pytest.raises(LedgerError, match="another run has been working on r1 .* run again when it is over") as caught:
        with locks.held("api", "r1"):
            raise AssertionError("both have it")
    assert caught.value.kind == "busy" and not caught.value.is_service_wide
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
    told = FORKS.SimpleQueue()

    def take():
        with CredentialLocks(path, wait_seconds=0).held("api", "r1"):
            told.put(True)

    process = FORKS.Process(target=take)
    process.start()
    process.join(30)
    assert process.exitcode == 0 and told.get()


def test_its_file_is_private_and_no_link(path):
    earlier = os.umask(0)
    try:
        CredentialLocks(path).close()
    finally:
        os.umask(earlier)
    assert stat.S_IMODE(os.stat(path + ".locks").st_mode) == 0o600
    os.unlink(path + ".locks")
    os.symlink("elsewhere", path + ".locks")
    with pytest.raises(LedgerError, match="cannot be opened"):
        CredentialLocks(path)
    assert not os.path.exists(os.path.join(os.path.dirname(path), "elsewhere"))
