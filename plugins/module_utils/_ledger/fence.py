# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One session at a time works on a credential, and one that was lost without knowing it does no harm.

A lock of PostgreSQL ends with its session, while the process that held it, and what it has sent, may live on. So whoever
gets a lock draws a number, the fence, larger than all before, and puts it into the open intents of the credential. An
intent is written only in the session that holds the lock, with the latest time, by the database's clock, at which its POST
can still arrive. An outcome is written in that session too, or while the intent has the writer's own fence.
docs/concepts.md has the argument, and tests/unit has a model of it that is searched completely.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._files.locks import wait_until
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import ensure_written, write_intent, write_outcome
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError

#: Within this time of its intent a POST must begin.
START_SECONDS = 10
#: How long another run that works on a credential is waited for.
WAIT_SECONDS = 120


class SessionLost(LedgerError):
    """The session that held the credential was lost before an intent was written: nothing was sent, and it can be begun again."""

    kind = "ledger_unusable"


class _Hold:
    """A credential that is held in a session; ``may_have_sent`` says whether a POST was allowed under its fence."""

    def __init__(self, session: int, fence: int) -> None:
        self.session, self.fence, self.may_have_sent = session, fence, False


class FencedHolds:
    """The credentials that the threads of a task hold in the sessions of a PostgresqlStore."""

    def __init__(self, store: typing.Any, wait_seconds: float = WAIT_SECONDS, clock: typing.Any = time) -> None:
        self._store, self._wait_seconds, self._clock = store, wait_seconds, clock
        self._threads = threading.local()
        self._unsent: set[int] = set()  # fences under which no POST was allowed, although an intent may be there

    def close(self) -> None:
        """The locks end with the session, which the store closes."""

    @contextlib.contextmanager
    def held(self, service: str, request_id: str) -> typing.Iterator[None]:
        """Holds the credential whose history begins with a RequestId; raises LedgerError when another session keeps it too long."""
        key = int.from_bytes(hashlib.sha256(("%s\n%s" % (service, request_id)).encode("utf-8")).digest()[:8], "big", signed=True)
        self._threads.hold = None
        try:
            wait_until(lambda: self._is_acquired(key, service, request_id), lambda: self._make_error(request_id, key), self._wait_seconds, self._clock)
            yield
        finally:
            hold, self._threads.hold = self._threads.hold, None
            with contextlib.suppress(LedgerError):
                if hold is not None and hold.session == self._store.session:
                    self._store.rows("SELECT pg_advisory_unlock(?) AS is_given_back", (key,))

    def _find_hold(self) -> _Hold:
        """Returns what this thread holds; where that is nothing, it writes in the session as it is now."""
        return getattr(self._threads, "hold", None) or _Hold(self._store.session, 0)

    def _is_acquired(self, key: int, service: str, request_id: str) -> bool:
        session, row = self._store.statement("SELECT CASE WHEN pg_try_advisory_lock(?) THEN nextval('fences') END AS fence", (key,))
        if row["fence"] is None:
            self._clock.sleep(0.1)
            return False
        self._threads.hold = _Hold(session, row["fence"])
        # A statement that a new session carries out raises no fence above this one; the lock is then asked for again.
        taken_over_in, unused_row = self._store.statement(
            "WITH taken_over AS (UPDATE replacements SET fence = ?, arrives_until = CASE WHEN fence = ANY (?) THEN NULL ELSE arrives_until END"
            " WHERE service = ? AND original_request_id = ? COLLATE NOCASE AND outcome IN ('intended', 'unresolved') AND fence < ? RETURNING 1)"
            " SELECT COUNT(*) AS count FROM taken_over",
            (row["fence"], sorted(self._unsent), service, request_id, row["fence"]))
        return taken_over_in == session

    def intend(self, write: typing.Callable[..., None], intent: dict, call_seconds: float) -> float:
        """Writes an intent, and returns until when, by time.monotonic(), its POST may begin. Raises SessionLost where the credential is not held any more."""
        hold, is_lost, began_at = self._find_hold(), [False], self._clock.monotonic()
        cursors: list[typing.Any] = []

        def write_fenced(connection: typing.Any) -> None:
            is_lost[0] = connection.session != hold.session
            if not is_lost[0]:
                cursors.append(write_intent(connection, intent))
                connection.execute(
                    "UPDATE replacements SET fence = ?, arrives_until = clock_timestamp() + ? * interval '1 second'"
                    " WHERE service = ? AND new_anon_id = ? AND outcome = 'intended' AND original_request_id = ? COLLATE NOCASE",
                    (hold.fence, START_SECONDS + call_seconds, intent["service"], intent["new_anon_id"], intent["original_request_id"]))

        if not hold.may_have_sent:
            self._unsent.add(hold.fence)
        write(write_fenced)
        if is_lost[0]:
            raise SessionLost("the connection to the ledger '%s' was lost while credentials were held; run the same task again" % self._store.name)
        ensure_written(cursors[-1], intent)
        hold.may_have_sent = True
        self._unsent.discard(hold.fence)
        return began_at + START_SECONDS

    def complete(self, write: typing.Callable[..., None], service: str, new_anon_id: str, outcome: str, *details: str | None) -> None:
        """Writes an outcome. Raises LedgerError of the kind taken_over where the session was lost and another one holds the credential."""
        hold, is_taken_over = self._find_hold(), [False]

        def write_fenced(connection: typing.Any) -> None:
            if connection.session != hold.session:
                own = connection.execute(
                    "SELECT fence = ? AS is_own FROM replacements WHERE service = ? AND new_anon_id = ? FOR UPDATE",
                    (hold.fence, service, new_anon_id)).fetchone()
                is_taken_over[0] = not own or not own["is_own"]
            if not is_taken_over[0]:
                write_outcome(connection, service, new_anon_id, outcome, *details)

        write(write_fenced)
        if is_taken_over[0]:
            raise LedgerError(
                "the connection to the ledger '%s' was lost, and another run has taken AnonId %s over; run the same task again, which looks first"
                % (self._store.name, new_anon_id), kind="taken_over")

    def seconds_in_flight(self, service: str, new_anon_id: str) -> float:
        """Returns for how many seconds, by the database's clock, a POST that was intended for the AnonId may still arrive."""
        rows = self._store.rows(
            "SELECT EXTRACT(EPOCH FROM arrives_until - clock_timestamp())::float AS seconds FROM replacements"
            " WHERE service = ? AND new_anon_id = ? AND outcome IN ('intended', 'unresolved')", (service, new_anon_id))
        return max(0.0, rows[0]["seconds"] or 0.0) if rows else 0.0

    def _make_error(self, request_id: str, key: int) -> LedgerError:
        rows = self._store.rows(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND (classid::bigint << 32) | objid::bigint = ?", (key,))
        holder = " (%s)" % rows[0]["application_name"] if rows else ""
        return LedgerError(
            "another run%s is working on %s in the ledger '%s'; this run waited %d s for it: run again when that one has ended"
            % (holder, request_id, self._store.name, self._wait_seconds), kind="busy")
