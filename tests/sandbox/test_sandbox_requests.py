# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The RapidAuth API by RequestId: get, patch, replace, and what each refuses."""

import re
import uuid

import pytest
from sandbox_process import FIELDS, error

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def test_the_documented_object(sandbox, request_id):
    answer = sandbox.get(f"/requests/{request_id.upper()}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    value = answer.json()
    assert list(value) == FIELDS
    assert value["RequestId"] == request_id and value["AnonId"] == sandbox.fleet[0]["anon_id"]
    assert value["PreventCollection"] is False and value["Status"] == "Collected"
    assert DATE.fullmatch(value["RequestedDate"]) and DATE.fullmatch(value["CollectedDate"])
    assert sandbox.get(f"/credentials/{value['AnonId']}").json() == value


def test_unknown_and_malformed_ids(sandbox):
    error(sandbox.get(f"/requests/{uuid.uuid4()}"), 404, 1109)
    error(sandbox.get("/requests/not-a-guid"), 400, 7701)
    error(sandbox.get("/credentials/nobody"), 404, 1109)
    error(sandbox.get("/credentials/" + "x" * 65), 400, 7702)
    error(sandbox.get("/credentials/caf%C3%A9"), 400, 7702)
    error(sandbox.get("/elsewhere"), 404, 7711)


def test_paths_nobody_has_seen_are_not_served(sandbox):
    anon_id = sandbox.fleet[0]["anon_id"]
    error(sandbox.call("PATCH", f"/credentials/{anon_id}", {"PreventCollection": True}), 405, 7712)
    error(sandbox.call("POST", f"/credentials/{anon_id}/replace", {}), 404, 7711)


@pytest.mark.parametrize("given, stored", [(True, True), ("true", True), ("True", True), (False, False), ("false", False)])
def test_patch_takes_booleans_and_their_texts(sandbox, request_id, given, stored):
    answer = sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": given})
    assert answer.status_code == 200 and list(answer.json()) == FIELDS
    assert answer.json()["PreventCollection"] is stored
    assert sandbox.row(request_id)["prevent_collection"] is stored


@pytest.mark.parametrize("body", [
    {}, {"Status": "Expired"}, {"PreventCollection": True, "AnonId": "x"}, {"PreventCollection": "yes"},
    {"PreventCollection": 1}, {"PreventCollection": None}, {"preventCollection": True}])
def test_patch_refuses_every_other_field_and_value(sandbox, request_id, body):
    error(sandbox.call("PATCH", f"/requests/{request_id}", body), 400, 7707)
    assert sandbox.row(request_id)["prevent_collection"] is False


def test_bodies_that_are_no_json_object(sandbox, request_id):
    def patch(data, content_type="application/json"):
        return sandbox.call("PATCH", f"/requests/{request_id}", data=data, headers={"Content-Type": content_type})

    for data in ("{", '{"PreventCollection":true,}', "[]", "\"x\"", b"\xff\xfe", "[" * 100_000, ""):
        error(patch(data), 400, 7708)
    error(patch('{"PreventCollection":true}', "application/xml"), 415, 7710)
    error(patch("x" * 2_000_000), 413, 7715)
    assert patch('{"PreventCollection":true}', "application/x-www-form-urlencoded").status_code == 200
    assert patch('{"PreventCollection":true}', "application/json; charset=utf-8").status_code == 200


def test_replace_with_a_new_anon_id(sandbox, request_id):
    licences = sandbox.admin("GET", "/stats").json()["licences_used"]
    answer = sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "New_anon-1"})
    assert answer.status_code == 200
    value = answer.json()
    assert list(value) == FIELDS and value["AnonId"] == "New_anon-1"
    assert value["RequestId"] != request_id and value["Status"] == "Requested" and value["CollectedDate"] is None
    old, new = sandbox.row(request_id), sandbox.row(value["RequestId"])
    assert new["expires_date"] == old["expires_date"] and new["previous_request_id"] == request_id
    assert old["status"] == "Collected"
    assert sandbox.admin("GET", "/stats").json()["licences_used"] == licences
    assert sandbox.get("/credentials/New_anon-1").json() == value


@pytest.mark.parametrize("body", [None, {}, {"AnonId": None}])
def test_replace_keeps_the_anon_id_by_default(sandbox, request_id, body):
    value = sandbox.call("POST", f"/requests/{request_id}/replace", body).json()
    assert value["AnonId"] == sandbox.fleet[0]["anon_id"] and value["RequestId"] != request_id
    assert sandbox.get(f"/credentials/{value['AnonId']}").json()["RequestId"] == value["RequestId"]


