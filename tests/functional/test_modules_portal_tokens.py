# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a Portal token is minted only when needed, that its life is read rightly, and that it opens the Portal's page."""

import datetime

import harness
import pytest
from harness import Observed, scenario, task

TOKEN = "rapidsos_portal_token"
CALLER = {"caller_id": "+1 (555) 555-5555"}
IRPV2 = {"api_version": "irpv2", "client_id": "{{ rapidsos_client_id }}", "client_secret": "{{ rapidsos_client_secret }}"}
# name: (options, switches, expires_basis, seconds from issue to expiry)
LIVES = {
    "seconds": ({}, {"access_token_seconds": 5400}, "jwt_exp", 5400),
    "milliseconds": ({}, {"token_format": "jwt_milliseconds", "access_token_seconds": 1800}, "jwt_exp", 1800),
    "opaque": ({}, {"token_format": "opaque"}, "documented_session", 3600),
    "irpv2": (IRPV2, {"oauth_token_seconds": 2400}, "jwt_exp", 2400),
    "irpv2 opaque": (IRPV2, {"oauth_token_format": "opaque", "oauth_token_seconds": 1200}, "expires_in", 1200),
}


def shown(name, expression):
    return {"name": name, "ansible.builtin.debug": {"msg": expression}}


def registered(name, variable, keywords=None, **options):
    """A token task, and the result that it registered: its own output is censored."""
    return task(name, TOKEN, {"register": variable, **(keywords or {})}, **options), shown(name + " registered", "{{ %s }}" % variable)


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, tmp_path_factory):
    caches = tmp_path_factory.mktemp("caches")
    cache = {"cache_path": str(caches / "reused")}
    short = {"cache_path": str(caches / "short")}
    by_version = {"cache_path": str(caches / "versions")}
    scenarios = [scenario(name, *registered("log in", "portal", **options, **CALLER), switches=switches)
                 for name, (options, switches, *_expected) in LIVES.items()]
    scenarios += [
        scenario("reuse", *registered("first", "first", **cache), *registered("second", "second", **cache, **CALLER),
                 *registered("check", "checked", {"check_mode": True}, **cache),
                 *registered("other account", "other", **cache, email="admin.north@ecc.example", password="{{ sandbox_accounts[3].password }}")),
        scenario("min_remaining", *registered("first", "first", **short), *registered("not enough", "enough", **short),
                 *registered("asks for less", "less", **short, min_remaining_seconds=60), switches={"access_token_seconds": 500}),
        scenario("versions", *registered("irpv1", "one", **by_version), *registered("irpv2", "two", **by_version, **IRPV2)),
        scenario("check mode", *registered("log in", "portal", {"check_mode": True}, cache_path=str(caches / "checked"), **CALLER),
                 *registered("without cache", "portal", {"check_mode": True})),
        scenario("absent", *registered("nothing yet", "nothing", state="absent", cache_path=str(caches / "absent")),
                 *registered("log in", "portal", cache_path=str(caches / "absent")),
                 *registered("look", "looked", {"check_mode": True}, state="absent", cache_path=str(caches / "absent")),
                 *registered("remove", "removed", state="absent", cache_path=str(caches / "absent"), password="{{ omit }}"),
                 *registered("again", "again", state="absent", cache_path=str(caches / "absent"))),
        scenario("filter", *registered("log in", "portal", **CALLER, query_token_parameter="token"), shown(
            "same URL", "{{ portal.token | eccops.rapid.portal_query_url('1-555-555-5555', rapidsos_query_url, 'token') == portal.query_url }}"), shown(
            "production", "{{ 'a.b.c' | eccops.rapid.portal_query_url('15555555555') }}"),
            task("no caller", "ansible.builtin.debug", msg="{{ 'a.b.c' | eccops.rapid.portal_query_url('12') }}")),
        scenario("no cache", *registered("first", "first"), *registered("second", "second")),
        scenario("passwords", task("log in", TOKEN, {"loop": "{{ sandbox_accounts }}", "loop_control": {"label": "{{ item.email }}"}},
                                   email="{{ item.email }}", password="{{ item.password }}"),
                 task("log in by OAuth", TOKEN, {"loop": "{{ sandbox_accounts }}", "loop_control": {"label": "{{ item.email }}"}},
                      email="{{ item.email }}", password="{{ item.password }}", **IRPV2)),
    ]
    done = run_scenarios(scenarios)
    done.caches = caches
    return done


def values(seen, name):
    """What a token task registered."""
    return seen.result(name + " registered")["msg"]


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("name", LIVES)
def test_the_life_of_a_token(run, name):
    _options, _switches, basis, seconds = LIVES[name]
    seen = Observed(run, name)
    result = values(seen, "log in")
    assert result["changed"] is True and result["is_from_cache"] is False and result["expires_basis"] == basis
    issued, expires = instant(result["issued_at"]), instant(result["expires_at"])
    assert abs((expires - issued).total_seconds() - seconds) <= 2
    assert instant(result["session_expires_at"]) == min(expires, issued + datetime.timedelta(hours=1))
    assert len(seen.effects("login", "oauth_token")) == 1
    assert set(seen.result("log in")) <= {"changed", "censored", "_ansible_no_log", "_status"}


