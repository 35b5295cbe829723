# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the modules do the same when Ansible really ships them, and that module_defaults reach them by their action groups."""

import sys

import harness
import pytest
from harness import Observed, assert_sentence, scenario, task

pytestmark = pytest.mark.slow

TOKEN, REQUEST, INFO = "rapidsos_portal_token", "rapidauth_request", "rapidauth_request_info"
#: How the same task runs: in the controller's process, or as a module that is shipped to the host.
WAYS = {
    "here": {},
    "environment": {"environment": {"SHIPPED": "no"}},
    "shipped": harness.SHIPPED,
    "async": {"async": 30, "poll": 1},
    "delegated": {"delegate_to": "other-host", **harness.SHIPPED},
}
FULL = ("here", "environment", "shipped")
#: What Ansible adds to a result, here or there.
ADDED = {"_status", "_ansible_no_log", "_ansible_delegated_vars", "_ansible_verbose_always", "invocation", "ansible_job_id", "started", "finished",
         "results_file", "exception", "stdout", "stdout_lines", "stderr", "stderr_lines", "warnings", "deprecations", "_ansible_parsed"}


@pytest.fixture(scope="module", name="ids")
def fixture_ids(running_sandbox):
    return running_sandbox.fleet[0]


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, ids):
    one, unknown = {"request_id": ids["request_id"]}, {"request_id": "00000000-0000-4000-a000-000000000000"}
    scenarios = []
    for way, keywords in WAYS.items():
        tasks = [
            task("look", REQUEST, keywords, **one),
            task("log in", TOKEN, {**keywords, "register": "portal"}, caller_id="15555555555"),
            {"name": "registered", "ansible.builtin.debug": {"msg": "{{ portal }}"}},
            task("wrong password", TOKEN, keywords, password="wrong as can be " + way),
        ]
        if way in FULL:
            check = {**keywords, "check_mode": True}
            tasks += [task("unknown", REQUEST, keywords, **unknown),
                      task("look at many", INFO, keywords, now="2027-01-01T00:00:00Z", request_ids=[ids["request_id"], unknown["request_id"]]),
                      task("check replace", REQUEST, check, **one, state="replaced", anon_id="shipped"),
                      task("check log in", TOKEN, {**check, "register": "portal"}),
                      {"name": "check registered", "ansible.builtin.debug": {"msg": "{{ portal }}"}},
                      task("replace", REQUEST, keywords, **one, state="replaced", anon_id="shipped"),
                      task("replace again", REQUEST, keywords, **one, state="replaced", anon_id="shipped"),
                      task("bad options", TOKEN, keywords, email="{{ omit }}"),
                      task("expired SAC", REQUEST, keywords, **one, sac_path="{{ sandbox_sacs.expired.combined_path }}",
                           sac_passphrase="{{ sandbox_sacs.expired.passphrase }}")]
        scenarios.append(scenario(way, *tasks, credentials={ids["request_id"]: {
            "requested_date": "2026-10-01T00:00:00Z", "collected_date": "2026-10-01T00:01:00Z"}}))
    return run_scenarios(scenarios, diff=True)


@pytest.mark.parametrize("keywords", [{}, harness.SHIPPED], ids=["here", "shipped"])
def test_retries_start_with_all_the_options_again(sandbox, run_playbook, keywords):
    """The options are censored in the task once it ran: callbacks are given them, and banners may show them."""
    for _each in range(2):
        sandbox.fault("login", "bad_gateway")
    sandbox.fault("get_request", "maintenance")
    again = {"register": "tried", "until": "tried is success", "retries": 3, "delay": 0, **keywords}
    run = run_playbook([task("log in", TOKEN, again), task("look", REQUEST, again, request_id=sandbox.fleet[0]["request_id"], retry_budget_seconds=0)],
                       env={"ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1"})
    assert run.result("log in")["_status"] == "ok" and run.result("log in")["attempts"] == 3
    assert run.result("look")["attempts"] == 2 and run.result("look")["credential"]["status"] == "Collected"
    assert sandbox.stats()["calls"]["login"] == {"POST": 3} and len(sandbox.effects("login")) == 1
    assert "password=VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in run.stdout and "email=launcher.north@ecc.example" in run.stdout
    assert sandbox.account["password"] not in run.output and sandbox.values["rapidauth_sac_passphrase"] not in run.output


def own(result):
    return {name: value for name, value in result.items() if name not in ADDED}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_results_come_from_everywhere(run, way):
    here, there = Observed(run, "here"), Observed(run, way)
    if way == "async":
        for name in ("look", "log in"):
            said = there.result(name)["msg"]
            assert "does not support async" in said or "async is not supported" in said  # before ansible-core 2.19
        assert there.effects("login") == [] and there.stats["calls"].get("get_request", {}) == {}
        return
    for name in ("look", "look at many", "unknown") if way in FULL else ("look",):
        assert own(there.result(name)) == {**own(here.result(name)), "changed": False}
    registered = there.result("registered")["msg"]
    assert registered["token"].count(".") == 2 and registered["query_url"].endswith(registered["token"]) and registered["changed"] is True
    assert set(registered) >= {"issued_at", "expires_at", "expires_basis", "session_expires_at", "api_url", "is_from_cache"}
    assert "censored" in there.result("log in") and "token" not in own(there.result("log in"))
    assert assert_sentence(there.result("wrong password"), "login_refused", "HTTP 401", "tried once")
    assert len(there.effects("login")) == len(there.effects("login_refused")) == 1


