# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import threading

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._credentials import lookup
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, InvalidInput, RapidError, Refusal, SacRefused
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import guid


class Service:
    """Answers by what C(answer) (id -> fields or error) says; remembers who asked, and how many did so at once."""

    api_url = "https://service.example/rapid"

    def __init__(self, sac, answer):
        self.sac, self._answer = sac, answer
        self.asked, self.threads = [], set()

    def get_request(self, identifier):
        self.asked.append(identifier)
        self.threads.add(threading.get_ident())
        found = self._answer(identifier)
        if isinstance(found, Exception):
            raise found
        return Credential(dict({"RequestId": identifier, "Status": "Collected", "CollectedDate": "2026-08-01T08:00:00Z"}, **found))

    get_credential = get_request


@pytest.fixture
def check(sac, monkeypatch):
    def call(answer=lambda identifier: {}, **params):
        service = Service(sac, answer)
        monkeypatch.setattr(lookup, "rapidauth_client", lambda params: service)
        options = {name: option.get("default") for name, option in lookup.OPERATION.spec["argument_spec"].items()}
        options.update(concurrency=4, rotate_after_days=90, now="2026-11-22T08:00:00Z")
        call.service = service
        return lookup.check_credentials(dict(options, **params), False)

    return call


def test_each_id_is_asked_once_and_answered_in_order(check):
    ids = [guid(number) for number in range(50)]
    result = check(request_ids=ids + ids[:5], anon_ids=["a", "b", "a"])
    assert list(result["credentials"]) == ids + ["a", "b"]
    assert sorted(check.service.asked) == sorted(ids + ["a", "b"])
    assert result["due"] == ids + ["a", "b"]
    assert result["summary"] == {"total": 52, "by_status": {"Collected": 52}, "unknown": 0, "failed": 0, "collection_prevented": 0, "due": 52}
    assert result["changed"] is False
    assert len(check.service.threads) <= 4


def test_one_failure_does_not_hide_the_rest(check):
    bad = {guid(1): Refusal("none such", kind="unknown", http_status=404, number=1109), guid(3): AnswerLost("odd", kind="unusable_answer")}
    result = check(lambda identifier: bad.get(identifier, {"Status": "Requested"}), request_ids=[guid(number) for number in range(5)])
    entries = list(result["credentials"].values())
    assert [entry["is_known"] for entry in entries] == [True, False, True, None, True]
    assert entries[1]["error"] == {"msg": "none such", "error_kind": "unknown", "http_status": 404, "number": 1109}
    assert {frozenset(entry) for entry in entries} == {frozenset(entries[0])}
    assert result["summary"] == {"total": 5, "by_status": {"Requested": 3}, "unknown": 1, "failed": 1, "collection_prevented": 0, "due": 0}


def test_it_stops_where_every_other_look_would_fail_too(check, sac):
    refused = SacRefused("refused the " + sac.describe())
    ids = [guid(number) for number in range(400)]
    with pytest.raises(RapidError, match=r"stopped after \d+ of 400 answers: refused the SAC") as caught:
        check(lambda identifier: refused if identifier == ids[10] else {}, request_ids=ids)
    assert caught.value.kind == "sac_refused"
    known = [entry for entry in caught.value.details["credentials"].values() if entry["is_known"]]
    # Up to seven of the ten before it may still be under way when it is refused.
    assert len(known) >= 3 and caught.value.details["summary"]["total"] == len(known) + 1
    assert len(check.service.asked) < 400


def test_it_stops_when_nothing_but_failures_comes(check):
    with pytest.raises(RapidError) as caught:
        check(lambda identifier: AnswerLost("cut", kind="connection_cut"), request_ids=[guid(number) for number in range(400)])
    assert caught.value.kind == "connection_cut"
    assert len(check.service.asked) <= 8 + 4


def test_unknown_ids_are_answers_and_never_stop_it(check):
    result = check(lambda identifier: Refusal("none", kind="unknown", number=1109), request_ids=[guid(number) for number in range(100)])
    assert result["summary"]["unknown"] == 100


@pytest.mark.parametrize(
    "params, words",
    [
        ({}, "nothing to look up"),
        ({"request_ids": ["x"]}, "RequestId 'x' is malformed"),
        ({"anon_ids": ["a b"]}, "AnonId 'a b' is malformed"),
        ({"anon_ids": ["a"], "concurrency": 0}, "concurrency"),
        ({"anon_ids": ["a"], "concurrency": 65}, "concurrency"),
        ({"anon_ids": ["a"], "rotate_after_days": -1.0}, "rotate_after_days"),
        ({"anon_ids": ["a"], "rotate_after_days": float("nan")}, "rotate_after_days"),
        ({"anon_ids": ["a"], "rotate_after_days": float("inf")}, "rotate_after_days"),
        ({"anon_ids": ["a"], "now": "today"}, "now is 'today'"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_asked(check, params, words):
    with pytest.raises(InvalidInput, match=words):
        check(**params)
    assert check.service.asked == []