def test_a_cached_token_is_reused_without_a_login(run):
    seen = Observed(run, "reuse")
    first, second, checked = (values(seen, name) for name in ("first", "second", "check"))
    assert (first["changed"], second["changed"], checked["changed"]) == (True, False, False)
    assert second["is_from_cache"] is True and first["token"] == second["token"] == checked["token"]
    assert second["query_url"].endswith("caller_id=15555555555&access_token=" + first["token"])
    assert {name: first[name] for name in ("issued_at", "expires_at", "expires_basis")} == {
        name: second[name] for name in ("issued_at", "expires_at", "expires_basis")}
    assert values(seen, "other account")["token"] != first["token"]
    assert [entry["identity"] for entry in seen.effects("login")] == ["launcher.north@ecc.example", "admin.north@ecc.example"]


def test_a_cached_token_is_used_only_while_enough_of_it_is_left(run):
    seen = Observed(run, "min_remaining")
    assert [values(seen, name)["changed"] for name in ("first", "not enough", "asks for less")] == [True, True, False]
    assert len(seen.effects("login")) == 2


def test_api_versions_do_not_share_a_token_and_without_a_cache_nothing_is_kept(run):
    seen = Observed(run, "versions")
    assert values(seen, "irpv1")["changed"] and values(seen, "irpv2")["changed"]
    assert (len(seen.effects("login")), len(seen.effects("oauth_token"))) == (1, 1)
    seen = Observed(run, "no cache")
    assert values(seen, "first")["changed"] and values(seen, "second")["changed"] and len(seen.effects("login")) == 2


def test_check_mode_contacts_nobody_and_creates_nothing(run):
    seen = Observed(run, "check mode")
    for name in ("log in", "without cache"):
        result = values(seen, name)
        assert result["changed"] is True and "token" not in result and "query_url" not in result
    assert seen.stats["connections"].get("portal", 0) == 0 and seen.effects() == []
    assert not (run.caches / "checked").exists()


def test_absent_forgets_a_token(run):
    seen = Observed(run, "absent")
    assert [values(seen, name)["changed"] for name in ("nothing yet", "log in", "look", "remove", "again")] == [False, True, True, True, False]
    assert [path.suffix for path in (run.caches / "absent").iterdir()] == [".lock"]
    assert seen.calls("login") == 1


def test_the_filter_makes_the_same_url(run):
    seen = Observed(run, "filter")
    assert seen.result("same URL")["msg"] is True
    assert seen.result("production")["msg"] == "https://rapidsosportal.com/query-interface?caller_id=15555555555&access_token=a.b.c"
    assert "country code" in seen.result("no caller")["msg"]


def test_passwords_with_quotes_spaces_and_letters_of_all_kinds(sandbox, run):
    emails = [account["email"] for account in sandbox.values["sandbox_accounts"]]
    assert any(not account["password"].isascii() for account in sandbox.values["sandbox_accounts"])
    assert any('"' in account["password"] and " " in account["password"] for account in sandbox.values["sandbox_accounts"])
    seen = Observed(run, "passwords")
    assert [entry["identity"] for entry in seen.effects("login")] == emails
    assert [entry["identity"] for entry in seen.effects("oauth_token")] == emails and seen.effects("login_refused") == []


def test_the_query_url_opens_the_page_on_the_caller(sandbox, run_playbook):
    run = run_playbook([*registered("log in", "portal", **CALLER)])
    url = run.result("log in registered")["msg"]["query_url"]
    assert url.startswith(sandbox.values["rapidsos_query_url"] + "?")
    page = sandbox.portal.get(url, timeout=10)
    assert page.status_code == 200 and 'data-caller-id="15555555555"' in page.text and "launcher.north@ecc.example" in page.text
    sandbox.advance(minutes=61)
    assert sandbox.portal.get(url, timeout=10).status_code != 200, "the documented hour is over"


def test_environments_are_distinguished_without_a_request(run_playbook):
    none = {"api_url": "{{ omit }}", "query_url": "{{ omit }}"}
    run = run_playbook([*registered("sandbox", "one", environment="sandbox", **none), *registered("production", "two", environment="production", **none)],
                       check=True)
    assert [run.result(name + " registered")["msg"]["api_url"] for name in ("sandbox", "production")] == [
        "https://api-sandbox.rapidsos.com", "https://api.rapidsos.com"]


@pytest.mark.slow
@pytest.mark.parametrize("is_shipped", [False, True], ids=["in the controller", "shipped"])
def test_hosts_that_share_a_cache_make_one_login(sandbox, run_playbook, tmp_path, is_shipped):
    number = 8 if is_shipped else 100
    hosts = {"host-%03d" % each: {"ansible_connection": "local"} for each in range(number)}
    keywords = {"register": "portal", **(harness.SHIPPED if is_shipped else {})}
    tokens = "{{ ansible_play_hosts_all | map('extract', hostvars, ['portal', 'token']) | unique | list }}"
    run = run_playbook([harness.play([task("log in", TOKEN, keywords, cache_path=str(tmp_path / "cache")), dict(shown("all", tokens), run_once=True)],
                                     hosts="all")], inventory=hosts, forks=20)
    results = run.results("log in", "ok")
    assert len(results) == number and sum(result["changed"] for result in results.values()) == 1
    assert len(run.result("all")["msg"]) == 1 and all("censored" in result for result in results.values())
    assert len(sandbox.effects("login")) == 1 and sandbox.stats()["calls"]["login"] == {"POST": 1}
