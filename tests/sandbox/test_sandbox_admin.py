# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The admin API, and the log of effects: complete, append-only, without secrets."""

import json
import sqlite3

import pytest
import requests

from rapid_sandbox import refusals, switches


def test_health_and_reset(sandbox, request_id):
    health = sandbox.admin("GET", "/health").json()
    assert health["is_ready"] is True and health["now"].endswith("Z")
    sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "gone-after-reset"})
    sandbox.switch(licences=3)
    sandbox.advance(days=3)
    sandbox.fault("*", "unavailable")
    before = sandbox.audit()
    assert sandbox.admin("POST", "/reset").json()["is_ready"] is True
    after = sandbox.audit()
    assert after[:-1] == before and after[-1]["effect"] == "reset"
    assert sandbox.get("/credentials/gone-after-reset").status_code == 404
    assert sandbox.admin("GET", "/switches").json()["licences"] == 1000
    assert sandbox.admin("GET", "/clock").json()["offset_seconds"] == 0
    for position in sandbox.fleet:
        value = sandbox.get(f"/requests/{position['request_id']}").json()
        assert (value["AnonId"], value["Status"]) == (position["anon_id"], "Collected")


def test_the_log_has_every_effect_once_with_six_facts_and_no_secret(sandbox, request_id):
    before = sandbox.last_seq()
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True})
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True})
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": False})
    new = sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": "logged"}).json()["RequestId"]
    asked = sandbox.call("POST", "/credentials", {"AnonId": "logged-2"}).json()["RequestId"]
    tokens = sandbox.login().json()
    sandbox.query_page("15555555555", tokens["token"])
    sandbox.get(f"/requests/{request_id}")
    log = sandbox.audit(before)
    assert [(entry["effect"], entry["route"], entry["outcome"], entry["request_id"]) for entry in log] == [
        ("patch", "patch_request", "done", request_id), ("patch", "patch_request", "unchanged", request_id),
        ("patch", "patch_request", "done", request_id), ("replace", "replace", "done", new),
        ("request", "request_credential", "done", asked), ("login", "login", "done", None),
        ("query_page_opened", "query_page", "done", None)]
    assert log[3]["previous_request_id"] == request_id and log[3]["anon_id"] == "logged"
    assert all(entry["at"] and entry["source"] == "127.0.0.1" and entry["identity"] for entry in log)
    assert "sandbox-sac-valid" in log[0]["identity"] and log[5]["identity"] == sandbox.account["email"]
    assert [entry["seq"] for entry in log] == sorted({entry["seq"] for entry in log})
    everything = json.dumps(sandbox.audit())
    secrets = [account["password"] for account in sandbox.values["sandbox_accounts"]]
    secrets += [sac["passphrase"] for sac in sandbox.values["sandbox_sacs"].values()]
    for secret in [*secrets, tokens["token"], tokens["refresh_token"], sandbox.values["rapidsos_client_secret"]]:
        assert secret not in everything
    assert len(sandbox.admin("GET", "/audit?limit=2").json()["entries"]) == 2
    assert {entry["effect"] for entry in sandbox.audit(before, "patch")} == {"patch"}


