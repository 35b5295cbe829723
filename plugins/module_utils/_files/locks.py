# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Locks that nobody else can hold: on a file that only this account can open, for a limited time. Python 3.8, standard library only.

A lock on something that others can read, such as a directory, could be held by any of them for ever. The holder's process
id is in the file as long as it holds the lock; the system gives the lock back when that process ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault


@contextlib.contextmanager
def held(
    path: str,
    work: str,
    wait_seconds: float,
    prepare: typing.Callable[[], object] | None = None,
    is_kept: bool = True,
    is_made: bool = True,
    clock: typing.Any = time,
) -> typing.Iterator[None]:
    """Holds the lock file ``path``, which is made with mode 0600; ``work`` says what its holder does ("writing to x").

    Raises RapidError of the kind busy after ``wait_seconds``, and OSError where it cannot be opened or is not ours alone.
    ``prepare`` is called before each attempt and makes its directory. Without ``is_kept`` the file is removed at the end.
    Without ``is_made`` (check mode) whoever holds it is waited for, and nothing is made or held.
    """
    attempt = _Attempt(path, prepare, is_made)
    try:
        wait_until(attempt.succeeds, lambda: RapidError(describe_wait(work, path, wait_seconds, attempt.holder), kind="busy"), wait_seconds, clock)
        if is_made:
            with contextlib.suppress(OSError):  # a full disk: the lock holds without it
                os.ftruncate(attempt.descriptor, 0)
                os.write(attempt.descriptor, b"%d\n" % os.getpid())
        yield
    finally:
        if attempt.descriptor is not None:
            with contextlib.suppress(OSError):  # a file that stays behind holds nothing
                if is_made and is_kept:
                    os.ftruncate(attempt.descriptor, 0)
                elif is_made:
                    os.unlink(path)
            os.close(attempt.descriptor)


def wait_until(
    is_locked: typing.Callable[[], bool], make_error: typing.Callable[[], Exception], wait_seconds: float, clock: typing.Any = time
) -> None:
    """Returns once ``is_locked()``; raises what ``make_error()`` returns when ``wait_seconds`` are over."""
    give_up_at = clock.monotonic() + wait_seconds
    while not is_locked():
        if clock.monotonic() >= give_up_at:
            raise make_error()
        clock.sleep(0.02)


def describe_wait(work: str, path: str, wait_seconds: float, holder: int | None) -> str:
    """Returns who waits for what, and what to do; ``holder`` is a process id where it is known."""
    process = " (process %d)" % holder if holder else ""
    return "another run%s is %s and holds the lock '%s'; this run waited %d s for it: run again when that one has ended" % (
        process, work, path, wait_seconds)


def open_lock_file(path: str, is_made: bool = True) -> int:
    """Returns a descriptor of the lock file; raises OSError where it cannot be opened or is not this account's alone."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags | (os.O_CREAT if is_made else 0), 0o600)
    fault = find_fault(os.fstat(descriptor))
    if fault:
        os.close(descriptor)
        raise FileExistsError(errno.EEXIST, "the lock file '%s' %s, or remove it" % (path, fault), path)
    return descriptor


class _Attempt:
    """The attempts to lock a file; ``descriptor`` is the one that holds it, ``holder`` the process id of who held it last."""

    def __init__(self, path: str, prepare: typing.Callable[[], object] | None, is_made: bool) -> None:
        self._path, self._prepare, self._is_made = path, prepare, is_made
        self.descriptor: typing.Any = None
        self.holder: typing.Optional[int] = None

    def succeeds(self) -> bool:
        if self._prepare:
            self._prepare()
        try:
            descriptor: typing.Any = open_lock_file(self._path, self._is_made)
        except FileNotFoundError:
            if self._is_made and not self._prepare:
                raise
            return not self._is_made  # else the one before has just removed its directory
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, self._path):  # the one before may have removed it
                self.descriptor, descriptor = descriptor, None
        except BlockingIOError:
            self.holder = _read_holder(descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        return self.descriptor is not None


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _read_holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0).strip()
    return int(text) if text.isdigit() else None
