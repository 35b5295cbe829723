# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.decisions import plan_replacement

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
