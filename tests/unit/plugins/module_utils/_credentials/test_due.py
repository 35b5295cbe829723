# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.due import judge_rotation
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant

EARLY = "2026-08-01T08:00:00.1234567Z"


def credential(**fields):
    return Credential(dict({"PreventCollection": False, "Status": "Collected", "RequestedDate": EARLY, "CollectedDate": EARLY}, **fields))


CREDENTIALS = st.builds(
    credential,
    PreventCollection=st.sampled_from([True, False, "true", "false", None, "perhaps"]),
    Status=st.sampled_from(["Requested", "Collected", "Expired", "Suspended", None]),
    RequestedDate=st.sampled_from([EARLY, None, "soon"]),
    CollectedDate=st.sampled_from([EARLY, None]),
)
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
