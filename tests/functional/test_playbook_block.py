# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that block_credentials blocks the credentials of the lost devices and of no others, verifies it, and lists their AnonIds."""


import json

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._options import service_name
from playbook_fleet import Fleet, fail_message

pytestmark = pytest.mark.slow
PLAYBOOK = "eccops.rapid.block_credentials"
PLAN, PREVENT = "Read and validate the lost positions", "Prevent collection"
LIST, REQUIRE = "List the AnonIds that the relying party must block", "Require that every credential is blocked"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet", size=4)


def blocked(sandbox):
    return [number for number, each in enumerate(sandbox.fleet) if sandbox.row(each["request_id"])["prevent_collection"]]


def prevented(run):
    """{position: [its entries]} of all services of a run."""
    positions = {}
    (result,) = run.results(PREVENT).values()
    for each in result["results"]:
        positions.update(each.get("positions", {}))
    return positions


def rotate(run_playbook, fleet, inventory, rotation_id, name, is_collected=True):
    """Rotates one position; returns the new RequestId. Without collecting it fails, as it does when the device is off."""
    variables = {"rotation_id": rotation_id}
    if not is_collected:
        variables.update(rotation_collect_argv=["/bin/false"], rotation_collection_minutes=0.05)
    run = run_playbook("eccops.rapid.rotate_credentials", variables, inventory=inventory, arguments=["--limit", name + ",localhost"])
    assert run.returncode == (0 if is_collected else 2), run.output
    return fleet.ledger()[name]


def test_the_lost_devices_are_blocked_and_no_others(sandbox, fleet, run_playbook):
    names, inventory = list(fleet.positions), fleet.write()
    anon_ids = {each["position"]: each["anon_id"] for each in sandbox.fleet}
    lost = {"blocked_positions": "%s, %s" % (names[1], names[2])}
    sandbox.switch(writes_refused=True)
    rehearsed = run_playbook(PLAYBOOK, lost, inventory=inventory, check=True)
    assert rehearsed.returncode == 0, rehearsed.output
    lines = rehearsed.result(LIST)["msg"]
    assert lines[0].startswith("NO LEDGER at %s: " % fleet.ledger_path) and lines[1].startswith("Collection would be prevented. ")
    for line, name in zip(lines[3:], names[1:3]):
        assert line.split(None, 3) == [name, anon_ids[name], "Collected", "would be prevented, the device holds it"]
    assert sandbox.stats()["refused_writes"] == 0
    sandbox.switch(writes_refused=False)

    run = run_playbook(PLAYBOOK, lost, inventory=inventory)
    assert run.returncode == 0, run.output
    assert run.result(LIST)["msg"][1] == "Collection is prevented. The devices keep working until the relying party refuses all of these AnonIds:"
    assert prevented(run) == {name: [{
        "anon_id": anon_ids[name], "request_id": fleet.request_ids[name], "status": "Collected", "is_prevented": True, "is_held_by_device": True,
    }] for name in names[1:3]}
    assert blocked(sandbox) == [1, 2]
    assert [entry["outcome"] for entry in sandbox.effects("patch")] == ["done", "done"]
    assert sandbox.stats()["calls"]["get_request"]["GET"] >= 2 + 2 * 2  # looked at before and after

    again = run_playbook(PLAYBOOK, {"blocked_positions": names[1:3]}, inventory=inventory)
    assert again.returncode == 0
    assert {host: counts["changed"] for host, counts in again.recap.items() if counts["changed"]} == {}
    assert prevented(again) == prevented(run)
    assert len(sandbox.effects("patch")) == 2
    assert not fleet.ledger_path.exists()


