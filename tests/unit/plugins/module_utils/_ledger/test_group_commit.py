# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Group commits: no write returns before it is on disk, one sync covers many, and many processes lose nothing."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.group_commit import DurableWrites
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent

THREADS, EACH = 16, 10
FORKS = multiprocessing.get_context("fork")


@pytest.fixture(name="path")
def fixture_path(ledger_place):
    return ledger_place


def is_on_disk(path, name):
    """Whether another connection, and so another process, sees the row."""
    with Ledger(path, is_read_only=True) as ledger:
        return ledger.entry(API, name) is not None


def test_every_write_that_returns_is_committed_and_one_commit_covers_many(path):
    with LedgerRecord(path, API) as record:
        commits, run = [], record.ledger.run
        record.ledger.run = lambda function: commits.append(run(function))
        barrier = threading.Barrier(THREADS)

        def write(number):
            barrier.wait(30)
            missing = []
            for each in range(EACH):
                name = "%d-%d" % (number, each)
                record.intend(intent(new_anon_id=name))
                missing += [] if is_on_disk(path, name) else [name]
            return missing

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(write, range(THREADS)), []) == []
        # Each thread waits for its own write, so that at the least one commit follows another EACH times.
        assert EACH <= len(commits) < THREADS * EACH, commits


def test_one_transaction_is_one_commit_and_no_sync_is_left_out(tmp_path):
    with LedgerRecord(str(tmp_path / "ledger.sqlite"), API) as record:
        statements = []
        record.ledger.store._connection.set_trace_callback(statements.append)
        for number in range(EACH):
            record.intend(intent(new_anon_id=str(number)))
        record.ledger.store._connection.set_trace_callback(None)
        assert statements.count("COMMIT") == EACH
        assert "ROLLBACK" not in statements and not [each for each in statements if "synchronous" in each]
        assert record.ledger.rows("PRAGMA synchronous") == [{"synchronous": 2}]


#: Writes one row after the other, so that nothing can be grouped.
PROGRAM = """
import sys
sys.path[:0] = %r
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent
with LedgerRecord(sys.argv[1], API) as record:
    for number in range(25):
        record.intend(intent(new_anon_id=str(number)))
"""


def test_every_commit_is_really_synced(tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: the system's own syncs cannot be counted here")
    trace = tmp_path / "trace"
    line = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(trace), sys.executable, "-c", PROGRAM % (sys.path,), str(tmp_path / "ledger.sqlite")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here: %s" % done.stderr.splitlines()[0])
    assert done.returncode == 0, done.stderr
    assert trace.read_text(encoding="utf-8").count("sync(") >= 25


def test_what_keeps_a_write_from_disk_reaches_the_thread_that_waits(path):
    with LedgerRecord(path, API) as record:
        record.intend(intent(new_anon_id="one"))
        with pytest.raises(LedgerError, match="(?i)check constraint"):
            record.complete("one", "perhaps")
        record.complete("one", "replaced", "r1")  # the next one goes through
        assert record.entry("one")["outcome"] == "replaced"


def test_leaving_waits_for_what_was_asked_for(path):
    with Ledger(path) as ledger:
        is_begun = threading.Event()
        may_go_on = threading.Event()

        def slowly(connection):
            is_begun.set()
            assert may_go_on.wait(30)
            connection.execute("INSERT INTO positions VALUES ('north-01', 'aa')")

        with ThreadPoolExecutor(1) as pool, DurableWrites(ledger) as writes:
            asked = pool.submit(writes.write, slowly)
            assert is_begun.wait(30)
            may_go_on.set()
        assert asked.result(30) is None
        assert ledger.position_ids(["north-01"]) == {"north-01": "aa"}


def write_many(path, number, barrier):
    barrier.wait(60)
    with LedgerRecord(path, API) as record:
        for each in range(50):
            name = "%d-%d" % (number, each)
            with record.held(name):
                record.intend(intent(new_anon_id=name))
                assert record.entry(name)["outcome"] == "intended"
                record.complete(name, "replaced", "successor-" + name)


@pytest.mark.slow
def test_twenty_processes_lose_nothing_and_never_find_it_locked(path):
    barrier = FORKS.Barrier(20)
    processes = [FORKS.Process(target=write_many, args=(path, number, barrier)) for number in range(20)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(240)
    assert [each.exitcode for each in processes] == [0] * 20
    with Ledger(path, is_read_only=True) as ledger:
        rows = ledger.rows("SELECT new_anon_id, new_request_id, outcome FROM replacements")
        if isinstance(path, str):
            assert ledger.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert len(rows) == 20 * 50
    assert all(row["outcome"] == "replaced" and row["new_request_id"] == "successor-" + row["new_anon_id"] for row in rows)
