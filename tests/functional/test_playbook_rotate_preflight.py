# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rotate_credentials changes nothing where something is not ready, and names the position and what to do."""

import os
import types

import harness
import pytest
from playbook_fleet import OWN_COMMANDS, Fleet, fail_message

pytestmark = pytest.mark.slow
PLAYBOOK = "eccops.rapid.rotate_credentials"
NOT_GIVEN = object()
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
PLAN = "Read and validate the fleet's variables"
LOOK = "Require the service and the ledger to answer"
READY = "Require every position to be ready"


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet", size=4)


@pytest.fixture(name="refused")
def fixture_refused(sandbox, fleet, run_playbook):
    """Runs a rotation that has to fail; returns the message of the task that it failed at."""

    def run(task_name, extra_vars=None, playbooks=run_playbook, **options):
        variables = {"rotation_id": "2026q4", **(extra_vars or {})}
        variables = {name: value for name, value in variables.items() if value is not NOT_GIVEN}
        done = playbooks(PLAYBOOK, variables, inventory=fleet.write(), **options)
        assert done.returncode == 2, done.output
        assert {"replace", "collect"} & set(sandbox.stats()["calls"]) == set(), done.output
        assert sandbox.effects("replace", "collect", "request", "patch") == []
        assert not any(fleet.place(position).joinpath("request.json").exists() for position in fleet.positions)
        reported = fail_message(done, task_name)
        assert not reported.startswith("Nothing was changed.") or not any(counts["changed"] for counts in done.recap.values()), done.recap
        return reported

    return run


def test_credentials_that_cannot_be_replaced(sandbox, fleet, refused):
    names = list(fleet.positions)
    fleet.positions[names[0]]["rapidauth_request_id"] = UNKNOWN_ID
    for number, change in ((1, {"status": "Expired"}), (2, {"prevent_collection": True})):
        assert sandbox.admin("PATCH", "/credentials/" + sandbox.fleet[number]["request_id"], change).status_code == 200
    reported = refused("Require that every position can be rotated")
    assert reported.startswith("Nothing was changed. %s: " % names[0]) and reported.endswith("Fix them, or leave them out with --limit.")
    for name, reason in zip(names, ("the service knows neither the RequestId nor AnonId", "it is Expired", "its collection is prevented")):
        assert "%s: %s" % (name, reason) in reported
    assert names[3] not in reported
    assert not fleet.ledger_path.exists()


def test_look_ups_that_fail_leave_it_open_what_to_do(sandbox, fleet, refused):
    first = next(iter(fleet.positions))
    matching = {"request_id": fleet.positions[first]["rapidauth_request_id"]}
    sandbox.fault("get_request", "error_after_effect_empty_500", count=None, matching=matching)
    reported = refused("Require that every position can be rotated")
    assert reported.startswith("Nothing was changed. %s: " % first) and "HTTP 500" in reported
    sandbox.switch(maintenance=True, status_maintenance=400)  # a status that is not asked again
    assert "maintenance" in refused("Require that every position can be rotated")


@pytest.mark.parametrize(("changes", "reported"), [
    ({"rapidauth_request_id": "not-a-guid"}, "{0}: RequestId 'not-a-guid' is malformed"),
    ({"rapidauth_request_id": ""}, "{0}: it has no RequestId; set rapidauth_request_id"),
    ({"rotation_anon_id": "someone@example.org"}, "{0}: AnonId 'someone@example.org'"),
    ({"rotation_anon_id": "x" * 65}, "{0}: AnonId"),
    ({"rotation_anon_id": "the-same"}, "{1}: it has the same AnonId as {0}: the-same"),
    ({"rapidauth_request_id": None}, "{1}: it has the same RequestId as {0}"),
])
def test_ids_that_cannot_be_right(fleet, refused, changes, reported):
    names = list(fleet.positions)
    fleet.positions[names[1]]["rotation_anon_id"] = "the-same"
    if changes == {"rapidauth_request_id": None}:
        changes = {"rapidauth_request_id": fleet.positions[names[1]]["rapidauth_request_id"].upper()}
    fleet.positions[names[0]].update(changes)
    assert reported.format(*names) in refused(PLAN)
    assert not fleet.ledger_path.exists()


@pytest.mark.parametrize("rotation_id", [NOT_GIVEN, None, "", "a b", "x" * 25, "2026q4\n", "../../elsewhere"])
def test_a_rotation_id_is_needed_and_well_formed(refused, rotation_id):
    reported = refused(PLAN, {"rotation_id": rotation_id})
    assert reported.startswith("Nothing was changed. ")
    assert "give rotation_id, which names this rotation" in reported or "must be 1 to 24 of a-z A-Z 0-9 _ and -" in reported


def test_a_rotation_over_two_sacs(fleet, refused):
    first, *_others = fleet.positions
    fleet.positions[first]["rapidauth_sac_content"] = "MARKER-of-another-SAC"
    reported = refused(PLAN)
    assert reported.startswith("Nothing was changed. the positions have more than one rapidauth_sac_content;")
    assert "MARKER" not in reported and "with --limit" in reported


