# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what is said, and how often is tried, when the way to a service or its answer is broken.

Every case runs against RapidAuth; those that a login can meet run against the Portal too, where nothing is tried twice.
"""

import contextlib
import socket

import pytest
from harness import Observed, assert_sentence, scenario, task

ONCE = {"timeout_seconds": 1, "retry_budget_seconds": 0}
SLOW = ["https://localhost:", "no whole answer within 1 s", "raise timeout_seconds"]
# name: (options, faults, kind, what the sentence says, calls that reached the service)
BROKEN = {
    "unknown authority": ({"ca_path": "{{ omit }}"}, [], "server_not_trusted", ["certificate of https://localhost:", "not trusted", "set ca_path"], 0),
    "wrong authority": ({"ca_path": "/foreign/"}, [], "server_not_trusted", ["certificate of https://localhost:", "not trusted", "set ca_path"], 0),
    "host name": ({"api_url": "https://127.1:{port}/rapid"}, [], "host_name_mismatch",
                  ["https://127.1:", "issued for another host name", "check the URL"], 0),
    "address": ({"api_url": "https://0.0.0.0:{port}/rapid"}, [], "host_name_mismatch",
                ["https://0.0.0.0:", "issued for another host name", "check the URL"], 0),
    "no such host": ({"api_url": "https://sandbox.invalid:{port}/rapid", **ONCE}, [], "name_not_resolved",
                     ["sandbox.invalid", "cannot be resolved", "check the URL and DNS"], 0),
    "refused": ({"api_url": "https://localhost:{closed_port}/rapid", **ONCE}, [], "connection_refused",
                ["https://localhost:", "refused the connection", "check that the service is up"], 0),
    "no connection": ({"api_url": "https://127.0.0.1:{full_port}/rapid", **ONCE}, [], "connect_timed_out",
                      ["https://127.0.0.1:", "accepted no connection within 1 s", "firewall"], 0),
    "plain HTTP": ({"api_url": "https://127.0.0.1:{admin_port}/rapid", **ONCE}, [], "tls_failed",
                   ["https://127.0.0.1:", "is it an https service?"], 0),
    "not https": ({"api_url": "http://localhost:{port}/rapid"}, [], "invalid_input", ["api_url must be an https URL"], 0),
    "timed out": (ONCE, [{"kind": "latency", "seconds": 3}], "answer_timed_out", SLOW, 1),
    "dripping": (ONCE, [{"kind": "slow_drip", "seconds": 0.3}], "answer_timed_out", SLOW, 1),
    "cut": (ONCE, [{"kind": "disconnect_before_effect"}], "connection_cut", ["https://localhost:", "cut the connection", "run again"], 1),
    "cut again and again": ({"retry_budget_seconds": 1}, [{"kind": "disconnect_before_effect", "count": None}], "connection_cut",
                            ["https://localhost:", "cut the connection", "run again"], None),
    "HTML": ({}, [{"kind": "html"}], "unusable_answer", ["https://localhost:", "HTTP 200 and HTML", "check that the URL", "portal"], 1),
    "garbage": ({}, [{"kind": "garbage"}], "unusable_answer", ["https://localhost:", "HTTP 200 and something that is not JSON"], 1),
    "truncated": ({}, [{"kind": "truncated_json"}], "unusable_answer", ["https://localhost:", "JSON that is cut off", "check that"], 1),
    "another's": ({}, [{"kind": "wrong_request_id"}], "wrong_request_id",
                  ["was asked for RequestId {request_id}", "answered about", "do not rely on it"], 1),
    "slow down": ({"retry_budget_seconds": 5}, [{"kind": "too_many_requests", "seconds": 30, "count": None}], "throttled",
                  ["https://localhost:", "HTTP 429, Retry-After 30 s", "after 1 attempts", "run again later"], 1),
    "bad gateway": (ONCE, [{"kind": "bad_gateway"}], "refused", ["https://localhost:", "HTTP 502", "try again later"], 1),
    "maintenance": (ONCE, [{"kind": "maintenance"}], "maintenance", ["HTTP 503, error 13", "in maintenance", "when it is over"], 1),
    "empty 500": ({}, [{"kind": "error_after_effect_empty_500"}], "refused", ["https://localhost:", "HTTP 500", "try again later"], 1),
}
PASSING = {
    "cut once": ({}, [{"kind": "disconnect_before_effect"}]),
    "slow down a moment": ({}, [{"kind": "too_many_requests", "seconds": 1}]),
    "unavailable a moment": ({}, [{"kind": "unavailable", "seconds": 1}]),
    "gateway trouble": ({}, [{"kind": "bad_gateway"}, {"kind": "gateway_timeout"}]),
    "slow": ({"timeout_seconds": 20}, [{"kind": "slow_drip", "seconds": 0.05}]),
}
LOGINS = {
    "login unknown authority": ({"ca_path": "{{ omit }}"}, [], "server_not_trusted", ["certificate of https://localhost:", "set ca_path"], 0),
    "login host name": ({"api_url": "https://127.1:{portal_port}"}, [], "host_name_mismatch", ["https://127.1:", "another host name"], 0),
    "login refused connection": ({"api_url": "https://localhost:{closed_port}"}, [], "connection_refused", ["refused the connection"], 0),
    "login timed out": ({"timeout_seconds": 1}, [{"kind": "slow_drip", "seconds": 0.3}], "answer_timed_out", ["no whole answer within 1 s"], 1),
    "login cut": ({}, [{"kind": "disconnect_before_effect"}], "connection_cut", ["cut the connection"], 1),
    "login HTML": ({}, [{"kind": "html"}], "unusable_answer", ["the login of launcher.north@ecc.example", "HTML", "check that the URL"], 1),
    "login truncated": ({}, [{"kind": "truncated_json"}], "unusable_answer", ["JSON that is cut off"], 1),
    "login slow down": ({}, [{"kind": "too_many_requests", "seconds": 1}], "throttled", ["HTTP 429, Retry-After 1 s", "not repeated"], 1),
    "login trouble": ({}, [{"kind": "bad_gateway"}], "service_trouble", ["the login of launcher.north@ecc.example", "HTTP 502", "run again later"], 1),
}


pytestmark = pytest.mark.slow  # time limits and pauses really pass


@pytest.fixture(scope="module", name="places")
def fixture_places(running_sandbox):
    """Ports where nobody listens, and where nobody accepts (its backlog is full), held as long as the tests run."""
    values = running_sandbox.values
    with contextlib.ExitStack() as stack:
        closed, full = (stack.enter_context(socket.socket()) for _each in range(2))
        for each in (closed, full):
            each.bind(("127.0.0.1", 0))
        full.listen(0)
        for _each in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield {
            "closed_port": closed.getsockname()[1], "full_port": full.getsockname()[1],
            "port": values["rapidauth_api_url"].split(":")[2].split("/")[0],
            "portal_port": values["rapidsos_api_url"].split(":")[2], "admin_port": values["sandbox_admin_url"].split(":")[2],
            "request_id": running_sandbox.fleet[0]["request_id"],
        }


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios, places):
    foreign = str(running_sandbox.directory / "foreign_ca.pem")

    def options(given):
        given = {name: value.format_map(places) if "omit" not in str(value) and isinstance(value, str) else value for name, value in given.items()}
        return dict(given, ca_path=foreign) if given.get("ca_path") == "/foreign/" else given

    def arranged(name, module, route, given, faults, **more):
        return scenario(name, task("ask", module, **options(given), **more), faults=[{"route": route, **fault} for fault in faults])

    look = ("rapidauth_request", "get_request")
    scenarios = [arranged(name, *look, case[0], case[1], request_id=places["request_id"]) for name, case in {**BROKEN, **PASSING}.items()]
    scenarios += [arranged(name, "rapidsos_portal_token", "login", given, faults) for name, (given, faults, *_more) in LOGINS.items()]
    return run_scenarios(scenarios)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_way_to_rapidauth(run, places, name):
    _options, _faults, kind, pieces, calls = BROKEN[name]
    seen = Observed(run, name)
    assert assert_sentence(seen.result("ask"), kind, *(piece.format_map(places) for piece in pieces))
    if calls is None:
        assert 2 <= seen.calls("get_request") <= 5
    else:
        assert seen.calls("get_request") == calls
    assert seen.effects() == [] or kind in ("server_not_trusted", "host_name_mismatch")  # a handshake we ended ourselves


def test_the_details_of_a_refusal_are_returned_beside_the_sentence(run):
    result = Observed(run, "maintenance").result("ask")
    assert (result["http_status"], result["number"]) == (503, 13) and "maintenance" in result["service_message"]
    result = Observed(run, "slow down").result("ask")
    assert (result["http_status"], result["retry_after_seconds"]) == (429, 30)


@pytest.mark.parametrize("name", PASSING)
def test_temporary_trouble_is_waited_for(run, places, name):
    seen = Observed(run, name)
    assert seen.result("ask")["request_id"] == places["request_id"], seen.result("ask")
    assert seen.stats["faults_fired"] == len(PASSING[name][1])
    assert seen.calls("get_request") == (1 if name == "slow" else 1 + len(PASSING[name][1]))


@pytest.mark.parametrize("name", LOGINS)
def test_a_broken_way_to_the_portal_is_tried_once(run, name):
    _options, _faults, kind, pieces, calls = LOGINS[name]
    seen = Observed(run, name)
    assert assert_sentence(seen.result("ask"), kind, *pieces)
    assert seen.calls("login") == calls
    assert len(seen.effects("login")) == (1 if name in ("login timed out", "login truncated") else 0)
