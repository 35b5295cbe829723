# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A wave: what is refused before anything is contacted, what stops it, and what it reports."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rotation import rotation, wave_run
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.anon_ids import opaque_position_id
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import exists, let_time_pass, place_options
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth

SIZE = 6
NAMES = ["north-%02d" % number for number in range(1, SIZE + 1)]


class Case:
    """A fleet at a service in memory, rotated one after the other."""

    def __init__(self, path, monkeypatch):
        self.path, self.service = path, ModelRapidAuth(are_anon_ids_unique=True)
        self.ids = {name: self.service.add("old-" + name, "Collected") for name in NAMES}
        self.contacts = []
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(rotation, "rapidauth_client", lambda params: self.contacts.append(params) or self.service)

    def params(self, **changes):
        credentials = [{"position": name, "request_id": request_id, "anon_id": None} for name, request_id in self.ids.items()]
        return {"credentials": credentials, "rotation_id": "q1", "anon_id_template": "{position_id}-{rotation_id}", "replace_lapsed": False,
                "resolutions": {}, **place_options(self.path), "concurrency": 1, "max_failures": 0, "anon_ids_are_unique": True, **changes}

    def rotate(self, is_check_mode=False, show_progress=None, **changes):
        let_time_pass(self.path)
        return rotation.rotate(self.params(**changes), is_check_mode, show_progress)

    def failed(self, **changes):
        with pytest.raises(RapidError) as caught:
            self.rotate(**changes)
        return caught.value


@pytest.fixture(name="case")
def fixture_case(ledger_place, monkeypatch):
    return Case(ledger_place, monkeypatch)


def outcomes(result):
    return [entry["outcome"] for entry in result["positions"].values()]


def test_each_position_is_reported_by_its_name(case):
    result = case.rotate()
    assert (result["changed"], result["failed_positions"], result["stopped_by"], result["ledger_is_new"]) == (True, [], None, True)
    assert result["summary"] == {"replaced": SIZE, "total": SIZE} and list(result["positions"]) == NAMES
    entry = result["positions"]["north-01"]
    successor = case.service.truth(opaque_position_id("north-01") + "-q1")
    assert entry == {
        "outcome": "replaced", "changed": True, "reason": "replaced under AnonId %s" % entry["anon_id"], "error_kind": None,
        "anon_id": opaque_position_id("north-01") + "-q1", "request_id": successor, "previous_request_id": case.ids["north-01"],
        "request_ids": [case.ids["north-01"], successor], "status": "Requested", "old_anon_id": "old-north-01"}
    again = case.rotate()
    assert (again["changed"], again["ledger_is_new"], set(outcomes(again))) == (False, False, {"already_replaced"})
    assert again["positions"]["north-01"]["request_id"] == successor


ID = "00000000-0000-0000-0000-000000000002"


def pair(one, other, ids=(ID, ID)):
    return {"credentials": [{"position": position, "request_id": request_id} for position, request_id in zip((one, other), ids)]}


