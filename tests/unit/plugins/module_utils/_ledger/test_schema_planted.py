# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What other accounts plant beside a ledger changes nothing in it, and where they could plant anything no ledger is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, make_ledger


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return tmp_path / "ledger.sqlite"


def hot_journal_of(path):
    """Returns a journal that takes SQLite back to an empty first table: what a rolled-back transaction would have left beside ``path``."""
    victim = path.with_name("victim.sqlite")
    shutil.copy(path, victim)
    connection = sqlite3.connect(victim, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("DELETE FROM replacements")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE replacements SET outcome = 'lapsed'")
    connection.execute("CREATE TABLE planted (name TEXT)")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("INSERT INTO planted SELECT zeroblob(100000)")  # spills, and so writes the journal's header
    content = victim.with_name("victim.sqlite-journal").read_bytes()
    connection.execute("ROLLBACK")
    connection.close()
    victim.unlink()
    return content


@pytest.mark.parametrize("mode", [0o1777, 0o777])
def test_a_journal_planted_by_others_changes_no_ledger(path, mode):
    """SQLite applies whatever journal it finds, if only its directory lets others put one there."""
    make_ledger(path)
    journal = path.with_name("ledger.sqlite-journal")
    journal.write_bytes(hot_journal_of(path))
    path.parent.chmod(mode)
    before = path.read_bytes()
    for is_read_only in (True, False):
        with pytest.raises(LedgerError, match="everybody can write to"):
            Ledger(str(path), is_read_only=is_read_only)
    assert path.read_bytes() == before and journal.exists()
    path.parent.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(journal, 65534, -1)
    else:
        journal.chmod(0o644)
    with pytest.raises(LedgerError, match="-journal' (belongs to another user|is open to other users)"):
        Ledger(str(path))
    assert path.read_bytes() == before and journal.exists()


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_no_ledger_is_begun_where_others_could_replace_it(path, mode):
    path.parent.chmod(mode)
    with pytest.raises(LedgerError, match="others could replace the ledger"):
        LedgerRecord(str(path), API)
    assert list(path.parent.iterdir()) == []


def test_a_ledger_may_lie_in_an_ordinary_home(path):
    """Debian, Ubuntu and RHEL give each user a group of their own, and umask 002 makes what they make writable by it."""
    path.parent.chmod(0o775)
    earlier = os.umask(0o002)
    try:
        make_ledger(path.parent / "state" / "eccops.rapid" / "ledger.sqlite")
    finally:
        os.umask(earlier)
    assert [stat.S_IMODE((path.parent / each).stat().st_mode) for each in ("state", "state/eccops.rapid")] == [0o700, 0o700]
