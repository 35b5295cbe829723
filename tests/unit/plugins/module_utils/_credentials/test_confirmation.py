# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The verdict on a position: done only where the service and the position agree, and recorded."""

from __future__ import annotations

import types

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._credentials import confirmation
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import write_intent, write_outcome
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._rotation import decisions
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent

NEW = "00000000-0000-4000-8000-0000000000ff"
COLLECTED = {"changed": True, "is_delivered": True, "is_collected": True}
REPLACED = {"outcome": "replaced", "request_id": NEW, "reason": ""}


@pytest.fixture(name="confirm")
def fixture_confirm(tmp_path, monkeypatch):
    path = str(tmp_path / "ledger.sqlite")
    with Ledger(path) as ledger, ledger.store.transaction() as connection:
        write_intent(connection, {"service": API, **intent(new_anon_id="new"), "api_url": API})
        write_outcome(connection, API, "new", "replaced", NEW)
    monkeypatch.setattr(confirmation, "rapidauth_client", lambda params: types.SimpleNamespace(api_url=API))

    def call(seen, answer, entry=None, is_check_mode=False):
        def look_up(params, unused):
            if isinstance(seen, Exception):
                raise seen
            return {"credentials": {each: seen for each in params["request_ids"]}}

        monkeypatch.setattr(confirmation, "check_credentials", look_up)
        collections = {} if answer is None else {"north-01": answer}
        params = {"positions": {"north-01": entry or REPLACED}, "collections": collections, "ledger_path": path, "concurrency": 1}
        result = confirmation.run(params, is_check_mode)
        with Ledger(path, is_read_only=True) as ledger:
            return result, ledger.entry(API, "new")

    return call


def seen(status, **more):
    return {"status": status, "collected_date": "2026-11-22T08:00:00Z" if status == "Collected" else None, "error": None, **more}


def test_done_is_what_both_say_and_it_is_recorded(confirm):
    result, row = confirm(seen("Collected"), COLLECTED)
    assert result["positions"]["north-01"] == {"status": "Collected", "collected_date": "2026-11-22T08:00:00Z", "is_done": True, "message": ""}
    assert row["collected_at"] == "2026-11-22T08:00:00Z" and row["delivered_at"]


@pytest.mark.parametrize("status, answer, reported, has_delivered", [
    ("Collected", {"failed": True, "msg": "/bin/x ended with 1", "is_delivered": True}, "the service says Collected. /bin/x ended with 1. Fix that", True),
    ("Collected", None, "the service says Collected. it was not reached.", False),
    ("Collected", {"unreachable": True, "msg": "gone"}, "it cannot be reached (gone); switch it on", False),
    ("Requested", COLLECTED, "the service says Requested. Run the same rotation again within minutes", True),
    ("Expired", COLLECTED, "the service says Expired. Its replacement lapsed.", True),
    ("Odd", COLLECTED, "the service says Odd. Run the same rotation again: it looks first", True)])
def test_not_done_says_why_and_what_to_do(confirm, status, answer, reported, has_delivered):
    result, row = confirm(seen(status), answer)
    own = result["positions"]["north-01"]
    assert not own["is_done"] and own["message"].startswith("north-01 is not done: ") and reported in own["message"]
    assert (row["collected_at"], bool(row["delivered_at"])) == (None, has_delivered)
    assert result["awaited"] == (["north-01"] if status == "Requested" else []) and result["lapsed"] == (["north-01"] if status == "Expired" else [])


def test_a_position_that_was_not_replaced_has_the_reason(confirm):
    result, unused = confirm(seen("Collected"), None, {"outcome": "refused", "request_id": None, "reason": "it is Expired"})
    assert "the service says nothing about it. it is Expired." in result["positions"]["north-01"]["message"]


@pytest.mark.parametrize("reason", [decisions.LOST_AND_BLIND, decisions.NOT_YET, decisions.NOT_REPLACED, decisions.LOST_NOT_UNIQUE])
def test_to_run_it_again_is_said_once(confirm, reason):
    result, unused = confirm(seen("Collected"), None, {"outcome": "unresolved", "request_id": None, "reason": reason % (("x",) * reason.count("%s"))})
    assert result["positions"]["north-01"]["message"].lower().count("run the same") == 1


def test_a_service_that_cannot_be_asked_is_named(confirm):
    result, row = confirm(RapidError("the service is gone; try later"), COLLECTED)
    assert "the service says the service is gone; try later." in result["positions"]["north-01"]["message"] and row["collected_at"] is None


def test_check_mode_records_nothing(confirm):
    assert confirm(seen("Collected"), COLLECTED, is_check_mode=True)[1]["collected_at"] is None


def test_what_could_not_be_recorded_is_not_done(confirm, monkeypatch):
    def full(*unused):
        raise LedgerError("the ledger cannot be used: disk full")

    monkeypatch.setattr(confirmation.LedgerRecord, "note_progress", full)
    own = confirm(seen("Collected"), COLLECTED)[0]["positions"]["north-01"]
    assert not own["is_done"] and "could not be recorded" in own["message"]
