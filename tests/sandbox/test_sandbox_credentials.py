# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""New requests: licences, reserved test AnonIds, older routes, and what time does to a request."""

import pytest
from sandbox_process import FIELDS, error

from rapid_sandbox import identifiers


def test_a_request_uses_a_licence_and_a_taken_anon_id_is_refused(sandbox):
    sandbox.switch(licences=1)
    value = sandbox.call("POST", "/credentials", {"AnonId": "first"}).json()
    assert list(value) == FIELDS and value["Status"] == "Requested"
    assert sandbox.admin("GET", "/stats").json()["licences_used"] == 1
    error(sandbox.call("POST", "/credentials", {"AnonId": "first"}), 409, 7703)
    error(sandbox.call("POST", "/credentials", {"AnonId": "second"}), 403, 1402)
    error(sandbox.call("POST", "/credentials", {"AnonId": "a b"}), 400, 7702)
    error(sandbox.call("POST", "/credentials", {}), 400, 7702)
    error(sandbox.call("POST", "/credentials"), 400, 7708)


@pytest.mark.parametrize("anon_id, status", [
    *((f"TestCertificateRequestValid{number}", "Requested") for number in range(1, 6)),
    ("TestCertificateRequestExpired", "Expired"), ("TestCertificateRequestCollected", "Collected"),
    ("TestGracePeriodRequest", "Expired"), ("TestExpiredCertificateRequest", "Expired")])
def test_reserved_anon_ids_have_static_request_ids_and_use_no_licence(sandbox, anon_id, status):
    sandbox.switch(licences=0)
    planted = sandbox.get(f"/credentials/{anon_id}").json()
    asked = [sandbox.call("POST", "/credentials", {"AnonId": anon_id}).json() for _time in range(2)]
    assert {value["RequestId"] for value in [planted, *asked]} == {planted["RequestId"]}
    assert {value["Status"] for value in [planted, *asked]} == {status}
    sandbox.advance(minutes=30)
    assert sandbox.get(f"/requests/{planted['RequestId']}").json()["Status"] == status


def test_no_reserved_request_comes_from_the_future(sandbox):
    now = sandbox.admin("GET", "/health").json()["now"]
    for anon_id in identifiers.RESERVED:
        asked = sandbox.call("POST", "/credentials", {"AnonId": anon_id}).json()
        for value in (sandbox.get(f"/credentials/{anon_id}").json(), asked):
            dates = [value["RequestedDate"], *filter(None, [value["CollectedDate"]])]
            assert dates == sorted(dates) and dates[-1][:16] <= sandbox.admin("GET", "/health").json()["now"][:16], (anon_id, dates, now)
        if asked["Status"] == "Collected":
            assert asked["CollectedDate"] < now


