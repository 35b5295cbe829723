# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a password which is refused is tried once, however many hosts ask, and that nothing pointless is sent at all."""

import harness
import pytest
from harness import Observed, assert_sentence, scenario, task

HOSTS = {"host-%02d" % number: {"ansible_connection": "local"} for number in range(20)}
EMAIL = "launcher.north@ecc.example"

# name: (options, kind, what the sentence says)
POINTLESS = {
    "no environment": ({"api_url": "{{ omit }}"}, "invalid_input", ["one of the following is required: environment, api_url"]),
    "both": ({"environment": "sandbox"}, "invalid_input", ["mutually exclusive", "environment|api_url"]),
    "no such environment": ({"environment": "staging", "api_url": "{{ omit }}"}, "invalid_input", ["production, sandbox", "staging"]),
    "swapped": ({"email": "secret-password", "password": "launcher@ecc.example"}, "invalid_input", ["email is not an e-mail address", "swapped"]),
    "empty password": ({"password": ""}, "invalid_input", ["password is empty", "wrong attempt"]),
    "no password": ({"password": "{{ omit }}"}, "invalid_input", ["state is present", "password"]),
    "half an integration": ({"api_version": "irpv2", "client_id": "one"}, "invalid_input", ["needs client_id and client_secret"]),
    "caller": ({"caller_id": "555-1234"}, "caller_id_malformed", ["caller_id '555-1234'", "country code", "such as 15555555555"]),
    "no query URL": ({"caller_id": "15555555555", "query_url": "{{ omit }}"}, "invalid_input", ["cannot be guessed", "set query_url"]),
    "remaining": ({"min_remaining_seconds": -1}, "invalid_input", ["min_remaining_seconds"]),
    "seconds": ({"timeout_seconds": 0}, "invalid_input", ["timeout_seconds must be between 1 and 3600"]),
    "user in URL": ({"api_url": "https://user:secret-of-url@localhost"}, "invalid_input", ["api_url must be an https URL without user"]),
    "ca_path": ({"ca_path": "/no/such/ca.pem", "email": "admin.north@ecc.example"}, "invalid_input",
                ["ca_path '/no/such/ca.pem'", "No such file", "give a PEM file"]),
}


pytestmark = pytest.mark.slow  # each look at a cache costs a tenth of a second, on purpose


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, tmp_path_factory):
    cache = {"cache_path": str(tmp_path_factory.mktemp("caches") / "cache")}
    wrong = {"password": "wrong password"}
    token = "rapidsos_portal_token"
    integration = {"api_version": "irpv2", "client_id": "{{ rapidsos_client_id }}", "client_secret": "not the secret"}
    once = {"run_once": True}
    tasks = [
        *scenario("without cache", task("log in", token, **wrong), task("other account", token, once, **wrong, email="admin.north@ecc.example")),
        *scenario("with cache", task("log in", token, **wrong, **cache), task("again", token, once, **wrong, **cache),
                  task("right password", token, **cache), task("wrong once more", token, once, **wrong, **cache)),
        *scenario("locked", task("lock", token, once, password="wrong again"), task("log in", token, once, password="{{ rapidsos_password }}"),
                  switches={"lockout_attempts": 1}),
        *scenario("plain Django", task("log in", token, once, password="wrong for Django"), task("again", token, once, password="wrong for Django"),
                  switches={"login_refused_status": 400}),
        *scenario("locked by 423", task("lock", token, once, password="wrong 423"), task("log in", token, once),
                  switches={"lockout_attempts": 1, "login_locked_status": 423}),
        *scenario("integration", task("log in", token, once, **integration)),
        *scenario("unknown account", task("log in", token, once, email="nobody@ecc.example")),
    ]
    for name, (options, *_expected) in POINTLESS.items():
        tasks += scenario(name, task("log in", token, once, **options))
    return run_scenarios([[harness.play(tasks, hosts="all")]], inventory=HOSTS, forks=20)


def test_twenty_hosts_try_a_wrong_password_once_without_a_cache(run):
    seen = Observed(run, "without cache")
    results = seen.results("log in", "failed")
    assert len(results) == 20 and all(assert_sentence(result, "login_refused", EMAIL) for result in results.values())
    tried = [result for result in results.values() if "tried once" in result["msg"] and "not tried again" not in result["msg"]]
    assert len(tried) == 1 and assert_sentence(tried[0], "login_refused", "https://localhost:", "HTTP 401", "password is wrong", "check the password")
    others = [result for result in results.values() if result is not tried[0]]
    assert all("since the same password was refused at 20" in result["msg"] for result in others)
    assert assert_sentence(seen.result("other account"), "login_refused", "admin.north@ecc.example")
    assert [entry["identity"] for entry in seen.effects("login_refused")] == [EMAIL, "admin.north@ecc.example"]
    assert seen.calls("login") == 2


def test_with_a_cache_later_tasks_do_not_try_it_either(run):
    seen = Observed(run, "with cache")
    results = seen.results("log in", "failed")
    assert len(results) == 20 and all(assert_sentence(result, "login_refused", EMAIL) for result in results.values())
    assert assert_sentence(seen.result("again"), "login_refused", "not tried again")
    assert len(seen.effects("login_refused")) == 1, "the refused password reached the server again"
    right = seen.results("right password", "ok")
    assert len(right) == 20 and sum(result["changed"] for result in right.values()) == 1
    assert len(seen.effects("login")) == 1 and seen.calls("login") == 2
    assert assert_sentence(seen.result("wrong once more"), "login_refused", "not tried again")


@pytest.mark.parametrize("name, status", [("locked", 403), ("locked by 423", 423)])
def test_a_locked_account(run, name, status):
    seen = Observed(run, name)
    result = seen.result("log in")
    assert assert_sentence(result, "account_locked", EMAIL, "HTTP %d" % status, "account is locked", "administrator to unlock it")
    assert result["http_status"] == status
    assert [entry["effect"] for entry in seen.effects()] == ["login_refused", "lockout", "login_refused"]


def test_a_service_that_answers_400_to_a_wrong_password_is_asked_once_too(run):
    seen = Observed(run, "plain Django")
    assert assert_sentence(seen.result("log in"), "login_malformed", "HTTP 400", "check email, password")
    assert assert_sentence(seen.result("again"), "login_malformed", "not tried again")
    assert seen.calls("login") == 1 and len(seen.effects("login_refused")) == 1


def test_a_wrong_client_secret_and_an_unknown_account(run):
    seen = Observed(run, "integration")
    assert assert_sentence(seen.result("log in"), "login_refused", EMAIL, "HTTP 401")
    assert len(seen.effects("oauth_refused")) == 1 and seen.calls("oauth_token") == 1 and seen.calls("login") == 0
    seen = Observed(run, "unknown account")
    assert assert_sentence(seen.result("log in"), "login_refused", "nobody@ecc.example", "HTTP 401")
    assert [entry["outcome"] for entry in seen.effects("login_refused")] == ["unknown account"]


@pytest.mark.parametrize("name", POINTLESS)
def test_what_cannot_work_is_never_sent(run, name):
    _options, kind, pieces = POINTLESS[name]
    seen = Observed(run, name)
    assert assert_sentence(seen.result("log in"), kind, *pieces)
    assert "secret-password" not in seen.result("log in")["msg"] and "secret-of-url" not in seen.result("log in")["msg"]
    assert seen.stats["connections"].get("portal", 0) == 0 and seen.effects() == []