def test_every_credential_of_a_history_is_blocked_and_the_one_in_the_device_is_marked(sandbox, fleet, run_playbook):
    name, other = list(fleet.positions)[:2]
    inventory = fleet.write()
    first = fleet.request_ids[name]
    second = rotate(run_playbook, fleet, inventory, "2026q1", name)
    third = rotate(run_playbook, fleet, inventory, "2026q2", name, is_collected=False)
    client_name = service_name(sandbox.values["rapidauth_api_url"])
    (created,) = sandbox.admin("POST", "/credentials", {"count": 1, "prefix": "left-open-", "status": "Requested"}).json()["credentials"]
    with LedgerRecord(str(fleet.ledger_path), client_name) as record:  # an answer that was lost, and one that came to nothing
        for anon_id in (created["anon_id"], "came-to-nothing"):
            record.intend({"position": name, "rotation_id": anon_id, "original_request_id": first, "request_id": third, "old_anon_id": None,
                           "new_anon_id": anon_id})
            record.complete(anon_id, "unresolved", error="the answer was lost")
    lost = {"blocked_positions": name}
    before = len(sandbox.effects("patch"))
    rehearsed = run_playbook(PLAYBOOK, lost, inventory=inventory, check=True)
    assert rehearsed.returncode == 0, rehearsed.output
    assert len(sandbox.effects("patch")) == before
    run = run_playbook(PLAYBOOK, lost, inventory=inventory)
    assert run.returncode == 0, run.output
    entries = prevented(run)[name]
    wanted = [each for each in (first, second, third, created["request_id"]) if sandbox.row(each)["status"] != "Expired"]
    assert {first, second, created["request_id"]} <= set(wanted)
    assert [each["request_id"] for each in entries] == wanted
    assert [each["request_id"] for each in entries if each["is_held_by_device"]] == [second]
    assert [each["anon_id"] for each in entries] == [sandbox.row(each)["anon_id"] for each in wanted]
    assert all(each["is_prevented"] and sandbox.row(each["request_id"])["prevent_collection"] for each in entries)
    assert [line for line in run.result(LIST)["msg"] if line.endswith("the device holds it")] != []
    assert not sandbox.row(fleet.request_ids[other])["prevent_collection"]
    again = run_playbook(PLAYBOOK, lost, inventory=inventory)
    assert again.returncode == 0 and prevented(again) == {name: entries}
    assert not any(counts["changed"] for counts in again.recap.values())


def test_what_the_service_has_forgotten_is_listed_all_the_same(sandbox, fleet, run_playbook):
    name, inventory = next(iter(fleet.positions)), fleet.write()
    first = sandbox.row(fleet.request_ids[name])["anon_id"]
    sandbox.switch(old_request_after_replace="removed")
    second = rotate(run_playbook, fleet, inventory, "2026q1", name, is_collected=False)
    run = run_playbook(PLAYBOOK, {"blocked_positions": name}, inventory=inventory)
    assert run.returncode == 0, run.output
    forgotten, newest = prevented(run)[name]
    assert (forgotten["anon_id"], forgotten["status"], forgotten["is_held_by_device"]) == (first, None, True)
    assert (newest["request_id"], newest["is_prevented"], newest["is_held_by_device"]) == (second, True, False)


def test_centers_with_sacs_of_their_own_are_blocked_in_one_run(sandbox, fleet, run_playbook):
    names = list(fleet.positions)
    other = sandbox.values["sandbox_sacs"]["foreign_authority"]
    service = {name: sandbox.values[name] for name in ("rapidauth_sac_path", "rapidauth_sac_passphrase")}
    for number, name in enumerate(names):
        own = service if number != 1 else {"rapidauth_sac_path": other["combined_path"], "rapidauth_sac_passphrase": other["passphrase"]}
        fleet.positions[name].update({"site_" + each: value for each, value in own.items()})
    fleet.positions[names[1]]["ecc"] = "another-center"  # within a center what is written alike has one value
    variables = {"blocked_positions": names[:3], **{each: "{{ site_%s }}" % each for each in service}}
    run = run_playbook(PLAYBOOK, variables, inventory=fleet.write())
    assert run.returncode == 2
    (result,) = run.results(PREVENT).values()
    assert len(result["results"]) == 2
    assert names[1] in fail_message(run, REQUIRE) and names[0] not in fail_message(run, REQUIRE)
    assert blocked(sandbox) == [0, 2]
    assert other["passphrase"] not in run.output and service["rapidauth_sac_passphrase"] not in run.output


