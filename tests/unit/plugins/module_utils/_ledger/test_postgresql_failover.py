# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A primary that is lost, its standby, a standby that is waited for, and a controller that stands still: nothing is sent twice."""

from __future__ import annotations

import concurrent.futures
import threading

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql as postgresql_store
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql_session
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.fence import SessionLost
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PostgresqlServer
from ansible_collections.eccops.rapid.tests.unit.support.waiting import wait_until


@pytest.fixture(name="own_server")
def fixture_own_server(postgresql):
    """A server that a test may break; it is made only where there is one for all."""
    server = PostgresqlServer(max_wal_senders=4, wal_level="replica")
    yield server
    server.close()


def wanted(service, anon_id="a1"):
    return ReplacementRequest("north-01", service.first_id, anon_id, "q1")


@pytest.mark.slow
def test_a_rotation_goes_on_after_a_standby_was_promoted(own_server, monkeypatch):
    service = ModelRapidAuth()
    with own_server.standby() as standby:
        parameters = "host=%s,%s&port=%d&target_session_attrs=read-write" % (own_server.directory, standby.directory, own_server.port)
        both = LedgerUrl("postgresql://owner@/postgres?" + parameters)
        with LedgerRecord(both, API) as record:
            record.intend(intent(new_anon_id="a0"))
            wait_until(lambda: standby.execute("SELECT to_regclass('eccops_rapid.replacements')") != [(None,)])
            wait_until(lambda: standby.execute("SELECT 1 FROM eccops_rapid.replacements"))
            # An asynchronous standby: what it does not get any more is lost with the primary.
            standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
            standby.execute("SELECT pg_reload_conf()")
            wait_until(lambda: not standby.execute("SELECT 1 FROM pg_stat_wal_receiver"))
            assert replace_one(service, record, wanted(service)).status == "replaced"

            own_server.stop(is_killed=True)
            with monkeypatch.context() as patch:
                patch.setattr(postgresql_store, "RECONNECT_SECONDS", 0.1)
                for place, words in ((both, "session is read-only"), (standby.url("postgres"), "is read-only: it is a standby")):
                    with pytest.raises(LedgerError, match=words):
                        LedgerRecord(place, API)
                with pytest.raises(LedgerError, match="session is read-only"):
                    replace_one(service, record, wanted(service, "a2"))
            assert len(service.sent) == 1

            threading.Timer(0.5, standby.execute, ["SELECT pg_promote()"]).start()
            outcome = replace_one(service, record, wanted(service))
            assert (outcome.status, len(service.sent), len(service.effects)) == ("adopted", 1, 1)
            assert record.entry("a1")["new_request_id"] == service.truth("a1") and record.entry("a0")
            assert replace_one(service, record, wanted(service, "a2")._replace(request_id=service.truth("a1"))).status == "replaced"


@pytest.mark.slow
def test_a_synchronous_standby_that_is_not_there_is_not_done_without(own_server, monkeypatch):
    """A commit that waits for it looks done to nobody, even where an administrator cancels the wait."""
    url = own_server.url("postgres")
    is_held, is_awaited = threading.Event(), threading.Event()
    with LedgerRecord(url, API) as record, concurrent.futures.ThreadPoolExecutor(1) as thread:
        def intend():
            with record.held("r0"):
                is_held.set()
                is_awaited.wait()
                record.intend(intent())

        intending = thread.submit(intend)
        is_held.wait()
        own_server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        own_server.execute("SELECT pg_reload_conf()")
        wait_until(lambda: own_server.execute("SHOW synchronous_standby_names") == [("nobody",)])
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        is_awaited.set()
        wait_until(lambda: own_server.execute(waiting))
        own_server.execute("SELECT pg_cancel_backend(pid) FROM (%s) AS waiting" % waiting)
        wait_until(lambda: own_server.execute(waiting))  # the next session waits too
        monkeypatch.setattr(postgresql_store, "SILENT_SECONDS", 1)
        with pytest.raises(LedgerError, match="cannot be used: it kept silent for 1 s, as when it waits for a synchronous standby; check"):
            LedgerRecord(url, API)
        own_server.execute("ALTER SYSTEM RESET synchronous_standby_names")
        own_server.execute("SELECT pg_reload_conf()")
        with pytest.raises(SessionLost):
            intending.result(30)


def test_a_controller_that_stands_still_keeps_nobody_waiting(ledger_url, postgresql, monkeypatch):
    if postgresql.version() < 140000:
        pytest.skip("PostgreSQL before 14 ends no idle session")
    with LedgerRecord(ledger_url, API) as other:
        monkeypatch.setattr(postgresql_session, "IDLE_SECONDS", 1)
        with LedgerRecord(ledger_url, API) as record, record.held("r0"):
            with other.held("r0"):
                other.intend(intent())
            with pytest.raises(SessionLost):
                record.intend(intent(new_anon_id="a2"))
