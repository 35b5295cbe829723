# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The places that a ledger can be at, for tests that hold for each: a SQLite file, and a schema in a PostgreSQL database."""

from __future__ import annotations

import contextlib
import os

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PostgresqlServer, find_reason


@pytest.fixture(name="postgresql", scope="session")
def fixture_postgresql():
    """A server for all tests of this process."""
    reason = find_reason()
    if reason:
        pytest.skip(reason)
    server = PostgresqlServer()
    yield server
    server.close()


@pytest.fixture(name="database", scope="session")
def fixture_database(postgresql):
    return postgresql.new_database()


@pytest.fixture(name="ledger_url")
def fixture_ledger_url(postgresql, database):
    """The LedgerUrl of a database without a ledger."""
    yield postgresql.url(database)
    empty(postgresql.url(database))


@pytest.fixture(name="ledger_place", params=["sqlite", "postgresql"])
def fixture_ledger_place(request, tmp_path):
    """Where there is no ledger yet."""
    return str(tmp_path / "ledger.sqlite") if request.param == "sqlite" else request.getfixturevalue("ledger_url")


def place_options(place):
    """Returns the modules' options for a place."""
    return {"ledger_url": place.url} if isinstance(place, LedgerUrl) else {"ledger_path": place}


def execute(place, sql, values=None):
    """Returns the rows of a statement that an administrator runs on the database of a LedgerUrl."""
    import psycopg  # pylint: disable=import-outside-toplevel

    with psycopg.connect(place.url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        cursor = connection.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def empty(place):
    """Takes the ledger away."""
    if isinstance(place, LedgerUrl):
        execute(place, "SET client_min_messages = error; DROP SCHEMA IF EXISTS eccops_rapid CASCADE; DROP TABLE IF EXISTS public.recipes")
    else:
        for ending in ("", "-wal", "-shm", ".locks"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(place + ending)


def exists(place):
    """Whether there is a ledger."""
    if isinstance(place, LedgerUrl):
        return execute(place, "SELECT to_regclass('eccops_rapid.replacements') IS NOT NULL")[0][0]
    return os.path.exists(place)


def let_time_pass(place):
    """Moves time, as the database sees it, to where nothing that was intended can arrive any more."""
    if isinstance(place, LedgerUrl) and exists(place):
        execute(place, "UPDATE eccops_rapid.replacements SET arrives_until = clock_timestamp()")