def test_who_blocked_what_is_recorded_where_the_site_wants_it(sandbox, fleet, run_playbook, tmp_path):
    names, inventory = list(fleet.positions), fleet.write()
    own, usual = tmp_path / "own.jsonl", run_playbook.home / ".local" / "state" / "eccops.rapid" / "audit.jsonl"
    for name, reported, options in ((names[0], usual, {"check": True}), (names[0], usual, {}), (names[1], own, {}), (names[2], None, {})):
        variables = {"blocked_positions": name, **({} if reported is usual else {"rapidauth_audit_log_path": str(reported or "")})}
        run = run_playbook(PLAYBOOK, variables, inventory=inventory, **options)
        assert run.returncode == 0, run.output
        assert usual.exists() is not bool(options)  # a rehearsal leaves nothing
    for path, name in ((usual, names[0]), (own, names[1])):
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        assert [(line["event"], line["outcome"]) for line in lines] == [("credential_patch", "begun"), ("credential_patch", "succeeded")]
        assert {line["subject"]["request_id"] for line in lines} == {fleet.request_ids[name]}
    assert blocked(sandbox) == [0, 1, 2]


def test_failures_of_some_are_reported_at_the_end_and_the_others_are_blocked(sandbox, fleet, run_playbook):
    names = list(fleet.positions)
    fleet.positions[names[0]]["rapidauth_request_id"] = UNKNOWN_ID
    sandbox.fault("patch_request", "html", count=None, matching={"request_id": fleet.positions[names[1]]["rapidauth_request_id"]})
    run = run_playbook(PLAYBOOK, {"blocked_positions": "dispatch_workstations"}, inventory=fleet.write())
    assert run.returncode == 2
    reported = fail_message(run, REQUIRE)
    assert reported.startswith("2 of 4 positions are not blocked: %s: the service has no credential for it; check rapidauth_request_id" % names[0])
    assert " | %s: " % names[1] in reported and names[2] not in reported
    assert blocked(sandbox) == [2, 3]
    lines = "\n".join(run.result(LIST)["msg"])
    assert lines.count("NOT BLOCKED") == 2 and "NOT prevented" in lines
    assert run.recap["localhost"]["changed"] == 1


@pytest.mark.parametrize(("env", "shared"), [
    ({"ANSIBLE_STRATEGY": "free", "ANSIBLE_ANY_ERRORS_FATAL": "true"}, {}),
    ({"ANSIBLE_STRATEGY": "host_pinned"}, {"ansible_become": True, "ansible_become_method": "ansible.builtin.su", "ansible_shell_type": "powershell"}),
])
def test_what_a_site_sets_for_all_changes_nothing(sandbox, fleet, run_playbook, env, shared):
    for variables in fleet.positions.values():
        variables.update(shared)
    path = fleet.write()
    content = path.read_text(encoding="utf-8")
    if shared:
        path.write_text(content + "all:\n  vars: %s\n" % json.dumps(shared), encoding="utf-8")
    run = run_playbook(PLAYBOOK, {"blocked_positions": "dispatch_workstations"}, inventory=path, env=env)
    assert run.returncode == 0, run.output
    assert blocked(sandbox) == [0, 1, 2, 3]
    assert list(prevented(run)) == list(fleet.positions)