def test_the_anon_id_of_the_vendors_ruby_test_gets_an_id(sandbox):
    dotted = "RapidSecurity.Test.User"
    request_id = sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": dotted}).json()["requestId"]
    assert sandbox.get(f"/credentials/{dotted}").json()["RequestId"] == sandbox.get(f"/requests/{request_id}").json()["RequestId"] == request_id
    assert sandbox.call("POST", f"/requests/{request_id}/replace", {}).json()["AnonId"] == dotted
    error(sandbox.call("POST", "/credentials", {"AnonId": "also.dotted"}), 400, 7702)
    error(sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "also.dotted"}), 400, 7702)
    error(sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": dotted + "." * 64}), 400, 7702)
    sandbox.switch(anon_ids_with_dots="all_routes")
    assert sandbox.call("POST", "/credentials", {"AnonId": "also.dotted"}).json()["AnonId"] == "also.dotted"
    assert sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "third.one"}).json()["AnonId"] == "third.one"
    sandbox.switch(anon_ids_with_dots="no_route")
    error(sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": "dotted.again"}), 400, 7702)
    error(sandbox.get(f"/credentials/{dotted}"), 400, 7702)


def test_the_reserved_anon_id_without_licences(sandbox):
    error(sandbox.call("POST", "/credentials", {"AnonId": "TestNoMoreLicenses"}), 403, 1402)
    error(sandbox.get("/credentials/TestNoMoreLicenses"), 404, 1109)


def test_the_older_routes(sandbox):
    first = sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": "older-1"}).json()
    second = sandbox.call("POST", "/1.0/RequestCredentialEx", {"SubjectName": "older-2", "RequestLifetime": 4320}).json()
    assert list(first) == ["requestId"] and list(second) == ["Identifier"]
    assert sandbox.get(f"/requests/{first['requestId']}").json()["AnonId"] == "older-1"
    sandbox.advance(minutes=60)
    assert sandbox.get(f"/requests/{first['requestId']}").json()["Status"] == "Expired"
    assert sandbox.get(f"/requests/{second['Identifier']}").json()["Status"] == "Requested"
    error(sandbox.call("POST", "/1.0/RequestCredentialEx", {"SubjectName": "x", "RequestLifetime": -1}), 400, 7708)
    error(sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": "TestNoMoreLicenses"}), 403, 1402)


def test_an_uncollected_replacement_lapses_and_is_cleaned_up(sandbox, request_id):
    new = sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "lapsing"}).json()["RequestId"]
    before = sandbox.last_seq()
    sandbox.advance(minutes=9.9)
    assert sandbox.get(f"/requests/{new}").json()["Status"] == "Requested"
    sandbox.advance(minutes=0.2)
    lapsed = sandbox.get("/credentials/lapsing").json()
    assert lapsed["Status"] == "Expired" and lapsed["CollectedDate"] is None
    error(sandbox.call("POST", f"/requests/{new}/replace", {"AnonId": "again"}), 409, 7704)
    error(sandbox.call("POST", "/credentials", {"AnonId": "lapsing"}), 409, 7703)
    sandbox.advance(minutes=60)
    error(sandbox.get(f"/requests/{new}"), 404, 1109)
    reported = [(entry["effect"], entry["request_id"]) for entry in sandbox.audit(before) if entry["request_id"] == new]
    assert reported == [("lapse", new), ("replace_refused", new), ("clean-up", new)]
    assert sandbox.call("POST", "/credentials", {"AnonId": "lapsing"}).status_code == 200
    assert sandbox.get(f"/requests/{request_id}").json()["Status"] == "Collected"


def test_lapse_and_clean_up_at_once_when_nobody_looked(sandbox):
    sandbox.switch(uncollected_lifetime_minutes=1, cleanup_after_lapse_minutes=1)
    new = sandbox.call("POST", "/credentials", {"AnonId": "unseen"}).json()["RequestId"]
    sandbox.advance(minutes=3)
    before = sandbox.last_seq()
    error(sandbox.get("/credentials/unseen"), 404, 1109)
    assert [(entry["effect"], entry["request_id"]) for entry in sandbox.audit(before)] == [
        ("lapse", new), ("clean-up", new)]


def test_how_long_a_new_credential_is_valid_by_switch(sandbox):
    sandbox.switch(validity_days=2)
    new = sandbox.call("POST", "/credentials", {"AnonId": "short"}).json()["RequestId"]
    sandbox.admin("PATCH", f"/credentials/{new}", {"status": "Collected", "lapses_date": None})
    sandbox.advance(days=1)
    assert sandbox.get(f"/requests/{new}").json()["Status"] == "Collected"
    sandbox.advance(days=1)
    assert sandbox.get(f"/requests/{new}").json()["Status"] == "Expired"


def test_a_collected_credential_expires_when_it_was_to(sandbox, request_id):
    sandbox.admin("PATCH", f"/credentials/{request_id}", {"expires_date": "2020-01-01T00:00:00Z"})
    assert sandbox.get(f"/requests/{request_id}").json()["Status"] == "Expired"
    error(sandbox.call("POST", f"/requests/{request_id}/replace"), 409, 7704)
    assert [entry["request_id"] for entry in sandbox.audit(effect="expire")][-1] == request_id
    sandbox.switch(is_patch_of_expired_refused=True)
    error(sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True}), 409, 7704)
