# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A ledger in a PostgreSQL database: one session for the locks, the reading and the writing of a task.

A session that is lost is replaced by a new one, and what was under way is done again. ``session`` counts them: who held a
credential in an earlier one holds it no longer (see fence.py).
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import MissingLibrary
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql_schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.fence import FencedHolds
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql_session import connect, cut, is_given_to_others, set_session
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError

try:
    import psycopg
    from psycopg.rows import dict_row

    PSYCOPG_ERROR = None
except ImportError as error:
    psycopg, PSYCOPG_ERROR = None, str(error)

#: For how long a lost session is replaced before the task gives up: a restart, or the promotion of a standby.
RECONNECT_SECONDS = 60

#: For how long the server may keep silent; a statement ends there earlier. TCP's own limits do not see what stands between and has stopped.
SILENT_SECONDS = 75


class PostgresqlStore:
    """The open database; safe to use from several threads. ``is_new`` says that the schema was created by this call."""

    #: The option of the modules that names it.
    option = "ledger_url"
    #: What keeps others from writing until the transaction ends.
    lock_rows = "LOCK TABLE replacements IN SHARE ROW EXCLUSIVE MODE"

    def __init__(self, place: LedgerUrl, is_read_only: bool = False, clock: typing.Any = time) -> None:
        if psycopg is None:
            raise MissingLibrary("the Python library 'psycopg' (version 3) is needed for a ledger in PostgreSQL: %s" % PSYCOPG_ERROR)
        self.name, self._place, self._is_read_only, self._clock = str(place), place, is_read_only, clock
        self.session, self.is_new = 0, False
        self._lock = threading.Lock()
        self._raw: typing.Any = None
        self._busy_since: float | None = None
        self._is_closed = threading.Event()
        self._is_pooled = self._is_cut = self._is_unreplicated = False
        threading.Thread(target=self._watch, name="ledger watch", daemon=True).start()
        try:
            with self._explained():
                self._connect()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._is_closed.set()
        if self._raw is not None:
            self._raw.close()

    def open_holds(self) -> FencedHolds:
        """Returns what keeps one session at a time at work on a credential."""
        return FencedHolds(self)

    def run(self, function: typing.Callable[[typing.Any], typing.Any]) -> typing.Any:
        """Returns ``function(connection)`` of one durable transaction. It is called again where the session was lost or two deadlocked."""
        return self._repeat(lambda: self._in_transaction(function))

    def rows(self, sql: str, values: typing.Sequence[object]) -> list[dict]:
        """Returns the rows of a SELECT as dictionaries."""
        return self._repeat(lambda: Connection(self._raw, self.session).execute(sql, values).fetchall())

    def statement(self, sql: str, values: typing.Sequence[object]) -> tuple[int, dict]:
        """Returns (session, the one row) of a statement that is a transaction of its own."""
        return self._repeat(lambda: (self.session, Connection(self._raw, self.session).execute(sql, values).fetchone()))

    def _repeat(self, attempt: typing.Callable[[], typing.Any]) -> typing.Any:
        with self._lock, self._explained():
            give_up_at: float | None = None
            while True:
                try:
                    if self._raw.closed:
                        self._connect()
                    self._busy_since = time.monotonic()
                    return attempt()
                except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                    continue
                except (psycopg.OperationalError, _NotPrimary) as failure:
                    if not self._raw.closed and not isinstance(failure, _NotPrimary):
                        raise  # the session lives: the server refuses what it was asked, such as for want of space
                    self._raw.close()
                    now = self._clock.monotonic()
                    give_up_at = give_up_at or now + RECONNECT_SECONDS
                    if now >= give_up_at:
                        raise
                    self._clock.sleep(0.2)
                finally:
                    self._busy_since = None

    def _watch(self) -> None:
        """Cuts a connection that keeps silent for too long, so that who waits for it goes on."""
        while not self._is_closed.wait(min(1, SILENT_SECONDS / 4)):
            since = self._busy_since
            if since is not None and time.monotonic() - since > SILENT_SECONDS:
                self._is_cut = True
                cut(self._raw)

    def _in_transaction(self, function: typing.Callable[[typing.Any], typing.Any]) -> typing.Any:
        connection = Connection(self._raw, self.session)
        try:
            with self._raw.pipeline() if psycopg.Pipeline.is_supported() else contextlib.nullcontext():  # one wait for all of it
                connection.execute("BEGIN")
                if self._is_pooled:
                    self._ensure_same_server()
                result = function(connection)
                connection.execute("COMMIT")
            if self._is_unreplicated:
                self._raw.close()
                raise psycopg.OperationalError("its wait for a synchronous standby was cancelled")
            return result
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise

    def _connect(self) -> None:
        """Opens the next session. Raises psycopg.Error, _NotPrimary, or LedgerError for what no other attempt will change."""
        self._is_cut = self._is_unreplicated = False
        self._raw = connect(self._place, row_factory=dict_row)
        self.session, self._busy_since = self.session + 1, time.monotonic()
        try:
            self._raw.add_notice_handler(self._note)
            connection = Connection(self._raw, self.session)
            set_session(self._raw)
            if not self._is_read_only:
                row = connection.execute("SELECT pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') AS is_read_only").fetchone()
                if row["is_standby"] or row["is_read_only"] == "on":
                    raise _NotPrimary
            self._server = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()["pid"]
            self._is_pooled = self._server != self._raw.info.backend_pid
            if self._is_pooled and is_given_to_others(self._place, self._server):
                raise self._make_pooler_error()
            self.is_new = self._in_transaction(self._prepare) or self.is_new
        except BaseException:
            self._raw.close()
            raise
        finally:
            self._busy_since = None

    def _note(self, notice: typing.Any) -> None:
        """Notes that a commit was reported which its synchronous standby may not have: somebody cancelled the wait for it."""
        self._is_unreplicated = self._is_unreplicated or notice.source_function == "SyncRepWaitForLSN"

    def _prepare(self, connection: Connection) -> bool:
        is_new = postgresql_schema.ensure_ours(connection, self.name, self._is_read_only)
        if self._is_read_only:
            connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        else:
            postgresql_schema.ensure_writable(connection)
        return is_new

    def _ensure_same_server(self) -> None:
        if self._raw.execute("SELECT pg_backend_pid() AS pid").fetchone()["pid"] != self._server:
            raise self._make_pooler_error()

    def _make_pooler_error(self) -> LedgerError:
        return LedgerError(
            "the ledger '%s' is behind a connection pooler in transaction mode, where a lock on a credential would be another client's: "
            "give a port or a database with pool_mode = session, or PostgreSQL's own" % self.name)

    @contextlib.contextmanager
    def _explained(self) -> typing.Iterator[None]:
        try:
            yield
        except _NotPrimary:
            raise LedgerError(
                "the ledger '%s' is read-only: it is a standby, or default_transaction_read_only is on; give the primary's address "
                "(several hosts and target_session_attrs=read-write in ledger_url)" % self.name) from None
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            if self._is_cut:
                reason = "it kept silent for %d s, as when it waits for a synchronous standby" % SILENT_SECONDS
            raise LedgerError("the ledger '%s' cannot be used: %s; check ledger_url, the server and its disk" % (self.name, reason)) from None

    @staticmethod
    def batches(request_ids: typing.Sequence[str]) -> typing.Iterator[tuple[list[str], typing.Callable[[str], str], object]]:
        """Yields (some of the RequestIds, function that returns the condition that a column is one of them, its value): all at once."""
        if request_ids:
            yield list(request_ids), "lower({}) = ANY (?)".format, sorted({each.lower() for each in request_ids})

    @staticmethod
    def is_among(column: str, select: str) -> str:
        """Returns the condition that a RequestId is among those of a SELECT."""
        return "lower(%s) IN (SELECT lower(origin) FROM (%s) AS origins (origin))" % (column, select)


class _NotPrimary(Exception):
    """The session may not write: a standby, or a primary that was."""


class Connection:
    """A session's connection that takes the SQL of rows.py. It is used by one thread at a time."""

    def __init__(self, raw: typing.Any, session: int) -> None:
        self._raw, self.session = raw, session

    def execute(self, sql: str, values: typing.Any = ()) -> typing.Any:
        return self._raw.execute(translate(sql), values)

    def executemany(self, sql: str, all_values: typing.Iterable[typing.Any]) -> None:
        with self._raw.cursor() as cursor:
            cursor.executemany(translate(sql), list(all_values))


@functools.lru_cache(maxsize=None)
def translate(sql: str) -> str:
    """Returns a statement with psycopg's placeholders, and RequestIds compared by lower(), for which there are indexes."""
    sql = re.sub(r"(\w+) = \? COLLATE NOCASE", r"lower(\1) = lower(?)", sql.replace("%", "%%"))
    return re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", sql.replace("?", "%s"))
