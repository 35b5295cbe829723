# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the same with the real ansible-playbook: all its processes are killed at once, wherever they are, and it is run again."""

import contextlib
import os
import signal

import fleets
import harness
import processes
import pytest
import tables

TITLE = "ansible-playbook with all its processes killed during a rotation of 200"
SIZE = 200


def kill_all(pid):
    """Stops them first, so that none sees another one die; returns their ids."""
    everything = [pid, *processes.descendants(pid)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for each in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)
    return everything


def rotation(fleet, keywords):
    credentials = [{"position": position, "request_id": request_id} for position, request_id in fleet.request_ids.items()]
    return harness.task("rotate", "rapidauth_rotation", keywords, credentials=credentials, rotation_id="2026q4", ledger_path=fleet.ledger_path)


@pytest.mark.slow
@pytest.mark.parametrize("way, keywords", [("in the controller's process", {}), ("as a shipped module", harness.SHIPPED)])
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
