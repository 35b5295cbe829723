# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a person found out is checked before it is believed, and closes only what is open."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.resolutions import resolve
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import let_time_pass
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import intent
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth

NEW = "north-01-q1"


class Case:
    """A position whose replacement is open; C(successor) exists at the service under its AnonId."""

    def __init__(self, path, outcome):
        self.path, self.service = path, ModelRapidAuth(are_anon_ids_unique=False)
        self.first = self.service.first_id
        self.other = self.service.add("another-one", "Collected")
        self.credentials = [{"position": "north-01", "request_id": self.first}]
        with LedgerRecord(path, self.service.api_url) as record:
            record.intend(intent(original_request_id=self.first, request_id=self.first, old_anon_id="old", new_anon_id=NEW))
            if outcome != "intended":
                record.complete(NEW, outcome, "known" if outcome == "replaced" else None)
        self.successor = self.service.add(NEW, "Requested")

    def resolve(self, resolutions, is_check_mode=False):
        let_time_pass(self.path)
        opened = LedgerReading if is_check_mode else LedgerRecord
        with opened(self.path, self.service.api_url) as record:
            resolve(self.service, record, resolutions, self.credentials, is_check_mode)
        return self.row()

    def row(self):
        with LedgerReading(self.path, self.service.api_url) as record:
            entry = record.entry(NEW)
            return entry["outcome"], entry["new_request_id"], entry["error"]


@pytest.fixture(name="case", params=["intended", "unresolved"])
def fixture_case(request, ledger_place):
    return Case(ledger_place, request.param)


def test_both_verdicts_are_written_down(case):
    assert case.resolve({"north-01": case.successor}) == ("adopted", case.successor, "resolved by a person")
    assert case.resolve({"north-01": "not_replaced"}) == ("adopted", case.successor, "resolved by a person")  # it is closed


def test_not_replaced_is_written_down(case):
    assert case.resolve({"north-01": "not_replaced"}) == ("not_replaced", None, "resolved by a person")


def test_nothing_is_sent(case):
    case.resolve({"north-01": case.successor})
    assert case.service.sent == []


def test_a_verdict_that_cannot_be_right_is_refused_and_nothing_is_closed(case):
    before = case.row()
    for verdict, error, words in [
            (case.other, InvalidInput, "has AnonId another-one and not %s; check it in the dashboard" % NEW),
            (case.first, InvalidInput, "has AnonId old and not %s" % NEW),
            ("00000000-0000-4000-a000-ffffffffffff", RapidError, "unknown")]:
        with pytest.raises(error, match=words):
            case.resolve({"north-01": verdict})
        assert case.row() == before
    with pytest.raises(InvalidInput, match="north-02, which is not among the credentials"):
        case.resolve({"north-02": "not_replaced"})
    assert case.row() == before


def test_check_mode_verifies_and_writes_nothing(case):
    before = case.row()
    assert case.resolve({"north-01": case.successor}, is_check_mode=True) == before
    with pytest.raises(InvalidInput, match="check it in the dashboard"):
        case.resolve({"north-01": case.other}, is_check_mode=True)


@pytest.mark.parametrize("outcome", ["replaced", "not_replaced", "lapsed"])
def test_what_is_closed_stays_as_it_is(ledger_place, outcome):
    case = Case(ledger_place, outcome)
    before = case.row()
    assert case.resolve({"north-01": "not_replaced"}) == before
    assert case.resolve({}) == before


def test_what_another_run_closes_meanwhile_stays_as_it_is(case):
    with LedgerRecord(case.path, case.service.api_url) as record, LedgerRecord(case.path, case.service.api_url) as another:
        held = record.held

        def held_after_another_run(request_id):
            another.complete(NEW, "replaced", "of the other run")
            return held(request_id)

        record.held = held_after_another_run
        resolve(case.service, record, {"north-01": "not_replaced"}, case.credentials, False)
    assert case.row()[:2] == ("replaced", "of the other run")
