# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rotate_credentials watches its time: clocks that disagree, waves that take too long, and failures in all."""

import pytest
from playbook_fleet import OWN_COMMANDS, Fleet, fail_message

PLAYBOOK = "eccops.rapid.rotate_credentials"
Q4 = {"rotation_id": "2026q4"}

pytestmark = pytest.mark.slow


def test_clocks_that_disagree_stop_it_before_anything_is_touched(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=1)
    sandbox.switch(does_date_header_follow_clock=True)
    sandbox.advance(minutes=3)
    run = run_playbook(PLAYBOOK, Q4, inventory=fleet.write())
    assert run.returncode == 2
    reported = fail_message(run, "Require that every position can be rotated")
    assert reported.startswith("Nothing was changed. The clock here and the service's differ by 1") and reported.endswith("correct it first.")
    assert sandbox.effects("replace") == []


def test_no_wave_is_begun_that_could_not_be_collected_in_time(sandbox, tmp_path, run_playbook):
    """No wave can be done within 60 ms, not even on a fast machine: the canary says so, and the next one is not begun."""
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    canary, *others = fleet.positions
    run = run_playbook(PLAYBOOK, {**Q4, "rotation_waves": [1, 2], "rotation_collection_minutes": 0.001}, inventory=fleet.write())
    assert run.returncode == 2
    assert "make rotation_waves smaller" in run.result("Warn when the wave took more than half of its time")["msg"]
    reported = fail_message(run, "Require that the wave may begin")
    assert reported.startswith("The next wave of 2 would take about ") and "no further wave is started" in reported
    assert len(sandbox.effects("replace")) == 1
    assert fleet.collected(canary) and not any(map(fleet.collected, others))
    patient = run_playbook(PLAYBOOK, {**Q4, "rotation_waves": [1, 2]}, inventory=fleet.write())
    assert patient.returncode == 0, patient.output
    assert len(sandbox.effects("replace")) == len(sandbox.effects("collect")) == 3


def test_too_many_failures_in_all_stop_what_each_wave_would_allow(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=4)
    names = list(fleet.positions)
    for name in names[:2]:
        fleet.positions[name]["own_collect_argv"] = ["/bin/false"]
    allowed = {"rotation_waves": [3, 1], "rotation_max_fail_percentage": 100, "rotation_max_failures": 1}
    run = run_playbook(PLAYBOOK, {**Q4, **OWN_COMMANDS, **allowed}, inventory=fleet.write())
    assert run.returncode == 2
    reported = fail_message(run, "Require that the wave may begin")
    assert reported.startswith("2 positions have failed, and rotation_max_failures is 1: no further wave is started.")
    assert len(sandbox.effects("replace")) == 3