@pytest.mark.parametrize("anon_id", ["", "x" * 65, "a b", "a.b", "\u00e9", 7, True, ["x"], "a\n"])
def test_replace_refuses_malformed_anon_ids(sandbox, request_id, anon_id):
    error(sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": anon_id}), 400, 7702)


def test_replace_refuses_expired_prevented_and_taken(sandbox, request_id):
    path = f"/requests/{request_id}/replace"
    before = sandbox.last_seq()
    error(sandbox.call("POST", path, {"AnonId": sandbox.fleet[1]["anon_id"]}), 409, 7703)
    error(sandbox.call("POST", path, {"AnonId": "TestCertificateRequestValid1"}), 409, 7703)
    error(sandbox.call("POST", path, {"AnonId": "TestNoMoreLicenses"}), 403, 1402)
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True})
    error(sandbox.call("POST", path, {"AnonId": "fresh"}), 409, 7705)
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": False})
    sandbox.admin("PATCH", f"/credentials/{request_id}", {"status": "Expired"})
    error(sandbox.call("POST", path, {"AnonId": "fresh"}), 409, 7704)
    error(sandbox.call("POST", f"/requests/{uuid.uuid4()}/replace"), 404, 1109)
    outcomes = [entry["outcome"] for entry in sandbox.audit(before, "replace_refused")]
    assert outcomes == ["anon_id_taken", "anon_id_taken", "no_licences", "collection_prevented",
                        "credential_expired", "unknown_credential"]
    assert sandbox.audit(before, "replace") == []


def test_anon_ids_may_be_shared_by_switch(sandbox, request_id):
    sandbox.switch(anon_ids_are_unique=False)
    shared = sandbox.fleet[1]["anon_id"]
    value = sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": shared}).json()
    assert value["AnonId"] == shared
    assert sandbox.get(f"/credentials/{shared}").json()["RequestId"] == value["RequestId"]


@pytest.mark.parametrize("fate", ["expired", "removed"])
def test_the_old_request_after_replace_by_switch(sandbox, request_id, fate):
    sandbox.switch(old_request_after_replace=fate)
    sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "fresh"})
    old = sandbox.get(f"/requests/{request_id}")
    assert old.json()["Status"] == "Expired" if fate == "expired" else error(old, 404, 1109)


def test_what_an_uncollected_object_looks_like_by_switch(sandbox):
    request_id = sandbox.call("POST", "/credentials", {"AnonId": "looks"}).json()["RequestId"]
    for choice, expected in (("null", None), ("empty", "")):
        sandbox.switch(collected_date_before_collection=choice)
        assert sandbox.get(f"/requests/{request_id}").json()["CollectedDate"] == expected
    sandbox.switch(collected_date_before_collection="absent", anon_id_route_returns_request_id=False)
    assert list(sandbox.get(f"/requests/{request_id}").json()) == FIELDS[:-1]
    assert "RequestId" not in sandbox.get("/credentials/looks").json()
    sandbox.switch(date_fraction_digits=3)
    assert re.fullmatch(r".*:\d\d\.\d{3}Z", sandbox.get(f"/requests/{request_id}").json()["RequestedDate"])
    sandbox.admin("PATCH", f"/credentials/{request_id}", {"requested_date": "2016-01-01T12:30:45.5000000Z"})
    sandbox.switch(date_fraction_digits=7, are_date_zeros_trimmed=True)
    assert sandbox.get(f"/requests/{request_id}").json()["RequestedDate"] == "2016-01-01T12:30:45.5Z"


def test_writes_refused_maintenance_and_error_statuses_by_switch(sandbox, request_id):
    before = sandbox.row(request_id)
    sandbox.switch(writes_refused=True)
    for method, path, body in (
            ("PATCH", f"/requests/{request_id}", {"PreventCollection": True}),
            ("POST", f"/requests/{request_id}/replace", {"AnonId": "x"}),
            ("POST", "/credentials", {"AnonId": "x"}), ("POST", "/1.0/RequestCredential", {"SubjectName": "x"})):
        error(sandbox.call(method, path, body), 403, 7713)
    assert sandbox.get(f"/requests/{request_id}").status_code == 200
    assert sandbox.admin("GET", "/stats").json()["refused_writes"] == 4
    assert sandbox.row(request_id) == before
    sandbox.switch(writes_refused=False, maintenance=True)
    error(sandbox.get(f"/requests/{request_id}"), 503, 13)
    sandbox.switch(maintenance=False, status_unknown_credential=410, number_anon_id_malformed=4711)
    error(sandbox.get(f"/requests/{uuid.uuid4()}"), 410, 1109)
    error(sandbox.get("/credentials/a.b"), 400, 4711)
    sandbox.switch(errors_as_200=True)
    error(sandbox.get(f"/requests/{uuid.uuid4()}"), 200, 1109)
