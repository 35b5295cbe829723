# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that block_credentials blocks the credentials of the lost devices and of no others, verifies it, and lists their AnonIds."""

import json

import pytest
from playbook_fleet import Fleet, fail_message

PLAYBOOK = "eccops.rapid.block_credentials"


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet", size=4)


def blocked(sandbox):
    return [number for number, each in enumerate(sandbox.fleet) if sandbox.row(each["request_id"])["prevent_collection"]]


def test_the_lost_devices_are_blocked_and_no_others(sandbox, fleet, run_playbook):
    names, inventory = list(fleet.positions), fleet.write()
    anon_ids = {each["position"]: each["anon_id"] for each in sandbox.fleet}
    lost = {"blocked_positions": "%s, %s" % (names[1], names[2])}
    sandbox.switch(writes_refused=True)
    rehearsed = run_playbook(PLAYBOOK, lost, inventory=inventory, check=True)
    assert rehearsed.returncode == 0, rehearsed.output
    heading, listed = rehearsed.result("List what the relying party must block now")["msg"]
    assert heading.startswith("Collection would be prevented.")
    assert listed == {name: anon_ids[name] for name in names[1:3]}
    assert sandbox.stats()["refused_writes"] == 0
    sandbox.switch(writes_refused=False)

    run = run_playbook(PLAYBOOK, lost, inventory=inventory)
    assert run.returncode == 0, run.output
    heading, listed = run.result("List what the relying party must block now")["msg"]
    assert heading == "Collection is prevented. The devices keep working until the relying party refuses their AnonIds"
    assert listed == {name: anon_ids[name] for name in names[1:3]}
    assert blocked(sandbox) == [1, 2]
    assert [entry["outcome"] for entry in sandbox.effects("patch")] == ["done", "done"]
    assert sandbox.stats()["calls"]["get_request"]["GET"] >= 2 + 2 * 2  # looked at before and after

    again = run_playbook(PLAYBOOK, {"blocked_positions": names[1:3]}, inventory=inventory)
    assert again.returncode == 0
    assert {host: counts["changed"] for host, counts in again.recap.items() if counts["changed"]} == {}
    assert again.result("List what the relying party must block now")["msg"][1] == listed
    assert len(sandbox.effects("patch")) == 2


def test_who_blocked_what_is_recorded_where_the_site_wants_it(sandbox, fleet, run_playbook, tmp_path):
    names, inventory = list(fleet.positions), fleet.write()
    own, usual = tmp_path / "own.jsonl", run_playbook.home / ".local" / "state" / "eccops.rapid" / "audit.jsonl"
    for name, told, options in ((names[0], usual, {"check": True}), (names[0], usual, {}), (names[1], own, {}), (names[2], None, {})):
        variables = {"blocked_positions": name, **({} if told is usual else {"rapidauth_audit_log_path": str(told or "")})}
        run = run_playbook(PLAYBOOK, variables, inventory=inventory, **options)
        assert run.returncode == 0, run.output
        assert usual.exists() is not bool(options)  # a rehearsal leaves nothing
    for path, name in ((usual, names[0]), (own, names[1])):
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        assert [(line["event"], line["outcome"]) for line in lines] == [("credential_patch", "begun"), ("credential_patch", "succeeded")]
        assert {line["subject"]["request_id"] for line in lines} == {fleet.request_ids[name]}
    assert blocked(sandbox) == [0, 1, 2]


def test_an_unknown_credential_fails_and_the_others_are_blocked(sandbox, fleet, run_playbook):
    names = list(fleet.positions)
    fleet.positions[names[0]]["rapidauth_request_id"] = "00000000-0000-4000-8000-000000000000"
    del fleet.positions[names[3]]["rapidauth_request_id"]
    run = run_playbook(PLAYBOOK, {"blocked_positions": "dispatch_workstations"}, inventory=fleet.write())
    assert run.returncode == 2
    told = run.results("Prevent collection", "failed")
    assert set(told) == {names[0], names[3]}
    assert "no such credential" in told[names[0]]["msg"] and "rapidauth_request_id" in told[names[3]]["msg"]
    assert blocked(sandbox) == [1, 2]
    assert set(run.result("List what the relying party must block now")["msg"][1]) == set(names[1:3])


def test_a_patch_that_does_not_take_fails(sandbox, fleet, run_playbook):
    name = next(iter(fleet.positions))
    sandbox.fault("patch_request", "html")
    run = run_playbook(PLAYBOOK, {"blocked_positions": name}, inventory=fleet.write())
    assert run.returncode == 2
    assert fail_message(run, "Prevent collection")
    assert blocked(sandbox) == [] and sandbox.effects("patch") == []


@pytest.mark.parametrize(("extra_vars", "arguments", "told"), [
    ({}, [], "Set blocked_positions to the positions whose devices are lost. Nothing was changed."),
    ({"blocked_positions": ""}, [], "Nothing was changed."),
    ({"blocked_positions": "north-01,north-99"}, [], "'north-99' of blocked_positions matches no host of the inventory. Nothing was changed."),
    ({"blocked_positions": "north-01,north-02"}, ["--limit", "north-02"],
     "'north-01' of blocked_positions matches no host of the inventory that --limit leaves."),
    ({}, ["--limit", "north-01"], "Set blocked_positions to the positions whose devices are lost. Nothing was changed."),
])
def test_nothing_is_blocked_unless_every_lost_position_is_known(sandbox, fleet, run_playbook, extra_vars, arguments, told):
    run = run_playbook(PLAYBOOK, extra_vars, inventory=fleet.write(), arguments=arguments)
    assert run.returncode == 2
    assert told in run.output
    assert blocked(sandbox) == [] and sandbox.effects() == []
