# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What one replacement concludes from answers that do not fit together, and what it leaves in the ledger."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import let_time_pass
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import intent
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth

NEW, FURTHER, WRONG = "north-01-q1", "north-01-q1-2", "00000000-0000-4000-a000-ffffffffffff"


class Case:
    """One position at a service in memory, and its ledger."""

    def __init__(self, path, are_anon_ids_unique=True, old_after_replace="unchanged"):
        self.path, self.unique = path, are_anon_ids_unique
        self.service = ModelRapidAuth(are_anon_ids_unique, old_after_replace)

    def run(self, is_check_mode=False, further=None, anon_id=NEW, rotation_id="q1"):
        wanted = ReplacementRequest("north-01", self.service.first_id, anon_id, rotation_id, None, self.unique, further)
        let_time_pass(self.path)
        with (LedgerReading if is_check_mode else LedgerRecord)(self.path, self.service.api_url) as record:
            return replace_one(self.service, record, wanted, is_check_mode)

    def intend(self):
        with LedgerRecord(self.path, self.service.api_url) as record:
            record.intend(intent(original_request_id=self.service.first_id, request_id=self.service.first_id, old_anon_id="old", new_anon_id=NEW))

    def entry(self, anon_id=NEW):
        with LedgerReading(self.path, self.service.api_url) as record:
            return record.entry(anon_id)


@pytest.fixture(name="path")
def fixture_path(ledger_place):
    return ledger_place


def reported(outcome):
    return outcome.status, outcome.kind


def test_another_companys_service_proves_no_lapse(path):
    case = Case(path)
    assert reported(case.run()) == ("replaced", None)
    rows, case.service.rows = case.service.rows, []  # as another company's SAC sees it
    outcome = case.run(further=FURTHER)
    assert reported(outcome) == ("refused", "unknown") and "check which company the SAC belongs to" in outcome.reason
    assert case.entry()["outcome"] == "replaced" and len(case.service.sent) == 1
    case.service.rows = rows
    assert reported(case.run(further=FURTHER)) == ("already_replaced", None)


def test_what_the_service_deleted_had_lapsed_where_what_it_replaced_is_known(path):
    case = Case(path)
    case.run()
    case.service.newest_waiting()["Status"] = "Expired"
    case.service.clean_up()
    assert reported(case.run(is_check_mode=True)) == ("refused", "replacement_expired") and case.entry()["outcome"] == "replaced"
    assert reported(case.run()) == ("refused", "replacement_expired") and case.entry()["outcome"] == "lapsed"
    assert reported(case.run(further=FURTHER)) == ("replaced", None)
    assert [request_id for request_id, unused_anon_id in case.service.sent] == [case.service.first_id] * 2
    assert reported(case.run(further=FURTHER)) == ("already_replaced", None)


def test_a_lapsed_replacement_that_no_ledger_knew_is_remembered(path):
    case = Case(path)
    case.service.replace(case.service.first_id, NEW)
    case.service.newest_waiting()["Status"] = "Expired"
    case.service.looked_up.add(NEW)
    assert reported(case.run(further=FURTHER)) == ("replaced", None) and case.entry()["outcome"] == "lapsed"
    assert reported(case.run(further=FURTHER)) == ("already_replaced", None) and len(case.service.sent) == 2


@pytest.mark.parametrize("are_anon_ids_unique", [True, False])
@pytest.mark.parametrize("old_after_replace", ["unchanged", "expired", "removed"])
def test_an_intent_whose_effect_shows_is_adopted(path, are_anon_ids_unique, old_after_replace):
    case = Case(path, are_anon_ids_unique, old_after_replace)
    case.intend()
    successor = case.service.replace(case.service.first_id, NEW).request_id
    outcome = case.run()
    assert reported(outcome) == ("adopted", None) and outcome.credential.request_id == successor and len(case.service.sent) == 1
    assert (case.entry()["outcome"], case.entry()["new_request_id"], case.entry()["old_anon_id"]) == ("adopted", successor, "old")


