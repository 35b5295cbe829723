# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A durable record of each login, each change at RapidAuth and each SAC that is installed: JSON Lines, only ever appended to.

What the CJIS Security Policy asks of a record (AU-2, AU-3): what, when, where, source, outcome, identity; and no secret.
What a ledger records of replacements is recorded there.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pwd
import socket
import time
import typing
import uuid

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing, sync_directory
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault, find_intruder
from ansible_collections.eccops.rapid.plugins.module_utils._text import printable
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, utc_now

#: Who runs this: the login uid is set once, at the login, and stays through sudo and su; a service or a container has none.
_LOGIN_UID_PATH = "/proc/self/loginuid"
_UNSET = 2**32 - 1
_CLAIMS = ("SUDO_USER", "LOGNAME", "USER")
#: More than any record has.
ROOM_BYTES = 65536
LOCK_WAIT_SECONDS = 60


class AuditLogError(RapidError):
    """The audit log cannot be written; nothing was done because of it."""

    kind = "audit_log_unusable"
    is_service_wide = True


class AuditLog:
    """The file at ``path``, on behalf of the module ``source``; with the path None nothing is recorded.

    ``problems`` are sentences about outcomes that could not be recorded: by then there was no way back.
    """

    def __init__(self, path: str | None, source: str, wait_seconds: float = LOCK_WAIT_SECONDS, clock: typing.Any = time) -> None:
        self._path = os.path.abspath(os.path.expanduser(path)) if path else ""
        self._wait_seconds, self._clock = wait_seconds, clock
        self._source = source
        self.problems: list[str] = []

    @contextlib.contextmanager
    def effect(self, event: str, subject: dict) -> typing.Iterator[dict]:
        """Records ``event`` before the block and what came of it after; gives ``subject``, a dict the block may add to.

        Raises AuditLogError before the block where it cannot be recorded. A RapidError of the block with
        ``is_effect_unknown``, and whatever else ends it, leaves the outcome ``unknown``.
        """
        event_id = uuid.uuid4().hex
        self.write(event, "begun", subject, event_id=event_id)
        try:
            yield subject
        except RapidError as error:
            self.complete(event, "unknown" if error.is_effect_unknown else "failed", subject, error.kind, event_id)
            raise
        except BaseException:
            self.complete(event, "unknown", subject, None, event_id)
            raise
        self.complete(event, "succeeded", subject, None, event_id)

    def complete(self, event: str, outcome: str, subject: dict, error_kind: str | None = None, event_id: str | None = None) -> None:
        """Records what can no longer be prevented: where that fails it is a problem and no error."""
        try:
            self.write(event, outcome, subject, error_kind, event_id)
        except AuditLogError as error:
            self.problems.append("%s: %s is not recorded; %s" % (event, outcome, error.message))

    def write(self, event: str, outcome: str, subject: dict, error_kind: str | None = None, event_id: str | None = None) -> None:
        """Returns when the record is on disk; raises AuditLogError."""
        if not self._path:
            return
        record = {"time": format_instant(utc_now()), "event": event, "event_id": event_id or uuid.uuid4().hex, "outcome": outcome,
                  "error_kind": error_kind, "source": "eccops.rapid." + self._source, "subject": subject, **who_and_where()}
        self._in_file(lambda descriptor: _append_whole(descriptor, json.dumps(record, sort_keys=True).encode("ascii") + b"\n"))

    def with_warnings(self, result: dict) -> dict:
        """Returns a module's ``result``, with its ``problems`` as warnings."""
        return dict(result, warnings=self.problems) if self.problems else result

    def ensure_writable(self) -> None:
        """Raises AuditLogError where nothing could be recorded; makes the file if there is none."""
        if self._path:
            self._in_file(_ensure_room)

    def _in_file(self, work: typing.Callable[[int], object]) -> None:
        """Calls ``work(descriptor)`` with the file open, while no other process does. The lock is beside it, since others may read the log."""
        try:
            self._ensure_closed()
            make_missing(os.path.dirname(self._path), [], 0o700)
            self._ensure_closed()
            with locks.held(self._path + ".lock", "writing to the audit log", self._wait_seconds, clock=self._clock), self._opened() as descriptor:
                work(descriptor)
        except RapidError as error:
            raise AuditLogError(error.message, kind=error.kind) from None
        except OSError as error:
            raise AuditLogError(
                "the audit log '%s' cannot be written: %s; nothing is done that could not be recorded: free space, correct its path or its permissions"
                % (self._path, error.strerror or error)
            ) from None

    @contextlib.contextmanager
    def _opened(self) -> typing.Iterator[int]:
        """Gives the file. A collector may have renamed it away, or may a moment later."""
        is_new = not os.path.lexists(self._path)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        if not is_new:
            self._ensure_ours(os.lstat(self._path))
        descriptor = os.open(self._path, flags, 0o600)
        try:
            self._ensure_ours(os.fstat(descriptor))
            if is_new:
                sync_directory(os.path.dirname(self._path))
            yield descriptor
        finally:
            os.close(descriptor)

    def _ensure_ours(self, status: os.stat_result) -> None:
        fault = find_fault(status, closed_to=0o037)
        if fault:
            raise AuditLogError("the audit log '%s' %s" % (self._path, fault))

    def _ensure_closed(self) -> None:
        intruder = find_intruder(os.path.dirname(self._path), holds_files=True)
        if intruder:
            raise AuditLogError(
                "others could replace the audit log '%s': %s; give audit_log_path a directory that only you and root can write to" % (self._path, intruder))


def _append_whole(descriptor: int, line: bytes) -> None:
    """Appends ``line`` whole or not at all, on a line of its own even if a power cut left half of one before."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        written = os.write(descriptor, line)
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _ensure_room(descriptor: int) -> None:
    """Raises OSError where the disk is full. Nothing is written to find out: whoever follows the file would read it."""
    disk = os.fstatvfs(descriptor)
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


#: For those who were given none.
NO_AUDIT_LOG = AuditLog(None, "")


def who_and_where() -> dict:
    """Returns ``controller`` (this host), ``uid`` and its name ``user``, ``login_uid`` and ``login_user`` (or None), ``claimed_user`` (or None).

    Anybody can set the environment: what it says is recorded as a claim only.
    """
    uid, login_uid = os.getuid(), _read_login_uid()
    claims = [os.environ[name] for name in _CLAIMS if os.environ.get(name)]
    return {
        "controller": socket.gethostname(),
        "uid": uid,
        "user": _name(uid),
        "login_uid": login_uid,
        "login_user": None if login_uid is None else _name(login_uid),
        "claimed_user": printable(claims[0]) if claims else None,
    }


def controller_and_user() -> dict:
    """Returns ``controller`` and ``user`` for a record that has one name only: whose login it is, else whose process."""
    known = who_and_where()
    return {"controller": known["controller"], "user": known["login_user"] or known["user"]}


def _read_login_uid() -> int | None:
    try:
        with open(_LOGIN_UID_PATH, encoding="ascii") as file:
            uid = int(file.read())
    except (OSError, ValueError):  # another system has none
        return None
    return None if uid == _UNSET else uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
