# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every kind of fault: what the client sees, and whether the effect happened."""

import concurrent.futures
import time

import pytest
import requests
from sandbox_process import FIELDS

from rapid_sandbox import faults


def replace(sandbox, request_id, anon_id="faulty"):
    return sandbox.call("POST", f"/requests/{request_id}/replace", {"AnonId": anon_id})


def is_replaced(sandbox, anon_id="faulty"):
    """The truth: what the log says."""
    return [entry["anon_id"] for entry in sandbox.audit(sandbox.start, "replace")] == [anon_id]


@pytest.fixture(autouse=True)
def fixture_start(sandbox):
    sandbox.start = sandbox.last_seq()


@pytest.mark.parametrize("kind, is_done", [("disconnect_before_effect", False), ("disconnect_after_effect", True)])
def test_disconnects(sandbox, request_id, kind, is_done):
    sandbox.fault("replace", kind)
    with pytest.raises(requests.exceptions.ConnectionError):
        replace(sandbox, request_id)
    assert is_replaced(sandbox) is is_done
    assert sandbox.get("/credentials/faulty").status_code == (200 if is_done else 404)


@pytest.mark.parametrize("kind, status, is_done", [
    ("too_many_requests", 429, False), ("bad_gateway", 502, False), ("unavailable", 503, False),
    ("gateway_timeout", 504, False), ("error_after_effect_empty_500", 500, True), ("maintenance", 503, False)])
def test_error_statuses(sandbox, request_id, kind, status, is_done):
    sandbox.fault("replace", kind, **({"seconds": 7} if kind in ("too_many_requests", "unavailable") else {}))
    answer = replace(sandbox, request_id)
    assert answer.status_code == status and is_replaced(sandbox) is is_done
    assert answer.headers.get("Retry-After") == ("7" if kind in ("too_many_requests", "unavailable") else None)
    if kind == "error_after_effect_empty_500":
        assert answer.content == b""
    elif kind == "maintenance":
        assert answer.json()["Number"] == 13
    elif kind != "too_many_requests":
        assert "<html>" in answer.text
    assert sandbox.get(f"/requests/{request_id}").status_code == 200


@pytest.mark.parametrize("kind, is_done", [("garbage", True), ("html", False), ("truncated_json", True)])
def test_answers_that_are_no_json(sandbox, request_id, kind, is_done):
    sandbox.fault("replace", kind)
    answer = replace(sandbox, request_id)
    assert answer.status_code == 200 and is_replaced(sandbox) is is_done
    with pytest.raises(ValueError):
        answer.json()


def test_the_effect_may_be_asked_for(sandbox, request_id):
    sandbox.fault("replace", "gateway_timeout", is_effect_done=True)
    assert replace(sandbox, request_id).status_code == 504 and is_replaced(sandbox)


def test_wrong_request_id(sandbox, request_id):
    sandbox.fault("get_request", "wrong_request_id")
    value = sandbox.get(f"/requests/{request_id}").json()
    assert list(value) == FIELDS and value["RequestId"] != request_id


