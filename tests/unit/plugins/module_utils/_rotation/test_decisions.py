# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.decisions import judge_rotation, plan_replacement
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import Credential

ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
NEW_ID = "f7500457-5663-4086-a749-d9e2f7a002cc"
EARLY, LATE = "2026-08-01T08:00:00.1234567Z", "2026-11-01T08:00:00.1234567Z"


def credential(**fields):
    documented = {"AnonId": "old", "RequestId": ID, "PreventCollection": False, "Status": "Collected", "RequestedDate": EARLY, "CollectedDate": EARLY}
    return Credential(dict(documented, **fields))


def successor(**fields):
    return credential(**dict({"AnonId": "new", "RequestId": NEW_ID, "RequestedDate": LATE, "Status": "Requested"}, **fields))


@pytest.mark.parametrize(
    "original, found, expected, action, kind",
    [
        (credential(), None, None, "replace", None),
        (credential(), None, "old", "replace", None),
        (credential(Status="Requested"), None, None, "replace", None),
        (credential(Status="Suspended"), None, None, "replace", None),
        (credential(AnonId=None), None, None, "replace", None),
        (credential(AnonId="new"), None, None, "keep", None),
        (credential(AnonId=None), credential(AnonId="new"), None, "keep", None),
        (credential(), successor(), None, "adopt", None),
        (credential(), successor(Status="Collected"), None, "adopt", None),
        (credential(), successor(RequestedDate=EARLY), None, "adopt", None),
        (credential(), successor(RequestedDate=None), None, "adopt", None),
        (credential(Status="Expired"), successor(), None, "adopt", None),
        (credential(PreventCollection=True), successor(), None, "adopt", None),
        (credential(AnonId="new", Status="Expired"), None, None, "refuse", "replacement_expired"),
        (None, successor(), None, "adopt", None),
        (None, successor(Status="Expired"), None, "refuse", "replacement_expired"),
        (None, None, None, "refuse", "unknown"),
        (credential(Status="Expired"), None, None, "refuse", "expired"),
        (credential(PreventCollection=True), None, None, "refuse", "collection_prevented"),
        (credential(PreventCollection="true"), None, None, "refuse", "collection_prevented"),
        (credential(), None, "other", "refuse", "anon_id_unexpected"),
        (credential(AnonId=None), None, "old", "refuse", "anon_id_unexpected"),
        (credential(), successor(RequestedDate="2020-01-01T00:00:00Z"), None, "refuse", "anon_id_taken"),
        (credential(), successor(RequestId=None), None, "refuse", "request_id_unknown"),
        (credential(), successor(Status="Expired"), None, "refuse", "replacement_expired"),
    ],
)
def test_every_decision(original, found, expected, action, kind):
    decision = plan_replacement(original, found, "new", expected)
    assert (decision.action, decision.kind) == (action, kind)
    assert decision.reason


CREDENTIALS = st.builds(
    Credential,
    st.fixed_dictionaries(
        {},
        optional={
            "AnonId": st.sampled_from(["old", "new", "other", None, ""]),
            "RequestId": st.sampled_from([ID, ID.upper(), NEW_ID, None]),
            "PreventCollection": st.sampled_from([True, False, "true", "false", None, "perhaps"]),
            "Status": st.sampled_from(["Requested", "Collected", "Expired", "Suspended", None]),
            "RequestedDate": st.sampled_from([EARLY, LATE, None, "soon"]),
        },
    ),
)


@given(st.none() | CREDENTIALS, st.none() | CREDENTIALS, st.sampled_from([None, "old", "other", "new"]))
def test_a_credential_is_replaced_only_when_it_may_be_and_no_successor_was_found(original, found, expected):
    decision = plan_replacement(original, found, "new", expected)
    if decision.action == "replace":
        assert found is None
        assert original.anon_id != "new"
        assert original.status != "Expired"
        assert not original.is_collection_prevented
        assert expected is None or original.anon_id == expected
    if decision.action == "keep":
        assert original is not None
    if decision.action == "adopt":
        assert found.request_id is not None
    assert (decision.kind is not None) == (decision.action == "refuse")


NOW = parse_instant("2026-11-22T08:00:00Z")


def collected_days_ago(days, **fields):
    return credential(CollectedDate=(NOW - datetime.timedelta(days=days)).isoformat(), **fields)


@pytest.mark.parametrize(
    "judged, days, is_due, words",
    [
        (collected_days_ago(90), 90, True, "90 days old: the threshold is 90"),
        (collected_days_ago(113.5), 90, True, "113 days old"),
        (collected_days_ago(89.999), 90, False, "89 days old: due in 1"),
        (collected_days_ago(80), 90, False, "80 days old: due in 10"),
        (collected_days_ago(0), 0, True, "0 days old"),
        (collected_days_ago(400), None, False, "no age threshold"),
        (collected_days_ago(400, Status="Expired"), 90, False, "Expired"),
        (collected_days_ago(400, PreventCollection=True), 90, False, "prevented"),
        (collected_days_ago(400, Status="Requested"), 90, False, "not collected yet"),
        (credential(CollectedDate=None, RequestedDate=EARLY), 90, True, "112 days old"),
        (credential(CollectedDate="", RequestedDate=None), 90, False, "no date"),
        (collected_days_ago(-3), 90, False, "due in 93"),
    ],
)
def test_a_verdict_says_why(judged, days, is_due, words):
    verdict = judge_rotation(judged, days, NOW)
    assert verdict.should_rotate is is_due
    assert words in verdict.reason


@given(CREDENTIALS, st.none() | st.floats(0, 1e6))
def test_what_cannot_be_replaced_is_never_due(judged, days):
    verdict = judge_rotation(judged, days, NOW)
    if judged.status in ("Expired", "Requested") or judged.is_collection_prevented or days is None:
        assert not verdict.should_rotate
    assert verdict.reason
