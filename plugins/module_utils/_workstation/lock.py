# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One run at a time changes a set of files. Python 3.8 and its standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import stat
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault

LOCK_WAIT_SECONDS = 60
#: Where root's locks are: in memory, and gone after a restart. Those of other accounts are below their home.
LOCKS_OF_ROOT, LOCKS_OF_OTHERS = "/run/eccops.rapid", ".local/state/eccops.rapid/locks"


def find_lock_path(directory: str) -> str:
    """Returns the path of the lock; it depends on the path of the directory only, and not on what is there of it already."""
    return os.path.join(_lock_directory(), hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:32] + ".lock")


@contextlib.contextmanager
def hold_lock(directory: str, is_check_mode: bool = False) -> typing.Iterator[None]:
    """Holds the lock of the set whose first directory this is; check mode waits for it, and makes none."""
    with contextlib.ExitStack() as held:
        if not is_check_mode:
            held.callback(_remove_lock_directory)
        held.enter_context(locks.held(
            find_lock_path(directory), "changing the files of %s" % directory, LOCK_WAIT_SECONDS,
            prepare=None if is_check_mode else _make_lock_directory, is_kept=False, is_made=not is_check_mode))
        yield


def _lock_directory() -> str:
    return LOCKS_OF_ROOT if os.geteuid() == 0 else os.path.join(pwd.getpwuid(os.geteuid()).pw_dir, LOCKS_OF_OTHERS)


def _make_lock_directory() -> None:
    directory = _lock_directory()
    try:
        make_missing(directory, [], 0o700)
        fault = find_fault(os.lstat(directory), stat.S_ISDIR)
    except FileNotFoundError:  # another run has just removed it: the next attempt makes it again
        return
    if fault:
        raise RapidError("the lock directory %s %s; nothing was changed" % (directory, fault), kind="not_written")


def _remove_lock_directory() -> None:
    with contextlib.suppress(OSError):  # other locks are in it
        os.rmdir(_lock_directory())
