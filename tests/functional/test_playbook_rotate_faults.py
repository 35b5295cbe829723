# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rotate_credentials, whatever breaks in the middle of a wave, replaces once, names what is not done, and is finished by a rerun."""

import shutil

import pytest
from playbook_fleet import Fleet, fail_message

PLAYBOOK = "eccops.rapid.rotate_credentials"
VERDICT = "Require that the position has collected its credential"
ONE_WAVE = {"rotation_id": "2026q4", "rotation_waves": [20]}

pytestmark = pytest.mark.slow


def make_fleet(sandbox, tmp_path, size):
    fleet = Fleet(sandbox, tmp_path / "fleet", size)
    return fleet, list(fleet.positions), fleet.write()


def of(sandbox, position, **more):
    """Returns a fault's arguments that keep it to one position's credential."""
    (request_id,) = [each["request_id"] for each in sandbox.fleet if each["position"] == position]
    return {"matching": {"request_id": request_id}, **more}


def successors(sandbox, fleet):
    """Asserts that nothing was replaced twice; returns {position: RequestId of its replacement}."""
    replaced = sandbox.effects("replace")
    by_original = {entry["previous_request_id"]: entry["request_id"] for entry in replaced}
    assert len(by_original) == len(replaced)
    found = {name: by_original.get(variables["rapidauth_request_id"]) for name, variables in fleet.positions.items()}
    return {name: request_id for name, request_id in found.items() if request_id}


def assert_finished(sandbox, fleet, run):
    assert run.returncode == 0, run.output
    after = successors(sandbox, fleet)
    assert after == {name: fleet.collected(name) for name in fleet.positions}
    assert fleet.ledger() == after
    assert all(sandbox.row(request_id)["status"] == "Collected" for request_id in after.values())


def test_lost_answers_in_the_middle_of_a_wave(sandbox, tmp_path, run_playbook):
    fleet, (cut, empty, garbled, refused), inventory = make_fleet(sandbox, tmp_path, 4)
    sandbox.fault("replace", "disconnect_after_effect", **of(sandbox, cut))
    sandbox.fault("replace", "error_after_effect_empty_500", **of(sandbox, empty))
    sandbox.fault("replace", "truncated_json", **of(sandbox, garbled))
    sandbox.fault("replace", "unavailable", **of(sandbox, refused))
    first = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory)
    assert first.returncode == 2
    after = successors(sandbox, fleet)
    assert set(after) == {cut, empty, garbled}
    assert {name: fleet.collected(name) for name in after} == after  # the wave went on for all that were replaced
    reported = first.results(VERDICT, "failed")
    assert set(reported) == {refused}
    assert reported[refused]["msg"].startswith(refused + " is not done: ") and "HTTP 503" in reported[refused]["msg"]
    assert reported[refused]["msg"].endswith("Run the same rotation again: it looks first, and replaces nothing twice.")
    assert_finished(sandbox, fleet, run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory))


def test_one_position_that_breaks_after_its_replacement(sandbox, tmp_path, run_playbook):
    """Delivery fails for one, collecting for another: the rest of the wave is collected, and a rerun finishes both."""
    fleet, (gone, slow, uncollected, fine), inventory = make_fleet(sandbox, tmp_path, 4)
    sandbox.fault("replace", "latency", seconds=2, **of(sandbox, slow))
    broken = []

    def break_once_replaced(_process):
        after = successors(sandbox, fleet)
        if not broken and {gone, uncollected} <= set(after):  # the slow one keeps the wave from going on meanwhile
            shutil.rmtree(fleet.place(gone))
            fleet.place(gone).write_text("in the way", encoding="utf-8")
            sandbox.fault("collect", "bad_gateway", matching={"request_id": after[uncollected]})
            broken.append(True)

    first = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory, while_running=break_once_replaced)
    assert broken and first.returncode == 2
    after = successors(sandbox, fleet)
    assert set(after) == {gone, slow, uncollected, fine}
    reported = {name: result["msg"] for name, result in first.results(VERDICT, "failed").items()}
    assert set(reported) == {gone, uncollected}
    for name, reason in ((gone, "the RequestId cannot be delivered to "), (uncollected, "")):
        assert reported[name].startswith("%s is not done: the service says Requested. %s" % (name, reason))
        assert "Run the same rotation again within minutes, before the replacement lapses" in reported[name]
    assert "HTTP 502" in reported[uncollected]
    assert fleet.ledger() == after

    fleet.place(gone).unlink()
    assert_finished(sandbox, fleet, run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory))
    assert successors(sandbox, fleet) == after


