# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A ledger in one SQLite file: WAL mode, full sync, 0600, readable with any SQLite client."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.locks import CredentialLocks
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError


class SqliteStore:
    """The open file; safe to use from several threads and processes. ``is_new`` says that it was created by this call."""

    #: The option of the modules that names it.
    option = "ledger_path"
    #: What keeps others from writing meanwhile; a transaction here does that by itself.
    lock_rows = None

    def __init__(self, path: str, is_read_only: bool = False) -> None:
        self.name = os.path.abspath(os.path.expanduser(path))
        self.is_new = False
        self._lock = threading.Lock()
        with self._explained():
            left = schema.remains(self.name)
            if not os.path.lexists(self.name):
                schema.ensure_never_there(self.name, left)
                if is_read_only:
                    raise LedgerError("there is no ledger at '%s'; check ledger_path" % self.name, kind="ledger_missing")
                self.is_new = schema.create(self.name)
            schema.ensure_private(self.name)
            self._connection = sqlite3.connect(self.name, timeout=60, isolation_level=None, check_same_thread=False)
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
            raise LedgerError("'%s' is not a ledger of this collection; give another ledger_path" % self.name)
        if version > len(schema.MIGRATIONS):
            raise LedgerError(
                "the ledger '%s' has schema version %d, and this release knows %d; use the release that wrote it or a newer one"
                % (self.name, version, len(schema.MIGRATIONS))
            )
        damage = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise LedgerError(
                "the ledger '%s' is damaged (%s); restore it from its backup, and remove the -wal and -shm files beside it before"
                % (self.name, " ".join(damage.split()))
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

    def open_holds(self) -> CredentialLocks:
        """Returns what keeps one process at a time at work on a credential."""
        return CredentialLocks(self.name)

    def run(self, function: typing.Callable[[typing.Any], typing.Any]) -> typing.Any:
        """Returns ``function(connection)`` of one durable transaction, which other threads and processes wait for."""
        with self.transaction() as connection:
            return function(connection)

    def rows(self, sql: str, values: typing.Sequence[object]) -> list[dict]:
        """Returns the rows of a SELECT as dictionaries."""
        with self._lock, self._explained():
            return [dict(row) for row in self._connection.execute(sql, values)]

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

    @contextlib.contextmanager
    def _explained(self) -> typing.Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                "the ledger '%s' cannot be used: %s; free space, check its directory's permissions, or restore its backup" % (self.name, error)
            ) from None
        except OSError as error:
            raise LedgerError("the ledger '%s' cannot be used: %s" % (self.name, error.strerror or error)) from None

    # Where its SQL differs

    @staticmethod
    def batches(request_ids: typing.Sequence[str]) -> typing.Iterator[tuple[list[str], typing.Callable[[str], str], object]]:
        """Yields (some of the RequestIds, function that returns the condition that a column is one of them, its value): one at a time."""
        for each in request_ids:
            yield [each], "{} = ? COLLATE NOCASE".format, each

    @staticmethod
    def is_among(column: str, select: str) -> str:
        """Returns the condition that a RequestId is among those of a SELECT."""
        return "%s COLLATE NOCASE IN (%s)" % (column, select)