def test_a_reset_drops_what_is_still_delayed(sandbox, request_id):
    sandbox.fault("replace", "latency", seconds=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        delayed = pool.submit(replace, sandbox, request_id)
        give_up_at = time.monotonic() + 60
        while not sandbox.admin("GET", "/stats").json()["faults_fired"]:
            assert time.monotonic() < give_up_at
        assert sandbox.admin("POST", "/reset").status_code == 200
        assert isinstance(delayed.exception(), requests.ConnectionError)
    assert not is_replaced(sandbox)


def test_latency_and_slow_drip_take_their_time_and_answer_well(sandbox, request_id):
    for kind, seconds, least in (("latency", 0.3, 0.3), ("slow_drip", 0.02, 0.25)):
        sandbox.fault("get_request", kind, seconds=seconds)
        begin = time.monotonic()
        assert sandbox.get(f"/requests/{request_id}").json()["RequestId"] == request_id
        assert time.monotonic() - begin >= least


def test_count_matching_route_and_clearing(sandbox, request_id):
    other = sandbox.fleet[1]["request_id"]
    sandbox.fault("*", "unavailable", count=2, matching={"request_id": request_id.upper()})
    assert sandbox.get(f"/requests/{other}").status_code == 200
    assert [sandbox.get(f"/requests/{request_id}").status_code for _time in range(3)] == [503, 503, 200]
    sandbox.fault("replace", "unavailable", count=None, matching={"anon_id": "faulty"})
    assert replace(sandbox, request_id, "spared").status_code == 200
    assert [replace(sandbox, request_id).status_code for _time in range(2)] == [503, 503]
    assert [fault["fired"] for fault in sandbox.admin("GET", "/faults").json()["faults"]] == [2, 2]
    assert sandbox.admin("GET", "/stats").json()["faults_fired"] == 4
    assert sandbox.admin("DELETE", "/faults").json() == {"faults": []}
    assert replace(sandbox, request_id).status_code == 200


def test_probability_with_a_seed_repeats_itself(sandbox, request_id):
    def statuses():
        sandbox.admin("DELETE", "/faults")
        sandbox.fault("get_request", "unavailable", count=None, probability=0.5, seed=7)
        return [sandbox.get(f"/requests/{request_id}").status_code for _time in range(20)]

    first = statuses()
    assert set(first) == {200, 503} and statuses() == first


@pytest.mark.parametrize("route", [route for route in faults.ROUTES if route != "*"])
def test_every_route_can_fail(sandbox, request_id, route):
    values = sandbox.values
    calls = {
        "get_request": lambda: sandbox.get(f"/requests/{request_id}"),
        "patch_request": lambda: sandbox.call("PATCH", f"/requests/{request_id}", {"PreventCollection": True}),
        "replace": lambda: replace(sandbox, request_id),
        "request_credential": lambda: sandbox.call("POST", "/credentials", {"AnonId": "x"}),
        "get_credential": lambda: sandbox.get("/credentials/x"),
        "legacy_request": lambda: sandbox.call("POST", "/1.0/RequestCredential", {"SubjectName": "x"}),
        "collect": lambda: sandbox.collect({}),
        "login": sandbox.login,
        "refresh": lambda: sandbox.portal.post(sandbox.login_url + "/refresh", json={}, timeout=10),
        "oauth_token": lambda: sandbox.portal.post(values["rapidsos_api_url"] + "/oauth/token", timeout=10),
        "query_page": lambda: sandbox.query_page("15555555555", "x"),
    }
    sandbox.fault(route, "too_many_requests", seconds=2)
    refused = calls[route]()
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "2" and refused.json()
    assert calls[route]().status_code != 429
    assert sandbox.audit(sandbox.start, "login") == [] or route == "login"


@pytest.mark.parametrize("description, said", [
    ({"route": "login", "kind": "explode"}, "kind 'explode' is not one of latency"),
    ({"route": "logout", "kind": "html"}, "route 'logout' is not one of get_request"),
    ({"route": "*", "kind": "html", "count": 0}, "count"), ({"route": "*", "kind": "html", "count": True}, "count"),
    ({"route": "*", "kind": "html", "probability": 1.5}, "probability"), ([], "object"),
    ({"route": "*", "kind": "latency", "seconds": -1}, "seconds"), ({"route": "*", "kind": "html", "seconds": 1}, "no seconds"),
    ({"route": "*", "kind": "html", "matching": {"position": "x"}}, "matching"),
    ({"route": "*", "kind": "html", "when": 1}, "no field 'when'"), ({"route": "*", "kind": "html", "seed": "x"}, "seed"),
    ({"route": "*", "kind": "disconnect_after_effect", "is_effect_done": False}, "is_effect_done is always true")])
def test_bad_descriptions_are_refused_with_a_sentence(sandbox, description, said):
    answer = sandbox.admin("POST", "/faults", description)
    assert answer.status_code == 400 and said in answer.json()["error"]
    assert sandbox.admin("GET", "/faults").json() == {"faults": []}
