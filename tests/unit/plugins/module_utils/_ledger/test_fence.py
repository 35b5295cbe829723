# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A session that is lost, at each step of a replacement: nothing is sent that another run does not know of, and what was sent is not lost."""

from __future__ import annotations

import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.fence import FencedHolds, SessionLost
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import execute, let_time_pass
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth

NEW = "north-01-q1"


@pytest.fixture(name="record")
def fixture_record(ledger_url):
    with LedgerRecord(ledger_url, API) as record:
        yield record


@pytest.fixture(name="other")
def fixture_other(ledger_url, record):
    """Another run; it is opened after the first."""
    with LedgerRecord(ledger_url, API) as other:
        yield other


def lose(ledger_url, record):
    """Ends the session of a record, which does not know it yet."""
    pid = record.ledger.store._server
    execute(ledger_url, "SELECT pg_terminate_backend(%s)", (pid,))
    while execute(ledger_url, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)):
        time.sleep(0.01)


def test_another_session_is_waited_for_and_then_reported(record, other):
    clock = MovedClock()
    holds = FencedHolds(other.ledger.store, wait_seconds=5, clock=clock)
    with record.held("r0"):
        words = r"another run \(eccops.rapid on .*, process \d+\) is working on r0 in the ledger 'postgresql://.*waited 5 s"
        with pytest.raises(LedgerError, match=words) as caught:
            with holds.held(API, "r0"):
                raise AssertionError("both have it")
        assert caught.value.kind == "busy" and not caught.value.is_service_wide
        with other.held("r1"):
            pass  # others are free
    with other.held("r0"):
        pass


def test_a_lost_session_is_replaced_where_nothing_was_under_way(ledger_url, record):
    record.intend(intent())
    lose(ledger_url, record)
    assert record.entry("a1")["outcome"] == "intended"
    lose(ledger_url, record)
    record.complete("a1", "replaced", "r1")
    assert record.entry("a1")["outcome"] == "replaced" and record.ledger.store.session == 3


def test_who_lost_its_session_writes_no_intent(ledger_url, record, other):
    with record.held("r0"):
        lose(ledger_url, record)
        with other.held("r0"):
            with pytest.raises(SessionLost):
                record.intend(intent())
            assert other.entry("a1") is None
            other.intend(intent())


def test_an_outcome_is_recorded_after_the_session_was_lost_unless_another_run_has_taken_over(ledger_url, record, other):
    with record.held("r0"):
        record.intend(intent())
        lose(ledger_url, record)
        record.complete("a1", "replaced", "r1")
    assert other.entry("a1")["new_request_id"] == "r1"
    with record.held("r0"):
        record.intend(intent(new_anon_id="a2"))
        lose(ledger_url, record)
        with other.held("r0"):
            with pytest.raises(LedgerError, match="another run has taken AnonId a2 over") as caught:
                record.complete("a2", "not_replaced")
            assert caught.value.kind == "taken_over" and not caught.value.is_service_wide
            assert other.entry("a2")["outcome"] == "intended"
            other.complete("a2", "adopted", "r2")
    assert other.entry("a2")["outcome"] == "adopted"


def test_the_time_in_which_a_post_can_arrive_is_the_databases(ledger_url, record, other):
    assert record.seconds_in_flight("a1") == 0
    with record.held("r0"):
        before = time.monotonic()
        assert 9 < record.intend(intent(), call_seconds=60) - before <= 11
    assert 65 < other.seconds_in_flight("a1") <= 70
    let_time_pass(ledger_url)
    assert other.seconds_in_flight("a1") == 0
    other.complete("a1", "replaced", "r1")
    assert other.seconds_in_flight("a1") == 0


def test_synchronous_commit_is_on_whatever_the_database_says(ledger_url, postgresql, database):
    for given, wanted in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")):
        execute(ledger_url, "ALTER DATABASE %s SET synchronous_commit = '%s'" % (database, given))
        with LedgerRecord(ledger_url, API) as record:
            assert record.ledger.rows("SHOW synchronous_commit") == [{"synchronous_commit": wanted}]
    execute(ledger_url, "ALTER DATABASE %s RESET synchronous_commit" % database)


class Losing:
    """Stands before a record, and loses its session before the call of a name, once."""

    def __init__(self, url, record, name):
        self._url, self._record, self._name = url, record, name

    def __getattr__(self, name):
        if name == self._name:
            self._name = None
            lose(self._url, self._record)
        return getattr(self._record, name)


WANTED = ReplacementRequest("north-01", ModelRapidAuth().first_id, NEW, "q1")


@pytest.mark.parametrize("name", ["chain", "held", "entry", "intend", "complete"])
def test_a_session_that_is_lost_at_any_step_costs_nothing(ledger_url, record, name):
    service = ModelRapidAuth()
    outcome = replace_one(service, Losing(ledger_url, record, name), WANTED)
    assert (outcome.status, outcome.kind, len(service.sent)) == ("replaced", None, 1)
    assert record.entry(NEW)["new_request_id"] == service.truth(NEW)


class Waiting(ModelRapidAuth):
    """What is under way arrives, or is given up, while the client sleeps."""

    def __init__(self, url, is_landing):
        super().__init__()
        self.url, self.is_landing, self.slept = url, is_landing, 0

    def sleep(self, seconds):
        self.slept += 1
        if self.slept == 3:
            if self.is_landing:
                self.land()
            else:
                let_time_pass(self.url)


@pytest.mark.parametrize("is_landing, status, row", [(True, "adopted", "adopted"), (False, "replaced", "replaced")])
def test_an_open_intent_of_another_run_is_waited_for(ledger_url, record, other, is_landing, status, row):
    service = Waiting(ledger_url, is_landing)
    with record.held(service.first_id):
        record.intend(intent(original_request_id=service.first_id, request_id=service.first_id, new_anon_id=NEW), call_seconds=60)
        service.pending.append((service.first_id, NEW))  # it was sent, and its run is gone
        lose(ledger_url, record)
        outcome = replace_one(service, other, WANTED)
    assert (outcome.status, service.slept, other.entry(NEW)["outcome"]) == (status, 3, row)
    assert len(service.sent) == (0 if is_landing else 1) and len(service.effects) == 1


def test_an_intent_of_ones_own_that_was_never_sent_is_not_waited_for(ledger_url, record, monkeypatch):
    """The answer to its commit was lost: the row may be there, and this run knows that no POST is."""
    service, store = Waiting(ledger_url, False), record.ledger.store
    run = store.run

    def commit_and_lose(function):
        result = run(function)
        if execute(ledger_url, "SELECT 1 FROM eccops_rapid.replacements WHERE outcome = 'intended'"):
            monkeypatch.setattr(store, "run", run)
            lose(ledger_url, record)
            return run(function)
        return result

    monkeypatch.setattr(store, "run", commit_and_lose)
    outcome = replace_one(service, record, WANTED)
    assert (outcome.status, service.slept, len(service.sent)) == ("replaced", 0, 1) and store.session == 2