def test_replacements_that_lapsed_uncollected(sandbox, tmp_path, run_playbook):
    fleet, (lapsed, fine), inventory = make_fleet(sandbox, tmp_path, 2)
    sandbox.fault("collect", "gateway_timeout", count=None)
    assert run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory, arguments=["--limit", lapsed]).returncode == 2
    sandbox.admin("DELETE", "/faults")
    (lost,) = successors(sandbox, fleet).values()
    sandbox.advance(minutes=11)
    # Its predecessor is replaced once more, under an AnonId of its own; the other position as ever.
    second = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory)
    assert second.returncode == 0, second.output
    replaced = sandbox.effects("replace")
    assert [entry["previous_request_id"] for entry in replaced].count(fleet.positions[lapsed]["rapidauth_request_id"]) == 2
    assert [entry["anon_id"] for entry in replaced if entry["anon_id"].endswith("-2")] == [replaced[0]["anon_id"] + "-2"]
    assert fleet.ledger() == {lapsed: fleet.collected(lapsed), fine: fleet.collected(fine)}
    assert lost not in fleet.ledger().values()


def test_a_replacement_that_lapses_twice_is_reported(sandbox, tmp_path, run_playbook):
    fleet, (lapsed,), inventory = make_fleet(sandbox, tmp_path, 1)
    sandbox.fault("collect", "gateway_timeout", count=None)
    for _run in range(2):
        assert run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory).returncode == 2
        sandbox.advance(minutes=11)
    third = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory)
    assert third.returncode == 2
    reported = fail_message(third, "Require that every position can be rotated")
    assert reported.startswith("Nothing was changed. %s: " % lapsed) and "is Expired" in reported
    assert len(sandbox.effects("replace")) == 2


def test_a_certificate_that_was_lost_on_its_way_is_noticed(sandbox, tmp_path, run_playbook):
    """The service says Collected, and the position has nothing: no run may call that done."""
    fleet, (only,), inventory = make_fleet(sandbox, tmp_path, 1)
    sandbox.fault("collect", "disconnect_after_effect")
    for _run in range(2):
        run = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory)
        assert run.returncode == 2
        reported = fail_message(run, VERDICT)
        assert reported.startswith(only + " is not done: the service says Collected. ") and "collect_credential: " in reported
        assert reported.endswith("give the position another rotation_anon_id.")
    assert len(sandbox.effects("replace")) == 1
    fixed = {**ONE_WAVE, "rotation_anon_id": "fixed-2026q4"}
    run = run_playbook(PLAYBOOK, fixed, inventory=inventory)
    assert run.returncode == 0, run.output
    assert [entry["anon_id"] for entry in sandbox.effects("replace")][1:] == ["fixed-2026q4"]
    assert fleet.ledger() == {only: fleet.collected(only)}


def test_a_confirmation_that_fails_records_nothing_as_done(sandbox, tmp_path, run_playbook):
    fleet, (only,), inventory = make_fleet(sandbox, tmp_path, 1)

    def go_dark(_process):
        if sandbox.effects("collect") and not sandbox.admin("GET", "/switches").json()["maintenance"]:
            sandbox.switch(maintenance=True, status_maintenance=400)  # a status that is not asked again

    run = run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory, while_running=go_dark)
    assert run.returncode == 2
    assert "maintenance" in fail_message(run, VERDICT)
    assert fleet.ledger() == successors(sandbox, fleet)
    sandbox.switch(maintenance=False)
    assert_finished(sandbox, fleet, run_playbook(PLAYBOOK, ONE_WAVE, inventory=inventory))
    assert len(sandbox.effects("replace")) == len(sandbox.effects("collect")) == 1
