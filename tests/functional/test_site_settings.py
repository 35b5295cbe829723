# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that what a site sets for all its plays, hosts or runs does not change what the playbooks do."""

import json

import pytest
import yaml
from harness import REPOSITORY
from playbook_check import found
from playbook_fleet import OWN_COMMANDS, Fleet, assert_rotated_once, fail_message

ROTATE, CHECK = "eccops.rapid.rotate_credentials", "eccops.rapid.check_credentials"
ONE_WAVE = {"rotation_id": "2026q4", "rotation_waves": [20]}
PLAN = "Read and validate the fleet's variables"

#: What a play states, whatever ansible.cfg, the environment or the inventory say.
STATED = ("any_errors_fatal", "become", "gather_facts", "order", "strategy", "timeout")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_every_play_states_what_it_needs(path):
    plays = [play for play in yaml.safe_load(path.read_text(encoding="utf-8")) if "hosts" in play]
    assert plays
    # The roles become root themselves where they must; a site may want it for all that it provisions.
    missing = {play["name"]: [name for name in STATED if name not in play] for play in plays}
    assert {name: found for name, found in missing.items() if found} in ({}, {"Provision in waves": ["become"]})
    wanted = {"strategy": "ansible.builtin.linear", "any_errors_fatal": False, "gather_facts": False, "timeout": 0}
    assert all({name: play[name] for name in wanted} == wanted for play in plays)


def test_every_task_at_the_ledger_states_how_its_host_is_reached():
    """Else it would take the connection of its play, and run on the controller for another host, or over ssh for a localhost of the inventory."""
    paths = [*(REPOSITORY / "playbooks").glob("*.yml"), *(REPOSITORY / "playbooks" / "tasks").glob("*.yml")]
    lines = [line.strip() for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    at_the_ledger = [number for number, line in enumerate(lines) if line.startswith("delegate_to: \"{{ eccops_rapid_plan.ledger_host")]
    assert len(at_the_ledger) > 5
    assert all(lines[number + 1].startswith("connection: \"{{ eccops_rapid_plan.ledger_connection") for number in at_the_ledger)


def inventory_with(fleet, **shared):
    """Writes the fleet's inventory with variables for all hosts, the controller included; positions keep what they need to be reached."""
    path = fleet.write()
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["all"] = {"vars": shared}
    content["dispatch_workstations"]["vars"].update(ansible_become=False, ansible_shell_type="sh")
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("env", [{"ANSIBLE_STRATEGY": "free"}, {"ANSIBLE_STRATEGY": "host_pinned", "ANSIBLE_ANY_ERRORS_FATAL": "true"}, {
    "ANSIBLE_INJECT_FACT_VARS": "false", "ANSIBLE_GATHERING": "explicit", "ANSIBLE_DUPLICATE_YAML_DICT_KEY": "error"}])
def test_one_position_that_fails_leaves_the_others_collected(sandbox, tmp_path, run_playbook, env):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=4)
    first, *others = fleet.positions
    fleet.positions[first]["own_collect_argv"] = ["/bin/false"]
    run = run_playbook(ROTATE, {**ONE_WAVE, **OWN_COMMANDS}, inventory=fleet.write(), env=env)
    assert run.returncode == 2
    assert set(run.results("Require that the position has collected its credential", "failed")) == {first}
    assert [name for name in fleet.positions if fleet.collected(name)] == others and len(sandbox.effects("replace")) == 4
    del fleet.positions[first]["own_collect_argv"]
    assert run_playbook(ROTATE, ONE_WAVE, inventory=fleet.write(), env=env).returncode == 0
    assert_rotated_once(sandbox, fleet)


@pytest.mark.slow
def test_what_is_meant_for_positions_does_not_reach_the_controller(sandbox, tmp_path, run_playbook):
    """A become method that does not exist, and another shell: whatever used them on the controller would fail."""
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    inventory = inventory_with(fleet, ansible_become=True, ansible_become_method="no_such_method", ansible_shell_type="powershell")
    rotated = run_playbook(ROTATE, ONE_WAVE, inventory=inventory)
    assert rotated.returncode == 0, rotated.output
    assert_rotated_once(sandbox, fleet)
    checked = run_playbook(CHECK, {"check_launchers": True, "check_fail_on": "never"}, inventory=inventory)
    assert checked.returncode == 0, checked.output


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [
    ["--start-at-task", "Replace the credentials of the wave"], ["--start-at-task", "Take the wave from the plan"], ["--start-at-task", "Begin the wave"],
    ["--start-at-task", "Deliver the RequestId and collect the credential"], ["--start-at-task", "Check that the position is ready"], ["--skip-tags", "always"],
    ["--skip-tags", "preflight"], ["--tags", "whatever"]])
def test_nothing_is_replaced_without_its_preflight(sandbox, tmp_path, run_playbook, arguments):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    run = run_playbook(ROTATE, ONE_WAVE, inventory=fleet.write(), arguments=arguments)
    assert sandbox.effects() == [] and not any(fleet.place(name).joinpath("request.json").exists() for name in fleet.positions), run.output


