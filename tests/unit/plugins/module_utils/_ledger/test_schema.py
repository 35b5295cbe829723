# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The ledger's file: its safe creation by one process of many, its settings, and its migrations."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent, make_ledger

FORKS = multiprocessing.get_context("fork")


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return tmp_path / "ledger.sqlite"


def pragma(path, name):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA " + name).fetchone()[0]
    finally:
        connection.close()


def test_all_its_files_are_private_and_synced(path):
    earlier = os.umask(0)
    try:
        with LedgerRecord(str(path), API) as record:
            record.intend(intent())
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
            assert record.ledger.rows("PRAGMA synchronous") == [{"synchronous": 2}]
            assert record.ledger.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
            assert record.ledger.is_new is True
    finally:
        os.umask(earlier)
    assert modes == dict.fromkeys(["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite.locks"], 0o600)
    assert (pragma(path, "application_id"), pragma(path, "user_version")) == (schema.APPLICATION_ID, len(schema.MIGRATIONS))
    assert Ledger(str(path)).is_new is False
    assert sorted(each.name for each in path.parent.iterdir() if each.name.startswith(".")) == []


def test_a_copy_that_lost_wal_gets_it_back(path):
    make_ledger(path)
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO '%s'" % path.with_name("copy.sqlite"))
    connection.close()
    copy = path.with_name("copy.sqlite")
    copy.chmod(0o600)
    assert pragma(copy, "journal_mode") == "delete"
    with Ledger(str(copy)) as ledger:
        assert ledger.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        assert ledger.entry(API, "a1")["outcome"] == "intended"


def test_many_processes_may_begin_it_at_once(path):
    barrier = FORKS.Barrier(20)
    news = FORKS.SimpleQueue()

    def begin():
        barrier.wait(30)
        with LedgerRecord(str(path), API) as record:
            news.put(record.ledger.is_new)

    processes = [FORKS.Process(target=begin) for _unused in range(20)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(60)
    assert [each.exitcode for each in processes] == [0] * 20
    assert sorted(news.get() for _unused in processes) == [False] * 19 + [True]
    assert sorted(each.name for each in path.parent.iterdir()) == ["ledger.sqlite", "ledger.sqlite.locks"]


def test_a_newer_release_brings_an_older_ledger_up_to_date(path, monkeypatch):
    make_ledger(path)
    script = "ALTER TABLE replacements ADD COLUMN remark TEXT; CREATE INDEX replacements_by_remark ON replacements (remark)"
    with monkeypatch.context() as newer_release:
        newer_release.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, script))
        for _unused in range(2):
            with Ledger(str(path)) as ledger:
                assert ledger.rows("SELECT outcome, remark FROM replacements") == [{"outcome": "intended", "remark": None}]
        with Ledger(str(path.with_name("new.sqlite"))) as ledger:
            assert ledger.rows("PRAGMA user_version") == [{"user_version": len(schema.MIGRATIONS)}]
            assert ledger.rows("SELECT remark FROM replacements") == []
    with pytest.raises(LedgerError, match="schema version"):
        Ledger(str(path))


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(path, monkeypatch):
    make_ledger(path)
    with monkeypatch.context() as newer_release:
        newer_release.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE replacements ADD COLUMN remark TEXT; no SQL"))
        with pytest.raises(LedgerError, match="syntax error"):
            Ledger(str(path))
    with Ledger(str(path)) as ledger:
        assert "remark" not in ledger.entry(API, "a1")
