# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the same with the real ansible-playbook: all its processes are killed at once, wherever they are, and it is run again."""

import os
import pathlib
import signal

import fleets
import harness
import pytest
import tables

TITLE = "ansible-playbook with all its processes killed during a rotation of 200"
SIZE = 200


@pytest.fixture(scope="module", name="collection_link", autouse=True)
def fixture_collection_link():
    link = harness.COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to("../../../..")


def descendants(pid):
    """The process and all below it, as /proc tells."""
    found = [pid]
    for each in pathlib.Path("/proc/%d/task" % pid).glob("*/children"):
        for child in each.read_text(encoding="ascii").split():
            found += descendants(int(child))
    return found


def kill_all(pid):
    """Stops them first, so that none sees another one die."""
    everything = []
    for number in (signal.SIGSTOP, signal.SIGKILL):
        everything = descendants(pid) if number == signal.SIGSTOP else everything
        for each in everything:
            try:
                os.kill(each, number)
            except ProcessLookupError:
                pass
    return everything


def rotation(fleet, keywords):
    credentials = [{"position": position, "request_id": request_id} for position, request_id in fleet.request_ids.items()]
    return harness.task("rotate", "rapidauth_rotation", keywords, credentials=credentials, rotation_id="2026q4", ledger_path=fleet.ledger_path)


@pytest.mark.slow
@pytest.mark.parametrize("way, keywords", [("in the controller's process", {}), ("as a shipped module", {"environment": {"SHIPPED": "yes"}})])
@pytest.mark.parametrize("number", [1, 60, 170])
def test_a_killed_playbook_is_finished_by_the_next(sandbox, tmp_path, way, keywords, number):
    fleet = fleets.Fleet(sandbox, tmp_path / "fleet", SIZE)
    run_playbook = harness.Playbooks(sandbox, tmp_path)
    killed = []

    def kill_at_number(process):
        if not killed and sandbox.stats()["calls"].get("replace", {}).get("POST", 0) >= number:
            killed.extend(kill_all(process.pid))

    inventory = {"localhost": {"ansible_connection": "local"}}
    first = run_playbook([rotation(fleet, keywords)], inventory=inventory, while_running=kill_at_number)
    assert first.returncode == -signal.SIGKILL and len(killed) > 1
    done_before = fleet.replaced_once()
    assert number - 16 <= done_before < SIZE  # of those that were sent up to 16 may not have been served yet
    second = run_playbook([rotation(fleet, keywords)], inventory=inventory)
    result = second.result("rotate")
    assert (second.returncode, result["failed_positions"], result["changed"]) == (0, [], True), second.output
    assert result["summary"].get("already_replaced", 0) + result["summary"].get("adopted", 0) >= done_before
    once, equal = fleet.assert_done()
    tables.add(TITLE, way=way, killed_after=number, replaced_then=done_before, n=SIZE, replaced_once=once, ledger_equal=equal)