def test_a_wrong_request_id_in_the_answer_is_mended_by_the_next_run(path, monkeypatch):
    case = Case(path)
    replace = ModelRapidAuth.replace

    def named_wrongly(self, request_id, anon_id, unused_must_start_by):
        return Credential(dict(replace(self, request_id, anon_id).response, RequestId=WRONG))

    with monkeypatch.context() as once:
        once.setattr(ModelRapidAuth, "replace", named_wrongly)
        case.run()
    assert case.entry()["new_request_id"] == WRONG
    assert case.run(is_check_mode=True).credential.request_id == case.service.truth(NEW) and case.entry()["new_request_id"] == WRONG
    outcome = case.run(further=FURTHER)
    assert reported(outcome) == ("already_replaced", None) and outcome.credential.request_id == case.service.truth(NEW)
    assert case.entry()["new_request_id"] == case.service.truth(NEW) and WRONG in case.entry()["error"] and len(case.service.sent) == 1


def test_a_request_id_that_does_not_lead_to_its_anon_id_is_not_adopted(path, monkeypatch):
    case = Case(path)
    case.intend()
    case.service.replace(case.service.first_id, NEW)
    look = ModelRapidAuth.get_credential
    with monkeypatch.context() as once:
        once.setattr(ModelRapidAuth, "get_credential", lambda self, anon_id: Credential(dict(look(self, anon_id).response, RequestId=WRONG)))
        with pytest.raises(AnswerLost, match="RequestId %s for AnonId %s but could not confirm the pair" % (WRONG, NEW)) as caught:
            case.run()
    assert caught.value.kind == "wrong_request_id" and case.entry()["outcome"] == "intended"
    assert reported(case.run()) == ("adopted", None)


def test_a_refusal_is_looked_behind_where_an_earlier_post_is_open(path):
    case = Case(path)
    case.intend()
    # The look finds nothing; then the earlier request has its effect after all, and ours is refused for it.
    case.service.before_post = lambda request_id, anon_id: case.service.pending.append((request_id, anon_id)) or case.service.land()
    outcome = case.run()
    assert reported(outcome) == ("replaced", None) and outcome.credential.request_id == case.service.truth(NEW)
    assert len(case.service.effects) == 1 and case.entry()["new_request_id"] == case.service.truth(NEW)


def test_an_anon_id_of_another_position_is_refused(path):
    case = Case(path)
    case.run()
    case.service.first_id = case.service.add("another", "Collected")
    outcome = case.run()
    assert reported(outcome) == ("refused", "anon_id_taken") and "was given to position north-01" in outcome.reason and len(case.service.sent) == 1


@pytest.mark.parametrize("fate", ["cut_at_work", "lost_after"])
def test_after_a_cut_it_is_looked_for_until_the_call_must_have_ended(path, fate):
    """One look at once would find nothing, or be lost itself."""
    case = Case(path)
    case.service.write_fates, case.service.look_fates = [fate], ["answered", "answered", "lost", "lost"]
    assert reported(case.run()) == ("replaced", None) and case.entry()["outcome"] == "replaced" and len(case.service.sent) == 1


@pytest.mark.parametrize("fate, kind, row", [("lost_before", "not_replaced", "not_replaced"), ("timed_out_late", "unresolved", "unresolved")])
def test_nothing_is_concluded_before_the_call_must_have_ended(path, fate, kind, row):
    case = Case(path)
    case.service.write_fates = [fate]
    assert case.run().kind == kind and case.entry()["outcome"] == row and case.service.seconds_at_work() == 0


@pytest.mark.parametrize("status", [103, 202, 408, 409, 444, 499, 502, 520, 524, 599, 700])
def test_a_status_that_nobody_knows_leaves_it_open(path, status):
    case = Case(path)
    error = Refusal("HTTP %d" % status, http_status=status)
    if status == 202:  # accepted, to be done at any time
        error = AnswerLost("HTTP 202 without a credential", kind="unusable_answer", http_status=202)

    def refuse(*unused):
        raise error

    case.service.replace = refuse
    assert reported(case.run()) == ("unresolved", "unresolved") and case.entry()["outcome"] == "unresolved"