def test_sacs_that_do_not_work(sandbox, refused):
    assert "check sac_passphrase" in refused(LOOK, {"rapidauth_sac_passphrase": "wrong"})
    expired = sandbox.values["sandbox_sacs"]["expired"]
    reported = refused(LOOK, {"rapidauth_sac_path": expired["combined_path"], "rapidauth_sac_passphrase": expired["passphrase"]})
    assert "expired on" in reported and "download a new SAC" in reported
    assert {"get_request", "get_credential"} & set(sandbox.stats()["calls"]) == set()


def test_a_ledger_that_cannot_be_kept(fleet, refused, tmp_path):
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("a file, not a directory", encoding="utf-8")
    fleet.ledger_path = in_the_way / "ledger.sqlite"
    assert str(fleet.ledger_path) in refused("Require the service and the ledger to be usable")
    fleet.ledger_path = tmp_path / "notes.txt"
    fleet.ledger_path.write_text("Call the vendor on Monday", encoding="utf-8")
    fleet.ledger_path.chmod(0o600)
    assert str(fleet.ledger_path) in refused(LOOK)
    assert fleet.ledger_path.read_text(encoding="utf-8") == "Call the vendor on Monday"


def test_positions_that_are_not_ready_are_all_named(fleet, tmp_path, refused):
    unreachable, not_a_directory, without_program, fine = fleet.positions
    fleet.positions[unreachable].update({"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1})
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("a file, not a directory", encoding="utf-8")
    fleet.positions[not_a_directory]["rotation_request_path"] = str(in_the_way / "request.json")
    fleet.positions[without_program]["own_collect_argv"] = [str(tmp_path / "no-such-program"), "{request_path}"]
    reported = refused(READY, OWN_COMMANDS)
    nothing, *named, advice = reported.replace("Nothing was replaced. ", "Nothing was replaced. | ").split(" | ")
    assert (nothing, advice) == ("Nothing was replaced.", "Fix them, or leave them out with --limit.")
    assert [text.split(":")[0] for text in named] == [unreachable, not_a_directory, without_program]
    assert named[0] == unreachable + ": it cannot be reached (Connection refused); switch it on, or correct how Ansible connects to it"
    assert "%s is not a directory" % in_the_way in named[1]
    assert "no-such-program' does not exist on this position" in named[2]
    assert [path.name for path in fleet.place(fine).iterdir()] == []  # what was written to try it is gone


def test_a_position_that_could_not_be_sent_the_request_id_safely(fleet, refused):
    first, second, *_others = fleet.positions
    fleet.positions[first]["ansible_connection"] = "talkative"
    reported = refused(READY, env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert reported.startswith("Nothing was replaced. %s: " % first) and "unset ANSIBLE_KEEP_REMOTE_FILES" in reported and second not in reported


def test_a_position_without_a_way_to_collect(sandbox, fleet, tmp_path, refused):
    connection = tmp_path / "connection.yml"  # as at a site: nothing but the service and its SAC
    lines = sandbox.connection_path.read_text(encoding="utf-8").splitlines()
    connection.write_text("\n".join(line for line in lines if not line.startswith(("sandbox_", "rotation_"))), encoding="utf-8")
    first, second, third, fourth = fleet.positions
    fleet.positions[second]["rotation_collect_argv"] = ["/bin/true"]
    site = harness.Playbooks(types.SimpleNamespace(connection_path=connection), tmp_path / "site")
    reported = refused(PLAN, playbooks=site)
    assert "%s, %s, %s: it has no rotation_collect_argv, the command that makes it collect" % (first, third, fourth) in reported and second not in reported


def test_check_mode_finds_what_is_in_the_way_and_makes_nothing(fleet, tmp_path, refused):
    first, *others = fleet.positions
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("a file, not a directory", encoding="utf-8")
    fleet.positions[first]["rotation_request_path"] = str(in_the_way / "deeper" / "request.json")
    reported = refused(READY, check=True)
    assert reported.startswith("Nothing was replaced. %s: %s is not a directory; " % (first, in_the_way))
    assert not any(fleet.place(name).exists() for name in others)


def test_a_directory_that_may_not_be_written_to(fleet, refused):
    first = next(iter(fleet.positions))
    fleet.place(first).mkdir(parents=True, mode=0o500)
    if os.access(fleet.place(first), os.W_OK):
        pytest.skip("this account may write where a directory's mode forbids it; run the tests as an ordinary user to see this one")
    reported = refused(READY)
    assert reported.startswith("Nothing was replaced. %s: " % first) and "not writable" in reported


def test_preflight_alone_replaces_nothing(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=1)
    run = run_playbook(PLAYBOOK, {"rotation_id": "2026q4"}, inventory=fleet.write(), arguments=["--tags", "preflight"])
    assert run.returncode == 0, run.output
    plan = run.result("Show the plan")["msg"]
    assert len(plan) == 1 + 1 + 1 + 1 and plan[-1].startswith("NEW LEDGER: there is none at %s yet." % fleet.ledger_path)
    assert sandbox.effects() == []
    assert not fleet.ledger_path.exists()


def test_a_rotation_of_nothing_fails(fleet, refused):
    reported = refused("Require a fleet to rotate", {"rapidauth_positions": "spare_workstations"})
    assert reported.startswith("There is nothing to rotate: the inventory has no host in 'spare_workstations'")
    fleet.positions = {}
    assert "by --limit, has no host in 'dispatch_workstations'" in refused("Require a fleet to rotate", arguments=["--limit", "localhost"])