def test_check_mode_diff_and_states_of_a_shipped_module(run, ids):
    here, there = Observed(run, "here"), Observed(run, "shipped")
    for seen in (here, there):
        assert assert_sentence(seen.result("unknown"), "unknown", "HTTP 404, error 1109")
        assert (seen.result("check replace")["outcome"], seen.result("check replace")["changed"]) == ("replaced", True)
        assert seen.result("check replace")["diff"]["before"] == {"anon_id": ids["anon_id"], "request_id": ids["request_id"]}
        assert "token" not in seen.result("check registered")["msg"] and seen.result("check registered")["msg"]["changed"] is True
        (entry,) = seen.effects("replace")
        assert [seen.result(name)["outcome"] for name in ("replace", "replace again")] == ["replaced", "adopted"]
        assert seen.result("replace again")["request_id"] == entry["request_id"]
        assert "email" in seen.result("bad options")["msg"] and seen.result("bad options")["_status"] == "failed"
        assert assert_sentence(seen.result("expired SAC"), "sac_expired", "sandbox-sac-expired", "(30 days ago)")
    assert here.result("expired SAC")["msg"] == there.result("expired SAC")["msg"]


def test_the_environment_of_a_task_is_that_of_its_items_only(sandbox, run_playbook):
    """All items run in one process, where clients are kept: none that was made with another item's proxy is used."""
    items = [{"proxy": ""}, {"proxy": "http://127.0.0.1:9"}, {"proxy": ""}]
    loop = {"loop": items, "environment": {"HTTPS_PROXY": "{{ item.proxy }}"}}
    run = run_playbook([task("look", REQUEST, loop, request_id=sandbox.fleet[0]["request_id"], retry_budget_seconds=0)], verbosity=3)
    assert [each["status"] for each in run.reports if each["is_item"]] == ["ok", "failed", "ok"]
    assert [each["result"].get("error_kind") for each in run.reports if each["is_item"]] == [None, "proxy_failed", None]
    assert "AnsiballZ" not in run.output and " EXEC " not in run.output  # nothing was shipped


#: An interpreter of which somebody else is root: it adds to what every module returns.
LIAR = """#!%s
import json, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE)
forged = "x\\r\\x1b[2Kok: [localhost] all is fine"
print("before" + forged)
try:
    answer = json.loads(done.stdout)
    answer.update(warnings=[forged] * 99, deprecations=[{"msg": forged, "version": forged}], add_host={"host_name": "mine", "groups": ["mine"]},
                  add_group="mine", ansible_facts={"rapidauth_ledger_host": "mine", "ansible_python_interpreter": "/mine"}, _ansible_verbose_always=forged,
                  outcome=forged, unknown_key=forged, unreachable=False, results=[{"failed": True}], diff={"before": forged, "after": "y"})
    print(json.dumps(answer))
except ValueError:
    sys.stdout.write(done.stdout.decode())
print("after" + forged)
sys.exit(done.returncode)
"""


def test_another_host_returns_known_keys_only_and_forges_no_line(sandbox, run_playbook, tmp_path):
    path = tmp_path / "liar"
    path.write_text(LIAR % sys.executable, encoding="utf-8")
    path.chmod(0o755)
    lied_to = {"register": "answer", "vars": {**harness.SHIPPED["vars"], "ansible_python_interpreter": str(path)}}
    after = "{{ [rapidauth_ledger_host | default('none'), groups.mine | default('none'), answer.unknown_key | default('none'), answer.outcome] }}"
    run = run_playbook([
        task("look", REQUEST, lied_to, request_id=sandbox.fleet[0]["request_id"]),
        {"name": "after", "ansible.builtin.debug": {"msg": after}},
        task("wrong password", TOKEN, lied_to, password="wrong as can be"),
    ], diff=True, verbosity=2)
    forged = "x\\u000d\\u001b[2Kok: [localhost] all is fine"
    assert run.result("after")["msg"] == ["none", "none", "none", forged] and len(run.result("look")["warnings"]) <= 25
    assert run.result("look")["credential"]["status"] == "Collected" and not set(run.result("look")) & {"results", "unknown_key", "ansible_facts"}
    assert assert_sentence(run.result("wrong password"), "login_refused", "HTTP 401")
    assert "\x1b" not in run.output and "\r" not in run.output and "all is fine" in run.output


def test_module_defaults_reach_the_modules_by_their_groups(sandbox, run_playbook):
    """Without the groups the same tasks have no SAC and no account: it is the groups that make them work."""
    tasks = [task("look", REQUEST, request_id=sandbox.fleet[0]["request_id"]), task("look at many", INFO, anon_ids=[sandbox.fleet[0]["anon_id"]]),
             task("log in", TOKEN)]
    groups = harness.MODULE_DEFAULTS
    assert sorted(groups) == ["group/eccops.rapid.portal", "group/eccops.rapid.rapidauth"]
    short = [{**each, "name": each["name"] + " by short name"} for each in tasks]
    for each in short:
        (name,) = [key for key in each if key.startswith("eccops.rapid.")]
        each[name.rpartition(".")[2]] = each.pop(name)
    run = run_playbook([
        harness.play(tasks, name="With the groups"),
        harness.play(short, name="By short names", collections=["eccops.rapid"]),
        harness.play([{**each, "name": each["name"] + " alone"} for each in tasks], module_defaults={}, name="Without the groups"),
    ])
    for each in tasks:
        assert run.result(each["name"])["_status"] == run.result(each["name"] + " by short name")["_status"] == "ok"
        assert run.result(each["name"] + " alone")["_status"] == "failed"
    assert "one of the following is required: sac_path, sac_content" in run.result("look alone")["msg"]
    assert len(sandbox.effects("login")) == 2 and sandbox.stats()["calls"]["get_request"] == {"GET": 2}
