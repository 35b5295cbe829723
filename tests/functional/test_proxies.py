# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Modules behind tinyproxy and squid, with and without a login: what works, what is said, and what a lost answer leaves."""

import proxies
import pytest
from harness import Observed, assert_sentence, scenario, task

from ansible_collections.eccops.rapid.tests.unit.support.tunnel_proxy import TunnelProxy

NEW = "position-behind-a-proxy"
STARTERS = {"tinyproxy": proxies.tinyproxy, "squid": proxies.squid}
LOGIN_WRONG = (proxies.LOGIN[0], "Wrong-secret-7")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", name="start")
def fixture_start():
    """Returns a function that starts a proxy of a kind once, and gives it again to whoever asks for the same."""
    started = {}

    def start(kind, **options):
        key = (kind, tuple(sorted(options.items())))
        if key not in started:
            started[key] = STARTERS[kind](**options)
        return started[key]

    yield start
    for each in started.values():
        each.stop()


def environment(url, **more):
    return {"HTTPS_PROXY": url, **more}


def tasks(name, request_id, fault=None, **options):
    """A look, a replacement of which ``fault`` takes the answer, and a second run of it."""
    replace = {"request_id": request_id, "state": "replaced", "anon_id": NEW, **options}
    faults = [{"route": "replace", **fault}] if fault else []
    return scenario(name, task("look", "rapidauth_request", request_id=request_id), task("first", "rapidauth_request", **replace),
                    task("second", "rapidauth_request", **replace), faults=faults)


def effects(seen):
    return [(entry["previous_request_id"], entry["anon_id"]) for entry in seen.effects("replace")]


@pytest.mark.parametrize("login", [None, proxies.LOGIN], ids=["open", "login"])
@pytest.mark.parametrize("kind", STARTERS)
def test_a_replacement_whose_answer_is_lost_behind_a_proxy_is_found(running_sandbox, run_scenarios, start, kind, login):
    request_id, proxy = running_sandbox.fleet[0]["request_id"], start(kind, login=login)
    run = run_scenarios(
        [tasks("cut after", request_id, {"kind": "disconnect_after_effect"}, timeout_seconds=5),
         tasks("cut before", request_id, {"kind": "disconnect_before_effect"}, timeout_seconds=1),
         tasks("late", request_id, {"kind": "slow_drip", "seconds": 0.2}, timeout_seconds=1)],
        env=environment(proxy.url(login)))
    for name in ("cut after", "late"):
        seen = Observed(run, name)
        assert seen.result("look")["request_id"] == request_id, seen.result("look")
        assert (seen.result("first")["outcome"], seen.result("second")["outcome"]) == ("replaced", "adopted"), seen.result("first")
        assert effects(seen) == [(request_id, NEW)] and seen.calls("replace") == 1
    seen = Observed(run, "cut before")
    assert assert_sentence(seen.result("first"), "not_replaced", "through the proxy http://127.0.0.1:%d (HTTPS_PROXY)" % proxy.port, "cut the connection")
    assert seen.result("second")["outcome"] == "replaced" and effects(seen) == [(request_id, NEW)]
    assert "CONNECT" in proxy.wait_for_log("access", "CONNECT") and proxies.LOGIN[1] not in run.output


@pytest.mark.parametrize("kind", STARTERS)
def test_a_wrong_login_is_sent_once_and_a_missing_one_named(running_sandbox, run_scenarios, start, kind):
    request_id, proxy = running_sandbox.fleet[0]["request_id"], start(kind, login=("another", "login"))
    look = task("look", "rapidauth_request", request_id=request_id)
    run = run_scenarios([scenario("wrong", look)], env=environment(proxy.url(LOGIN_WRONG)))
    shown = "the proxy http://127.0.0.1:%d (HTTPS_PROXY)" % proxy.port
    assert assert_sentence(Observed(run, "wrong").result("look"), "proxy_failed", shown, "refused the user name and password in HTTPS_PROXY (HTTP 40")
    assert LOGIN_WRONG[1] not in run.output and Observed(run, "wrong").calls("get_request") == 0
    assert proxy.wait_for_log("access", "CONNECT localhost:").count("CONNECT localhost:") == 1
    run = run_scenarios([scenario("none", look)], env=environment(proxy.url()))
    assert assert_sentence(Observed(run, "none").result("look"), "proxy_failed", shown, "wants a login (HTTP 407)", "http://user:password@host:port")


