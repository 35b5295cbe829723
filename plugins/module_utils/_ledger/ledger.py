# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The durable record of every replacement: what was intended before the POST, and what came of it.

One SQLite file in WAL mode with full sync, 0600, readable with any SQLite client. Rows are never deleted here: a site
that must limit how long it keeps them exports the ledger and begins a new one, not within a year (CJIS AU-11).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import controller_and_user
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, utc_now

#: Outcomes that leave it open whether the credential was replaced.
OPEN = ("intended", "unresolved")
#: Outcomes after which ``new_request_id`` is the current one.
DONE = ("replaced", "adopted")

#: Of one successor: new_request_id, delivered_at and collected_at; an instant is ISO 8601 in UTC, or None where it is not known.
Progress = typing.Tuple[str, typing.Optional[str], typing.Optional[str]]


class Ledger:
    """An open ledger; safe to use from several threads and processes. Close it, or use it in ``with``.

    ``is_new`` says that the file was created by this call.
    """

    def __init__(self, path: str, is_read_only: bool = False) -> None:
        self.path = os.path.abspath(os.path.expanduser(path))
        self.is_new = False
        self._lock = threading.Lock()
        with self._explained():
            left = schema.remains(self.path)
            if not os.path.lexists(self.path):
                schema.ensure_never_there(self.path, left)
                if is_read_only:
                    raise LedgerError("there is no ledger at '%s'; check ledger_path" % self.path, kind="ledger_missing")
                self.is_new = schema.create(self.path)
            schema.ensure_private(self.path)
            self._connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
            try:
                self._configure(is_read_only)
                self._ensure_ours(is_read_only)
            except BaseException:
                self._connection.close()
                raise

    def _configure(self, is_read_only: bool) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA synchronous = FULL")
        if is_read_only:
            self._connection.execute("PRAGMA query_only = ON")

    def _ensure_ours(self, is_read_only: bool) -> None:
        version = self._version()
        if self._connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
            raise LedgerError("'%s' is not a ledger of this collection; give another ledger_path" % self.path)
        if version > len(schema.MIGRATIONS):
            raise LedgerError(
                "the ledger '%s' has schema version %d, and this release knows %d; use the release that wrote it or a newer one"
                % (self.path, version, len(schema.MIGRATIONS))
            )
        damage = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise LedgerError(
                "the ledger '%s' is damaged (%s); restore it from its backup, and remove the -wal and -shm files beside it before"
                % (self.path, " ".join(damage.split()))
            )
        if is_read_only:
            if version < len(schema.MIGRATIONS):
                self._read_as_migrated()
            return
        with self._lock, self._explained():
            self._connection.execute("PRAGMA journal_mode = WAL")  # a copy made by VACUUM INTO has lost it
        with self.transaction() as connection:
            schema.migrate(connection)
            # A page is really written, so that a full or read-only disk shows before anything is sent.
            connection.execute("CREATE TABLE IF NOT EXISTS room AS SELECT 0 AS bytes")
            connection.execute("UPDATE room SET bytes = zeroblob(4096)")

    def _version(self) -> int:
        return self._connection.execute("PRAGMA user_version").fetchone()[0]

    def _read_as_migrated(self) -> None:
        """Goes on with a copy in memory of an older release's ledger: who only reads does not change the file."""
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.backup(copy)
        self._connection.close()
        self._connection = copy
        copy.row_factory = sqlite3.Row
        schema.migrate(copy)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> typing.Iterator[sqlite3.Connection]:
        """Gives the connection inside one durable transaction, which other threads and processes wait for."""
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: str | None) -> list[dict]:
        """Returns the rows of a SELECT as dictionaries."""
        with self._lock, self._explained():
            return [dict(row) for row in self._connection.execute(sql, values)]

    @contextlib.contextmanager
    def _explained(self) -> typing.Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                "the ledger '%s' cannot be used: %s; free space, check its directory's permissions, or restore its backup" % (self.path, error)
            ) from None
        except OSError as error:
            raise LedgerError("the ledger '%s' cannot be used: %s" % (self.path, error.strerror or error)) from None

    # What it knows

    def entry(self, service: str, new_anon_id: str) -> dict | None:
        """Returns the row of a new AnonId at the service of this name, or None."""
        rows = self.rows("SELECT * FROM replacements WHERE service = ? AND new_anon_id = ?", service, new_anon_id)
        return rows[0] if rows else None

    def chain(self, service: str, request_id: str) -> list[dict]:
        """Returns the rows of the history that a RequestId belongs to, oldest first; any RequestId of it will do."""
        rows = self._naming(service, request_id)
        if not rows:
            return []
        return self.rows(
            "SELECT * FROM replacements WHERE service = ? AND original_request_id = ? COLLATE NOCASE ORDER BY id",
            service,
            rows[0]["original_request_id"],
        )

    def services_that_know(self, services: typing.Iterable[str], request_id: str) -> list[str]:
        """Returns those of the services (names) under which the ledger knows a RequestId."""
        return [each for each in services if self._naming(each, request_id)]

    def _naming(self, service: str, request_id: str) -> list[dict]:
        """Returns {original_request_id} of the histories of a service that a RequestId belongs to."""
        return self.rows(
            " UNION ".join(
                "SELECT original_request_id FROM replacements WHERE service = ? AND %s = ? COLLATE NOCASE" % column
                for column in ("request_id", "new_request_id", "original_request_id")
            ),
            *[service, request_id] * 3
        )

    def position_ids(self, positions: typing.Iterable[str]) -> dict[str, str]:
        """Returns {position: opaque id} for those that have one."""
        wanted = set(positions)
        return {row["position"]: row["position_id"] for row in self.rows("SELECT * FROM positions") if row["position"] in wanted}


