# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One process at a time works on a credential: byte-range locks in a file beside the ledger.

The system gives a lock back when its process dies, so that who holds one knows that an open intent in the ledger is
nobody's any more. POSIX locks belong to a process: its threads must not share credentials, and a process opens the
file once.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import struct
import sys
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._files.locks import describe_wait, open_lock_file, wait_until
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import ensure_written, write_intent, write_outcome
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError


class CredentialLocks:
    """The locks of the ledger at ``ledger_path``; close it when done."""

    def __init__(self, ledger_path: str, wait_seconds: float = 120, clock: typing.Any = time) -> None:
        self._wait_seconds, self._clock = wait_seconds, clock
        self._path = ledger_path + ".locks"
        try:
            self._descriptor = open_lock_file(self._path)
        except OSError as error:
            raise LedgerError("the ledger's lock file '%s' cannot be opened: %s" % (self._path, error.strerror)) from None

    def close(self) -> None:
        os.close(self._descriptor)

    @contextlib.contextmanager
    def held(self, *names: str) -> typing.Iterator[None]:
        """Holds the credential that ``names`` name; raises LedgerError when another process keeps it too long."""
        digest = hashlib.sha256("\n".join(names).encode("utf-8")).digest()
        offset = int.from_bytes(digest[:7], "big")  # stays below 2**62
        wait_until(lambda: self._is_acquired(offset), lambda: self._make_error(names[-1], offset), self._wait_seconds, self._clock)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, offset)

    @staticmethod
    def intend(write: typing.Callable[..., None], intent: dict, unused_call_seconds: float) -> None:
        """Writes an intent; its POST may begin at any time, as nobody else can hold the credential before this process has ended."""
        cursors: list[typing.Any] = []
        write(lambda connection: cursors.append(write_intent(connection, intent)))
        ensure_written(cursors[-1], intent)

    @staticmethod
    def complete(write: typing.Callable[..., None], service: str, new_anon_id: str, outcome: str, *details: str | None) -> None:
        """Writes an outcome."""
        write(write_outcome, service, new_anon_id, outcome, *details)

    @staticmethod
    def seconds_in_flight(unused_service: str, unused_new_anon_id: str) -> float:
        """Returns 0: a process that has ended sends nothing more."""
        return 0

    def _is_acquired(self, offset: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
            return True
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise LedgerError("the ledger's lock file cannot be locked: %s" % error.strerror) from None
            return False

    def _make_error(self, name: str, offset: int) -> LedgerError:
        sentence = describe_wait("working on %s" % name, self._path, self._wait_seconds, self._find_holder(offset))
        return LedgerError(sentence, kind="busy")

    def _find_holder(self, offset: int) -> int | None:
        """Returns the id of the process that holds the byte at ``offset``, where the system says so: Linux on 64 bits."""
        layout = "@hhqqi"  # struct flock
        with contextlib.suppress(OSError, struct.error):
            asked = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0)
            kind, unused_whence, unused_start, unused_length, process = struct.unpack(layout, fcntl.fcntl(self._descriptor, fcntl.F_GETLK, asked))
            return process if sys.platform == "linux" and kind != fcntl.F_UNLCK and process > 0 else None
        return None