def test_the_host_of_the_ledger_is_asked_by_its_own_connection(fleet, run_playbook):
    """As most inventories have it: nothing says how it is reached, and the play's own connection is local. So is localhost, if it is listed."""
    content = fleet.write().read_text(encoding="utf-8")
    keeper = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_pipelining": True}
    fleet.directory.joinpath("fleet.yml").write_text(content + "all:\n  hosts: %s\n" % json.dumps({"localhost": None, "keeper": keeper}), encoding="utf-8")
    variables = {"blocked_positions": "north-01", "rapidauth_ledger_host": "keeper"}
    run = run_playbook(PLAYBOOK, variables, inventory=fleet.directory / "fleet.yml", check=True, verbosity=3, env={"ANSIBLE_TRANSPORT": "talkative"})
    assert run.returncode == 0 and "TOLD BY THE CONNECTION" in run.output, run.output


@pytest.mark.parametrize(("extra_vars", "arguments", "reported"), [
    ({}, [], "blocked_positions is not set; set it to the positions that are meant"),
    ({"blocked_positions": ""}, [], "blocked_positions is not set"),
    ({"blocked_positions": 12}, [], "blocked_positions[0] is not text, since YAML reads it as a number; put it in quotes"),
    ({"blocked_positions": [12, "007"]}, [], "blocked_positions[0] is not text, since YAML reads it as a number; put it in quotes"),
    ({"blocked_positions": {"north-01": True}}, [], "is not text, since YAML reads it as a mapping"),
    ({"blocked_positions": "north-01,!north-01"}, [], "blocked_positions leaves no host"),
    ({"blocked_position": "north-01"}, [], "blocked_positions is not set"),
    ({"blocked_positions": "north-01,north-99"}, [], "'north-99' of blocked_positions matches no host of the inventory that this run may use"),
    ({"blocked_positions": "north-01,north-02"}, ["--limit", "north-02"],
     "'north-01' of blocked_positions matches no host of the inventory that this run may use; see --limit"),
    ({}, ["--limit", "north-01"], "blocked_positions is not set"),
    ({"blocked_positions": "north-01", "rapidauth_ledger_host": "north-02"}, [], "rapidauth_ledger_host is north-02, a position"),
    ({"blocked_positions": "north-01", "rapidauth_sac_passphrase": "one\n"}, [], "rapidauth_sac_passphrase ends with a line break"),
])
def test_nothing_is_blocked_unless_every_lost_position_is_known(sandbox, fleet, run_playbook, extra_vars, arguments, reported):
    run = run_playbook(PLAYBOOK, extra_vars, inventory=fleet.write(), arguments=arguments)
    assert run.returncode == 2
    message = fail_message(run, PLAN)
    assert message.startswith("Nothing was changed. ") and reported in message
    assert blocked(sandbox) == [] and sandbox.effects() == []


def test_positions_without_a_credential_of_their_own_are_refused_all_at_once(sandbox, fleet, run_playbook):
    names = list(fleet.positions)
    del fleet.positions[names[0]]["rapidauth_request_id"]
    fleet.positions[names[2]]["rapidauth_request_id"] = "not-a-guid"
    run = run_playbook(PLAYBOOK, {"blocked_positions": "dispatch_workstations"}, inventory=fleet.write())
    assert run.returncode == 2
    reported = fail_message(run, PLAN)
    assert "%s: it has no RequestId; set rapidauth_request_id" % names[0] in reported and "%s: RequestId 'not-a-guid' is malformed" % names[2] in reported
    assert sandbox.effects() == []


@pytest.mark.parametrize("arguments", [["--start-at-task", PREVENT], ["--tags", "other"], ["--skip-tags", "always"]], ids=lambda each: each[0][2:])
def test_nothing_is_blocked_without_its_preflight(sandbox, fleet, run_playbook, arguments):
    fleet.positions["north-01"]["rapidauth_request_id"] = "not-a-guid"
    run = run_playbook(PLAYBOOK, {"blocked_positions": "north-01,north-02"}, inventory=fleet.write(), arguments=arguments)
    assert blocked(sandbox) == [] and sandbox.effects() == []
    if arguments[0] == "--start-at-task":
        assert "Nothing is blocked without a plan from the same run" in fail_message(run, REQUIRE)