def current_request_id(chain: list[dict], request_id: str) -> str:
    """Returns the newest RequestId of a ``chain`` (rows, oldest first); ``request_id`` where there is no chain.

    A successor that lapsed is none: what it replaced, at last the first of all, is the current one again.
    """
    for row in reversed(chain):
        if row["outcome"] in DONE and row["new_request_id"]:
            return row["new_request_id"]
    return chain[0]["original_request_id"] if chain else request_id


def keep_position_ids(connection: sqlite3.Connection, proposed: dict[str, str]) -> None:
    """Keeps the opaque ids ``proposed``, a dict, for positions that have none yet."""
    connection.executemany("INSERT OR IGNORE INTO positions VALUES (?, ?)", list(proposed.items()))


def write_intent(connection: sqlite3.Connection, intent: dict) -> None:
    """Writes what is about to be sent; an earlier row of the same AnonId that came to nothing is taken up again as the newest.

    The intent has service, api_url, position, rotation_id, original_request_id, request_id, old_anon_id and new_anon_id.
    """
    row = dict(intent, intended_at=format_instant(utc_now()), **controller_and_user())
    connection.execute(
        "INSERT INTO replacements (service, api_url, position, rotation_id, original_request_id, request_id, old_anon_id, new_anon_id,"
        " outcome, intended_at, controller, user) VALUES (:service, :api_url, :position, :rotation_id, :original_request_id, :request_id,"
        " :old_anon_id, :new_anon_id, 'intended', :intended_at, :controller, :user)"
        " ON CONFLICT (service, new_anon_id) DO UPDATE SET outcome = 'intended', error = NULL, finished_at = NULL,"
        " delivered_at = NULL, collected_at = NULL, api_url = excluded.api_url,"
        " id = (SELECT MAX(id) + 1 FROM replacements), position = excluded.position, rotation_id = excluded.rotation_id,"
        " request_id = excluded.request_id, old_anon_id = COALESCE(excluded.old_anon_id, old_anon_id),"
        " intended_at = excluded.intended_at, controller = excluded.controller, user = excluded.user"
        " WHERE outcome IN ('intended', 'not_replaced', 'unresolved')",
        row,
    )


def write_outcome(
    connection: sqlite3.Connection, service: str, new_anon_id: str, outcome: str, new_request_id: str | None = None, error: str | None = None
) -> None:
    """Completes the row of an intent."""
    connection.execute(
        "UPDATE replacements SET outcome = ?, new_request_id = ?, error = ?, finished_at = ? WHERE service = ? AND new_anon_id = ?",
        (outcome, new_request_id, error, format_instant(utc_now()), service, new_anon_id),
    )


def write_progress(connection: sqlite3.Connection, service: str, progress: typing.Iterable[Progress]) -> None:
    """Notes when successors reached their positions and were collected."""
    connection.executemany(
        "UPDATE replacements SET delivered_at = COALESCE(delivered_at, ?), collected_at = COALESCE(collected_at, ?)"
        " WHERE service = ? AND new_request_id = ? COLLATE NOCASE AND outcome IN ('replaced', 'adopted')",
        [(delivered_at, collected_at, service, new_request_id) for new_request_id, delivered_at, collected_at in progress],
    )
