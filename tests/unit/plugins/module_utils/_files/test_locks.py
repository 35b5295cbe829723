# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A lock is held by one, for a limited time, on a file that nobody else can open."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return str(tmp_path / "the.lock")


def test_a_second_one_waits_for_a_limited_time_and_says_for_whom(path):
    clock = MovedClock()
    with locks.held(path, "changing x", 60):
        with pytest.raises(RapidError) as caught, locks.held(path, "changing x", 60, clock=clock):
            pytest.fail("both have it")
    assert caught.value.message == (
        "another run (process %d) is changing x and holds the lock '%s'; this run waited 60 s for it: run again when that one has ended" % (os.getpid(), path))
    assert caught.value.kind == "busy" and 60 <= clock.monotonic() < 61


def test_it_gets_the_lock_as_soon_as_it_is_given_back(path):
    first = locks.held(path, "changing x", 0)
    first.__enter__()
    is_over = []

    def end_first():
        if not is_over:
            is_over.append(first.__exit__(None, None, None))

    with locks.held(path, "changing x", 60, clock=MovedClock(end_first)):
        assert is_over


@pytest.mark.parametrize("is_kept", [True, False])
def test_its_file_is_private_whatever_the_umask_and_removed_where_that_is_wanted(path, is_kept):
    earlier = os.umask(0)
    try:
        with locks.held(path, "changing x", 0, is_kept=is_kept):
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    finally:
        os.umask(earlier)
    assert os.path.exists(path) is is_kept


def test_a_removed_lock_is_none(path):
    """Whoever has opened the file before it was removed must not hold it beside one who made it anew."""
    count, most, guard = [0], [0], threading.Lock()

    def work():
        for _unused in range(50):
            with locks.held(path, "changing x", 60, is_kept=False):
                with guard:
                    count[0] += 1
                    most[0] = max(most[0], count[0])
                with guard:
                    count[0] -= 1

    threads = [threading.Thread(target=work) for _unused in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert most == [1] and not os.path.exists(path)


def test_check_mode_waits_and_leaves_nothing(path):
    with locks.held(path, "changing x", 0, is_made=False):
        assert not os.path.exists(path)
    with locks.held(path, "changing x", 0):
        with pytest.raises(RapidError, match="is changing x"), locks.held(path, "changing x", 5, is_made=False, clock=MovedClock()):
            pytest.fail("it did not wait")


def test_a_directory_that_the_one_before_removed_is_made_again(tmp_path):
    directory = tmp_path / "made"
    with locks.held(str(directory / "lock"), "changing x", 0, prepare=lambda: directory.mkdir(exist_ok=True)):
        assert (directory / "lock").exists()
    with pytest.raises(FileNotFoundError), locks.held(str(tmp_path / "none" / "lock"), "changing x", 0):
        pytest.fail("it is held")


def _link(path):
    os.symlink("elsewhere", path)


def _open_to_others(path):
    os.close(os.open(path, os.O_CREAT, 0o600))
    os.chmod(path, 0o644)


def _foreign(path):
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.close(os.open(path, os.O_CREAT, 0o600))
    os.chown(path, 65534, -1)


@pytest.mark.parametrize("plant", [_link, _open_to_others, _foreign, os.mkfifo])
def test_a_file_that_others_planted_or_can_open_is_refused(path, plant):
    plant(path)
    with pytest.raises(OSError) as caught, locks.held(path, "changing x", 0):
        pytest.fail("it is held")
    assert caught.value.errno in (errno.ELOOP, errno.EEXIST) and path == caught.value.filename
    assert not os.path.exists(os.path.join(os.path.dirname(path), "elsewhere"))


def test_a_file_system_without_locks_is_no_endless_wait(path, monkeypatch):
    def fail(*unused):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(OSError, match="No locks available"), locks.held(path, "changing x", 60, clock=MovedClock()):
        pytest.fail("it is held")