#: name: (what the task gives, what the sentence says)
MALFORMED = {
    "nothing": ({"credentials": []}, "nothing to rotate"),
    "no rotation": ({"rotation_id": ""}, "1 to 24"),
    "long rotation": ({"rotation_id": "q" * 25}, "1 to 24"),
    "rotation with a slash": ({"rotation_id": "2026/q4"}, "1 to 24 of a-z"),
    "position twice": (pair("a", "a", (ID, ID.replace("2", "3"))), "a is named twice in credentials"),
    "RequestId twice": (pair("a", "b"), "b: it has the same RequestId as a"),
    "RequestId twice in capitals": (pair("a", "b", ("a" + ID[1:], "A" + ID[1:])), "b: it has the same RequestId as a"),
    "malformed RequestId": ({"credentials": [{"position": "a", "request_id": "2"}]}, "a: RequestId '2' is malformed"),
    "no threads": ({"concurrency": 0}, "between 1 and 64"),
    "many threads": ({"concurrency": 65}, "between 1 and 64"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_is_refused_before_any_contact(case, name):
    changes, words = MALFORMED[name]
    error = case.failed(**changes)
    assert isinstance(error, InvalidInput) and words in error.message
    assert case.contacts == [] and not exists(case.path)


@pytest.mark.parametrize("template, words", [
    ("{rotation_id}", "north-01 and north-02 would get the same AnonId q1; change anon_id_template"),
    ("{position_id}-{year}", "cannot be filled in"), ("{position_id", "cannot be filled in"), ("{0}", "cannot be filled in"),
    ("{position.missing}", "cannot be filled in"), ("{position} {rotation_id}", "malformed"),
    ("x" * 64 + "{position}", "at most 64"), ("", "malformed")])
def test_a_template_that_makes_no_good_anon_ids_is_refused_before_anything_is_sent(case, template, words):
    error = case.failed(anon_id_template=template)
    assert isinstance(error, InvalidInput) and words in error.message, error.message
    assert case.service.sent == []


def test_anon_ids_are_the_sites_own_if_it_wants(case):
    case.rotate(anon_id_template="{rotation_id}_{position}")
    assert {anon_id for unused_id, anon_id in case.service.sent} == {"q1_" + name for name in NAMES}
    credentials = [{"position": "north-01", "request_id": case.ids["north-01"], "anon_id": "mine"}]
    assert case.rotate(rotation_id="q2", credentials=credentials)["positions"]["north-01"]["anon_id"] == "mine"


def test_the_further_anon_id_of_one_must_not_be_that_of_another(case):
    credentials = [{"position": name, "request_id": case.ids[name], "anon_id": anon_id} for name, anon_id in (("north-01", "x"), ("north-02", "x-2"))]
    assert "would get the same AnonId x-2" in case.failed(credentials=credentials, replace_lapsed=True).message
    assert case.rotate(credentials=credentials)["summary"]["replaced"] == 2


def test_two_names_of_one_credential_are_refused(case):
    successor = case.rotate()["positions"]["north-01"]["request_id"]
    credentials = [{"position": "north-01", "request_id": case.ids["north-01"]}, {"position": "west-01", "request_id": successor.upper()}]
    sent = len(case.service.sent)
    error = case.failed(credentials=credentials, rotation_id="q2")
    assert "north-01 and west-01 name the same credential" in error.message and len(case.service.sent) == sent


@pytest.mark.parametrize("max_failures, begun", [(0, 1), (1, 2), (3, 4), (SIZE, SIZE)])
def test_no_more_failures_than_allowed(case, max_failures, begun):
    case.service.write_fates = ["refused"] * SIZE
    error = case.failed(max_failures=max_failures)
    result = error.details
    assert error.kind == "wave_incomplete" and (result["changed"], result["failed_positions"]) == (False, NAMES)
    assert outcomes(result) == ["refused"] * begun + ["not_started"] * (SIZE - begun) and len(case.service.sent) == begun
    assert result["stopped_by"] == ("%d failures, and max_failures is %d" % (begun, max_failures) if begun < SIZE else None)
    assert "%d of %d positions are not confirmed as replaced" % (SIZE, SIZE) in error.message
    case.service.write_fates = []
    assert case.rotate()["summary"] == {"replaced": SIZE, "total": SIZE}


@pytest.mark.parametrize("fate", ["not_sent", "throttled", "maintenance"])
def test_what_every_further_call_would_meet_stops_at_once(case, fate):
    case.service.write_fates = ["answered", fate]
    result = case.failed(max_failures=SIZE).details
    assert outcomes(result) == ["replaced", "failed"] + ["not_started"] * (SIZE - 2) and result["stopped_by"]
    assert len(case.service.sent) == 2 and result["changed"] is True
    assert "the wave was stopped before" in result["positions"]["north-06"]["reason"]


@pytest.mark.parametrize("post, look, unique, reported, row", [
    ("lost_after", "answered", True, ("replaced", None), "replaced"),
    ("lost_before", "answered", True, ("failed", "not_replaced"), "not_replaced"),
    ("cut_at_work", "answered", True, ("replaced", None), "replaced"),
    ("cut_at_work", "html_503", True, ("unresolved", "unresolved"), "unresolved"),
    ("lost_before", "html_503", True, ("unresolved", "unresolved"), "unresolved"),
    ("lost_after", "lost", True, ("unresolved", "unresolved"), "unresolved"),
    ("timed_out_late", "answered", True, ("unresolved", "unresolved"), "unresolved"),
    ("html_503", "answered", True, ("unresolved", "unresolved"), "unresolved"),
    ("empty_500_after", "answered", True, ("replaced", None), "replaced"),
    ("refused", "answered", True, ("refused", "refused"), "not_replaced"),
    ("lost_after", "answered", False, ("unresolved", "unresolved"), "unresolved"),
    ("lost_before", "answered", False, ("unresolved", "unresolved"), "unresolved"),
    ("refused", "answered", False, ("refused", "refused"), "not_replaced")])
def test_no_more_is_concluded_from_a_lost_answer_than_is_known(case, post, look, unique, reported, row):
    case.service.are_anon_ids_unique = unique
    case.service.write_fates, case.service.look_fates = [post], ["answered", "answered"] + [look] * 20
    changes = {"credentials": case.params()["credentials"][:1], "anon_ids_are_unique": unique}
    result = case.rotate(**changes) if reported[1] is None else case.failed(**changes).details
    entry = result["positions"]["north-01"]
    assert (entry["outcome"], entry["error_kind"]) == reported and len(case.service.sent) == 1
    with LedgerReading(case.path, case.service.api_url) as record:
        assert record.entry(entry["anon_id"])["outcome"] == row


def test_a_full_disk_after_the_effect_is_reported_with_the_request_id_and_resolved_by_the_next_run(case):
    complete = LedgerRecord.complete

    def full_once(self, anon_id, outcome, *arguments, **named):
        if outcome == "replaced" and anon_id.startswith(opaque_position_id("north-02")):
            raise LedgerError("the disk is full")
        return complete(self, anon_id, outcome, *arguments, **named)

    case.monkeypatch.setattr(LedgerRecord, "complete", full_once)
    result = case.failed(max_failures=SIZE).details
    case.monkeypatch.undo()
    case.monkeypatch.setattr(rotation, "rapidauth_client", lambda params: case.service)
    entry = result["positions"]["north-02"]
    assert (entry["outcome"], entry["changed"], entry["error_kind"]) == ("unresolved", True, "ledger_unusable")
    assert entry["request_id"] == case.service.truth(entry["anon_id"]) and entry["request_id"] in entry["reason"]
    assert outcomes(result)[2:] == ["not_started"] * (SIZE - 2)
    again = case.rotate()
    assert again["positions"]["north-02"]["outcome"] == "adopted" and len(case.service.effects) == SIZE
    with LedgerReading(case.path, case.service.api_url) as record:
        assert record.entry(entry["anon_id"])["new_request_id"] == entry["request_id"]


def test_without_a_written_intent_nothing_is_sent_or_reported_as_changed(case):
    def full(self, *unused):
        raise LedgerError("the disk is full")

    case.monkeypatch.setattr(LedgerRecord, "intend", full)
    result = case.failed(max_failures=SIZE).details
    assert (case.service.sent, result["changed"], outcomes(result)) == ([], False, ["failed"] + ["not_started"] * (SIZE - 1))
    assert result["positions"]["north-01"]["changed"] is False and result["positions"]["north-01"]["error_kind"] == "ledger_unusable"


def test_check_mode_says_what_would_come_out_and_touches_nothing(case):
    result = case.rotate(is_check_mode=True)
    assert (result["summary"], result["changed"]) == ({"replaced": SIZE, "total": SIZE}, True)
    assert result["positions"]["north-01"]["previous_request_id"] == case.ids["north-01"]
    assert case.service.sent == [] and not exists(case.path) and not {"ledger_path", "ledger_url"} & set(result)
    case.rotate()
    assert case.rotate(is_check_mode=True)["changed"] is False


def test_progress_is_shown_while_it_lasts(case, monkeypatch):
    monkeypatch.setattr(wave_run, "PROGRESS_SECONDS", 0.001)
    shown = []

    def wait_until_shown(request_id, anon_id):
        seen = len(shown)
        while len(shown) == seen:
            pass

    case.service.before_post = wait_until_shown
    case.rotate(show_progress=lambda counts, total: shown.append((dict(counts), total)))
    assert shown[0] == ({}, SIZE) and shown[-1][0]["replaced"] == SIZE - 1 and len(shown) >= SIZE


def test_a_service_that_keeps_silent_is_asked_for_one_position_only(case):
    asked = []

    def keep_silent(request_id):
        asked.append(request_id)
        raise AnswerLost("the service gave no whole answer within 30 s; run again later", kind="answer_timed_out")

    case.monkeypatch.setattr(case.service, "get_request", keep_silent)
    result = case.failed(concurrency=4).details
    assert len(asked) == 1 and outcomes(result) == ["failed"] + ["not_started"] * (SIZE - 1)
    assert "gave no whole answer" in result["stopped_by"]
    assert result["refusal"].startswith("Nothing was changed. The look-up at the service stopped: the service gave")


def test_an_unexpected_error_is_one_positions_and_said_in_a_sentence(case):
    get_request, broken = case.service.get_request, case.ids["north-02"]

    def break_once(request_id):
        if request_id == broken:
            raise ZeroDivisionError
        return get_request(request_id)

    case.monkeypatch.setattr(case.service, "get_request", break_once)
    result = case.failed(max_failures=1).details
    assert outcomes(result) == ["replaced", "failed"] + ["replaced"] * (SIZE - 2)
    assert result["positions"]["north-02"]["reason"].startswith("it ended with an unexpected ZeroDivisionError; run the same rotation again")