def test_the_log_cannot_be_changed_or_emptied(sandbox, request_id):
    sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True})
    database = sqlite3.connect(sandbox.directory / "sandbox.db")
    for statement in ("DELETE FROM audit", "UPDATE audit SET outcome = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(statement)
    database.close()


def test_many_credentials_at_once_and_bending_one(sandbox):
    added = sandbox.admin("POST", "/credentials", {"count": 1500, "prefix": "bulk-"}).json()["credentials"]
    more = sandbox.admin("POST", "/credentials", {"count": 2, "prefix": "bulk-", "status": "Requested"}).json()["credentials"]
    assert len({item["anon_id"] for item in added + more}) == 1502
    assert sandbox.get(f"/credentials/{added[-1]['anon_id']}").json()["Status"] == "Collected"
    assert sandbox.get(f"/requests/{more[0]['request_id']}").json()["Status"] == "Requested"
    listed = sandbox.admin("GET", "/credentials?limit=5&offset=10").json()
    assert len(listed["credentials"]) == 5 and listed["total"] == 1502 + 12 + 9
    change = {"status": "Expired", "anon_id": "bent", "prevent_collection": True,
              "requested_date": "2016-01-01T12:30:45.9876543Z", "collected_date": None,
              "expires_date": "2017-01-01T00:00:00Z"}
    changed = sandbox.admin("PATCH", f"/credentials/{added[0]['request_id']}", change).json()
    assert {**changed, **change, "expires_date": "2017-01-01T00:00:00.0000000Z"} == changed
    value = sandbox.get("/credentials/bent").json()
    assert value["RequestedDate"] == change["requested_date"] and value["PreventCollection"] is True


@pytest.mark.parametrize("method, path, body, said", [
    ("PATCH", "/switches", {"no_such": 1}, "no switch 'no_such'"),
    ("PATCH", "/switches", {"licences": "many"}, "must be a number"),
    ("PATCH", "/switches", {"licences": True}, "must be a number"),
    ("PATCH", "/switches", {"maintenance": 1}, "true or false"),
    ("PATCH", "/switches", {"token_format": "xml"}, "one of jwt_seconds"),
    ("PATCH", "/switches", {"lockout_attempts": 0}, "must be 1"),
    ("PATCH", "/switches", [], "object"),
    ("PUT", "/clock", {"offset_seconds": "1"}, "number"), ("PUT", "/clock", {}, "either"),
    ("PUT", "/clock", {"advance_seconds": 1e12}, "20 years"),
    ("POST", "/credentials", {"count": 0}, "count"), ("POST", "/credentials", {"count": 1, "prefix": "a b"}, "prefix"),
    ("POST", "/credentials", {"count": 1, "colour": "red"}, "no field 'colour'"),
    ("GET", "/audit?limit=x", None, "whole number"), ("GET", "/audit?since=1", None, "no parameter"),
    ("PATCH", "/credentials/{request_id}", {"status": "Lost"}, "status is one of"),
    ("PATCH", "/credentials/{request_id}", {"expires_date": "tomorrow"}, "not a UTC instant"),
    ("PATCH", "/credentials/{request_id}", {"anon_id": "a b"}, "anon_id")])
def test_bad_admin_calls_are_refused_with_a_sentence(sandbox, request_id, method, path, body, said):
    before = sandbox.admin("GET", "/switches").json()
    answer = sandbox.admin(method, path.format(request_id=request_id), body)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert sandbox.admin("GET", "/switches").json() == before


def test_switches_change_all_or_none_and_are_described(sandbox):
    assert sandbox.admin("PATCH", "/switches", {"licences": 5, "no_such": 1}).status_code == 400
    assert sandbox.admin("GET", "/switches").json()["licences"] == 1000
    described = sandbox.admin("GET", "/switches?describe").json()
    assert set(described) == set(switches.SWITCHES)
    assert all(about["why"] and about["value"] == about["default"] for about in described.values())
    assert {f"number_{kind}" for kind in refusals.KINDS} <= set(described)


def test_statistics_count_and_reset(sandbox, request_id):
    fresh = sandbox.session("valid")
    for _time in range(3):
        sandbox.call("GET", f"/requests/{request_id}", session=fresh)
    counted = sandbox.admin("GET", "/stats").json()
    assert counted["calls"]["get_request"] == {"GET": 3}
    assert counted["tls_handshakes"]["rapidauth"] == counted["connections"]["rapidauth"] == 1
    assert "get_request" not in sandbox.admin("DELETE", "/stats").json()["calls"]


def test_the_admin_api_answers_to_loopback_names_only(sandbox):
    url = sandbox.values["sandbox_admin_url"] + "/reset"
    assert requests.post(url, headers={"Host": "evil.example"}, timeout=10).status_code == 403
    assert requests.post(url, headers={"Origin": "https://evil.example"}, timeout=10).status_code == 403
    assert requests.get(sandbox.values["sandbox_admin_url"] + "/audit", headers={"Host": "evil.example"},
                        timeout=10).status_code == 403
    assert sandbox.admin("GET", "/no-such-thing").status_code == 404
