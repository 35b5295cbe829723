# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the database: one SQLite file in WAL mode, its schema, and transactions.

The log of effects cannot be changed or emptied: triggers refuse it.
"""

import contextlib
import json
import sqlite3

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE credentials (
    request_id TEXT PRIMARY KEY,
    anon_id TEXT NOT NULL,
    prevent_collection INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL CHECK (status IN ('Requested', 'Collected', 'Expired')),
    requested_date INTEGER NOT NULL,
    collected_date INTEGER,
    expires_date INTEGER NOT NULL,
    lapses_date INTEGER,
    previous_request_id TEXT,
    is_reserved INTEGER NOT NULL DEFAULT 0,
    creation_order INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX credentials_by_anon_id ON credentials (anon_id, creation_order);
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    effect TEXT NOT NULL,
    route TEXT NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request_id TEXT,
    anon_id TEXT,
    previous_request_id TEXT,
    detail TEXT
);
CREATE INDEX audit_by_effect ON audit (effect, seq);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_emptied BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TABLE tokens (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    identity TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    first_used_at INTEGER,
    is_revoked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX tokens_by_identity ON tokens (identity);
CREATE TABLE refused_logins (email TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX refused_logins_by_email ON refused_logins (email, at);
CREATE TABLE lockouts (email TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
"""


class Storage:
    """The open database."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self.connection.row_factory = sqlite3.Row
        self.execute = self.connection.execute
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")
        version = self.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self.connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise ValueError(f"{path} has schema {version}; this sandbox knows {SCHEMA_VERSION}. "
                             "Start with an empty data directory.")

    @contextlib.contextmanager
    def transaction(self):
        """All or nothing; an inner transaction belongs to the outer one."""
        if self.connection.in_transaction:
            yield
            return
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def setting(self, name, default=None):
        row = self.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row["value"])

    def keep_setting(self, name, value):
        self.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def close(self):
        self.connection.close()