@pytest.mark.slow
def test_one_position_that_cannot_be_read_is_its_own_problem(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=4)
    undefined, unknown_filter, number, fine = fleet.positions
    fleet.positions[undefined]["rapidauth_request_id"] = "{{ no_such_variable }}"
    fleet.positions[unknown_filter]["rapidauth_service_name"] = "{{ 'x' | no_such_filter }}"
    fleet.positions[number]["rapidauth_request_id"] = 57
    run = run_playbook(ROTATE, ONE_WAVE, inventory=fleet.write())
    assert run.returncode == 2 and sandbox.effects() == []
    reported = fail_message(run, PLAN)
    assert reported.startswith("Nothing was changed. ") and fine not in reported
    for name, reason in ((undefined, "no_such_variable"), (unknown_filter, "no_such_filter"), (number, "is not text, since YAML reads it as a number")):
        assert "%s: rapidauth_" % name in reported and reason in reported
    report = tmp_path / "report"
    checked = run_playbook(CHECK, {"check_fail_on": "never", "check_report_directory": str(report)}, inventory=fleet.write())
    assert checked.returncode == 0, checked.output
    content = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [each for each in found(content) if each[0] == "critical"] == [
        ("critical", "variables_unreadable", name) for name in (undefined, unknown_filter, number)]
    assert {row["name"]: row["state"] for row in content["credentials"]}[fine] != "unchecked"


@pytest.mark.slow
def test_a_first_position_without_a_connection_hides_nothing(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    first, second, _third = fleet.positions
    fleet.positions[first].update(ansible_connection="no_such_connection")
    fleet.positions[second].update(ansible_connection="ssh", ansible_host="{{ no_such_variable }}")
    report = tmp_path / "report"
    run = run_playbook(CHECK, {"check_launchers": True, "check_fail_on": "never", "check_report_directory": str(report)}, inventory=fleet.write())
    assert run.returncode == 0, run.output
    kinds = [each[1:] for each in found(json.loads((report / "report.json").read_text(encoding="utf-8")))]
    assert ("position_unreachable", first) in kinds and ("position_unreachable", second) in kinds and len(run.result("Show the findings")["msg"]) > 4


@pytest.mark.slow
@pytest.mark.parametrize("variables, reported", [
    ({"rotation_wave": 1}, "there is no variable rotation_wave; did you mean rotation_waves?"),
    ({"rotation_waves": "many"}, "rotation_waves is 'many'; give a list of whole numbers or percentages"),
    ({"rotation_collect_argv": "/opt/vendor/collect"}, "rotation_collect_argv is '/opt/vendor/collect'; give a list"),
    ({"rotation_id": 202610}, "rotation_id is not text, since YAML reads it as a number; put it in quotes"),
    ({"rapidauth_sac_passphrase": "secret\n"}, "rapidauth_sac_passphrase ends with a line break"),
    ({"eccops_rapid_plan": {}}, "eccops_rapid_plan is reserved for the playbooks"),
    ({"ansible_become": True}, "ansible_become was given with -e, which changes the controller's own tasks too"),
])
def test_values_as_people_mistype_them(sandbox, tmp_path, run_playbook, variables, reported):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=1)
    run = run_playbook(ROTATE, {**ONE_WAVE, **variables}, inventory=fleet.write())
    assert run.returncode == 2 and sandbox.effects() == []
    assert reported in fail_message(run, PLAN) and not {"get_request", "get_credential"} & set(sandbox.stats()["calls"])


@pytest.mark.slow
def test_waves_given_as_text(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    run = run_playbook(ROTATE, {"rotation_id": "2026q4", "rotation_waves": "[1,2]"}, inventory=fleet.write())
    assert run.returncode == 0, run.output
    assert [entry["effect"] for entry in sandbox.effects("replace", "collect")] == ["replace", "collect", "replace", "replace", "collect", "collect"]


@pytest.mark.slow
def test_another_url_of_the_same_service_does_not_replace_again(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    assert run_playbook(ROTATE, ONE_WAVE, inventory=fleet.write()).returncode == 0
    before, url = sandbox.effects("replace"), sandbox.values["rapidauth_api_url"]
    same = run_playbook(ROTATE, {**ONE_WAVE, "rapidauth_api_url": url.replace("localhost", "LOCALHOST") + "/"}, inventory=fleet.write())
    assert same.returncode == 0, same.output
    other = url.replace("localhost", "127.0.0.1") if "localhost" in url else url.replace("127.0.0.1", "localhost")
    moved = {**ONE_WAVE, "rotation_id": "2027q1", "rapidauth_api_url": other}
    refused = run_playbook(ROTATE, moved, inventory=fleet.write())
    assert refused.returncode == 2
    assert "set service_name to '%s'" % url in fail_message(refused, "Require the service and the ledger to answer")
    assert sandbox.effects("replace") == before
    named = run_playbook(ROTATE, {**moved, "rapidauth_service_name": url}, inventory=fleet.write())
    assert named.returncode == 0, named.output
    assert [entry["previous_request_id"] for entry in sandbox.effects("replace")[2:]] == [entry["request_id"] for entry in before]


@pytest.mark.slow
def test_the_plan_says_by_which_rotation_a_credential_was_replaced_last(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=1)
    first = run_playbook(ROTATE, ONE_WAVE, inventory=fleet.write())
    assert first.result("Show the plan")["msg"][-1].startswith("NEW LEDGER: there is none at ")
    again = run_playbook(ROTATE, {**ONE_WAVE, "rotation_id": "2026Q4"}, inventory=fleet.write(), check=True)
    assert again.result("Show the plan")["msg"][1].endswith("; last rotated less than a minute ago by 2026q4")
