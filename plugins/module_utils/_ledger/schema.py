# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The ledger's file: its schema, its safe creation, and what is refused."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import make_missing, remove, sync_directory
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault, find_intruder
from ansible_collections.eccops.rapid.plugins.module_utils._options import service_name

#: Distinguishes our file from any other SQLite file: "RAPL".
APPLICATION_ID = 0x5241504C

#: What SQLite and the locks have beside a ledger: what lies there under these names decides what the ledger says.
_BESIDE = ("-wal", "-shm", "-journal", ".locks")

#: One for each schema version, the first for version 1. A released one is never changed; a change is appended.
#: service_name is an SQL function: the default name of the service at a URL.
MIGRATIONS = (
    """
    CREATE TABLE replacements (
        id INTEGER PRIMARY KEY,
        api_url TEXT NOT NULL,
        position TEXT NOT NULL,
        rotation_id TEXT NOT NULL,
        original_request_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        new_request_id TEXT,
        old_anon_id TEXT,
        new_anon_id TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('intended', 'replaced', 'adopted', 'not_replaced', 'unresolved', 'lapsed')),
        error TEXT,
        intended_at TEXT NOT NULL,
        finished_at TEXT,
        controller TEXT NOT NULL,
        user TEXT NOT NULL,
        UNIQUE (api_url, new_anon_id)
    );
    CREATE INDEX replacements_by_request ON replacements (api_url, request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_successor ON replacements (api_url, new_request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_original ON replacements (api_url, original_request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_position ON replacements (api_url, position);
    CREATE TABLE positions (
        position TEXT PRIMARY KEY,
        position_id TEXT NOT NULL UNIQUE
    );
    """,
    # A service has a name of its own, since it can have several URLs; when the RequestId was delivered and the credential collected.
    """
    CREATE TABLE replacements_2 (
        id INTEGER PRIMARY KEY,
        service TEXT NOT NULL,
        api_url TEXT NOT NULL,
        position TEXT NOT NULL,
        rotation_id TEXT NOT NULL,
        original_request_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        new_request_id TEXT,
        old_anon_id TEXT,
        new_anon_id TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('intended', 'replaced', 'adopted', 'not_replaced', 'unresolved', 'lapsed')),
        error TEXT,
        intended_at TEXT NOT NULL,
        finished_at TEXT,
        delivered_at TEXT,
        collected_at TEXT,
        controller TEXT NOT NULL,
        user TEXT NOT NULL,
        UNIQUE (service, new_anon_id)
    );
    INSERT INTO replacements_2
        SELECT id, CASE WHEN twin THEN api_url ELSE service_name(api_url) END, api_url, position, rotation_id, original_request_id, request_id,
               new_request_id, old_anon_id, new_anon_id, outcome, error, intended_at, finished_at, NULL, NULL, controller, user
        FROM (SELECT *, EXISTS (SELECT 1 FROM replacements AS earlier WHERE earlier.id < later.id AND earlier.new_anon_id = later.new_anon_id
                                AND service_name(earlier.api_url) = service_name(later.api_url)) AS twin FROM replacements AS later);
    DROP TABLE replacements;
    ALTER TABLE replacements_2 RENAME TO replacements;
    CREATE INDEX replacements_by_request ON replacements (service, request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_successor ON replacements (service, new_request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_original ON replacements (service, original_request_id COLLATE NOCASE);
    CREATE INDEX replacements_by_position ON replacements (service, position);
    """,
)


class LedgerError(RapidError):
    """The ledger cannot be used; nothing was sent to the service because of it."""

    kind = "ledger_unusable"

    @property
    def is_service_wide(self) -> bool:  # type: ignore[override]
        return self.kind not in ("busy", "taken_over", "anon_id_taken")


def create(path: str) -> bool:
    """Creates a complete, empty ledger under its name in one step; returns False where another process was faster."""
    directory = os.path.dirname(path)
    _ensure_closed(path)
    make_missing(directory, [], 0o700)
    _ensure_closed(path)  # what others made meanwhile in a directory such as /tmp is not ours
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".ledger-", suffix=".new")  # 0600
    os.close(descriptor)
    try:
        connection = sqlite3.connect(temporary, isolation_level=None)
        with contextlib.closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA application_id = %d" % APPLICATION_ID)
            connection.execute("BEGIN IMMEDIATE")
            migrate(connection)
            connection.execute("COMMIT")
        try:
            os.link(temporary, path, follow_symlinks=False)
        except FileExistsError:
            return False
        sync_directory(directory)
        return True
    finally:
        for ending in ("", *_BESIDE):
            remove(temporary + ending)


def remains(path: str) -> list[str]:
    """Returns the names of files that only stand beside a ledger. Look before you look for the ledger: it comes first."""
    return [path + ending for ending in reversed(_BESIDE) if os.path.lexists(path + ending)]


def ensure_never_there(path: str, left: list[str]) -> None:
    """Raises LedgerError where the ledger is missing but files of it, ``left``, remain."""
    if left:
        raise LedgerError(
            "the ledger '%s' is gone, but '%s' is still there; restore it from its backup, or remove what is left of it to begin a new one"
            % (path, "' and '".join(left)),
            kind="ledger_missing",
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the schema to the newest version, inside the caller's transaction."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.create_function("service_name", 1, service_name, deterministic=True)
    for script in MIGRATIONS[version:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute("PRAGMA user_version = %d" % len(MIGRATIONS))


def _ensure_closed(path: str) -> None:
    """Raises LedgerError where others could put another ledger, or a journal that SQLite would apply, in this one's place."""
    intruder = find_intruder(os.path.dirname(path), holds_files=True)
    if intruder:
        raise LedgerError(
            "others could replace the ledger '%s': %s; give it a directory that only you and root can write to, or take their rights away" % (path, intruder))


def ensure_private(path: str) -> None:
    """Raises LedgerError unless the ledger's files are regular ones of this user, in a place where nobody else can put any."""
    _ensure_closed(path)
    for ending in ("", *_BESIDE):
        try:
            fault = find_fault(os.lstat(path + ending))
        except FileNotFoundError:
            continue
        if fault:
            raise LedgerError("the ledger's file '%s' %s" % (path + ending, fault))
    if os.path.getsize(path) == 0:
        raise LedgerError("'%s' is an empty file, not a ledger; restore it from its backup" % path)
