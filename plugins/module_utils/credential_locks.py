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
import time

from ansible_collections.eccops.rapid.plugins.module_utils.ledger_file import LedgerError


class CredentialLocks:
    """The locks of the ledger at C(ledger_path); close it when done."""

    def __init__(self, ledger_path, wait_seconds=120):
        self._wait_seconds = wait_seconds
        path = ledger_path + ".locks"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError("the ledger's lock file '%s' cannot be opened: %s" % (path, error.strerror)) from None

    def close(self):
        os.close(self._descriptor)

    @contextlib.contextmanager
    def held(self, *names):
        """Holds the credential that C(names) name; raises LedgerError when another process keeps it too long."""
        digest = hashlib.sha256("\n".join(names).encode("utf-8")).digest()
        offset = int.from_bytes(digest[:7], "big")  # stays below 2**62
        self._acquire(offset, names[-1])
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, offset)

    def _acquire(self, offset, name):
        give_up_at = time.monotonic() + self._wait_seconds
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise LedgerError("the ledger's lock file cannot be locked: %s" % error.strerror) from None
            if time.monotonic() > give_up_at:
                raise LedgerError(
                    "another run has been working on %s for %d s; run again when it is over" % (name, self._wait_seconds), kind="busy"
                )
            time.sleep(0.02)
