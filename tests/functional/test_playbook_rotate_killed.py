# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a rotation that was killed with SIGKILL is finished by a rerun: each credential replaced exactly once, all collected."""

import os
import signal

import pytest
from playbook_fleet import Fleet, assert_rotated_once

PLAYBOOK = "eccops.rapid.rotate_credentials"
ONE_WAVE = {"rotation_id": "2026q4", "rotation_waves": [20]}

pytestmark = pytest.mark.slow


def kill_when(condition):
    """Returns what kills the run with all its processes once ``condition()`` holds."""

    def look(process):
        if process.poll() is None and condition():
            os.killpg(process.pid, signal.SIGKILL)

    return look


def run_killed(run_playbook, fleet, condition, forks=None):
    run = run_playbook(PLAYBOOK, ONE_WAVE, inventory=fleet.write(), forks=forks, preexec=os.setsid, while_running=kill_when(condition))
    assert run.returncode == -signal.SIGKILL, run.output


def assert_a_rerun_finishes(sandbox, run_playbook, fleet):
    run = run_playbook(PLAYBOOK, ONE_WAVE, inventory=fleet.write())
    assert run.returncode == 0, run.output
    assert_rotated_once(sandbox, fleet)


def test_killed_among_the_replacements(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=5)
    # The third waits before its effect: it is not replaced yet when the run dies, and maybe afterwards.
    last = list(fleet.positions.values())[2]["rapidauth_request_id"]
    sandbox.fault("replace", "latency", seconds=1, matching={"request_id": last})
    run_killed(run_playbook, fleet, lambda: len(sandbox.effects("replace")) >= 2, forks=2)
    assert 2 <= len(sandbox.effects("replace")) < 5 and not sandbox.effects("collect")
    assert_a_rerun_finishes(sandbox, run_playbook, fleet)


def test_killed_among_the_deliveries_and_among_the_collections(sandbox, tmp_path, run_playbook):
    """Dies twice in one rotation: after the first delivery, and, run again, after the first position has collected."""
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    first = next(iter(fleet.positions))
    run_killed(run_playbook, fleet, (fleet.place(first) / "request.json").exists, forks=1)
    assert len(sandbox.effects("replace")) == 3 and not sandbox.effects("collect")
    run_killed(run_playbook, fleet, lambda: fleet.collected(first), forks=1)
    assert len(sandbox.effects("replace")) == 3 and len(sandbox.effects("collect")) == 1
    assert_a_rerun_finishes(sandbox, run_playbook, fleet)