@pytest.mark.parametrize("kind", STARTERS)
def test_a_proxy_that_forbids_or_cannot_reach_the_service(running_sandbox, run_scenarios, start, kind):
    request_id, proxy = running_sandbox.fleet[0]["request_id"], start(kind, ports=(443, 9))
    once = {"retry_budget_seconds": 0, "timeout_seconds": 10, "request_id": request_id}
    run = run_scenarios(
        [scenario("forbidden", task("look", "rapidauth_request", **once)),
         scenario("nobody there", task("look", "rapidauth_request", api_url="https://127.0.0.1:9/rapid", **once)),
         scenario("no such name", task("look", "rapidauth_request", api_url="https://no-such-host.invalid/rapid", **once))],
        env=environment(None, all_proxy=proxy.url()))
    shown = "the proxy http://127.0.0.1:%d (all_proxy)" % proxy.port
    assert assert_sentence(Observed(run, "forbidden").result("look"), "proxy_failed", shown, "does not allow a tunnel to localhost:", "HTTP 403")
    for name in ("nobody there", "no such name"):
        assert assert_sentence(Observed(run, name).result("look"), "proxy_failed", shown, "opened no tunnel to", "HTTP 5", "whether the proxy can reach")


@pytest.mark.parametrize("value, words", [
    ("socks5://u:Wrong-secret-7@127.0.0.1:1080", "'socks5://', which is not supported"), ("https://127.0.0.1:3129", "'https://', which is not supported"),
    ("http://u:Wrong-secret-7@127.0.0.1:port", "HTTPS_PROXY is not a usable proxy URL"), ("http://no-such-proxy.invalid:3128", "cannot be resolved")])
def test_a_proxy_that_cannot_be_used_is_named_before_anything_is_sent(running_sandbox, run_scenarios, value, words):
    request_id = running_sandbox.fleet[0]["request_id"]
    run = run_scenarios([scenario("look", task("look", "rapidauth_request", request_id=request_id, retry_budget_seconds=0)),
                         scenario("log in", task("log in", "rapidsos_portal_token"))], env=environment(value))
    for name in ("look", "log in"):
        assert assert_sentence(Observed(run, name).result(name), "proxy_failed", "HTTPS_PROXY", words)
    assert "Wrong-secret-7" not in run.output and Observed(run, "look").calls("get_request") == 0 == Observed(run, "log in").calls("login")


def test_what_the_service_ends_after_the_proxy_has_cut_is_found(running_sandbox, run_scenarios):
    """The proxy gives up an idle tunnel after half a second; the service is done a second later."""
    request_id, proxy = running_sandbox.fleet[0]["request_id"], TunnelProxy(idle_seconds=0.5)
    late = {"kind": "latency", "seconds": 1.5}
    options = {"request_id": request_id, "timeout_seconds": 20}
    try:
        run = run_scenarios(
            [scenario("replaced", task("first", "rapidauth_request", state="replaced", anon_id=NEW, **options), faults=[{"route": "replace", **late}]),
             scenario("patched", task("first", "rapidauth_request", prevent_collection=True, **options), faults=[{"route": "patch_request", **late}])],
            env=environment(proxy.url()))
    finally:
        proxy.close()
    for name, outcome in (("replaced", "replaced"), ("patched", "patched")):
        seen = Observed(run, name)
        assert (seen.result("first").get("outcome"), seen.result("first")["changed"]) == (outcome, True), seen.result("first")
        assert seen.calls("replace" if name == "replaced" else "patch_request") == 1 and seen.stats["faults_fired"] == 1


def test_a_host_that_is_excepted_is_reached_without_the_proxy(running_sandbox, run_scenarios):
    request_id = running_sandbox.fleet[0]["request_id"]
    run = run_scenarios([scenario("look", task("look", "rapidauth_request", request_id=request_id))],
                        env=environment("http://127.0.0.1:1", NO_PROXY="example.org,localhost"))
    assert Observed(run, "look").result("look")["request_id"] == request_id
