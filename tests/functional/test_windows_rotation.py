# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A fleet of Linux and Windows positions is rotated once: with a lost answer, a killed controller, a position that dies, and one that fails."""

import contextlib
import json
import os
import signal
import time

import pytest
from mixed_fleet import MixedFleet
from playbook_fleet import OWN_COMMANDS, assert_rotated_once, fail_message
from processes import descendants
from windows_position import NEEDS_WINE

pytestmark = [pytest.mark.slow, NEEDS_WINE]
PLAYBOOK = "eccops.rapid.rotate_credentials"
ONE_WAVE = {**OWN_COMMANDS, "rotation_id": "2026q4", "rotation_waves": [20], "rotation_max_failures": 3}
VERDICT = "Require that the position has collected its credential"


def kill(*process_ids):
    for process_id in process_ids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_mixed_fleet_is_rotated_once_whatever_fails(sandbox, tmp_path, run_playbook, windows_positions):
    fleet = MixedFleet(sandbox, tmp_path / "fleet", windows_positions)
    going_on, dying, failing = fleet.windows
    works = fleet.positions[failing]["own_collect_argv"]
    fleet.positions[failing]["own_collect_argv"] = ["C:\\windows\\system32\\cmd.exe", "/c", "echo no network& exit 7"]
    sandbox.fault("replace", "disconnect_after_effect")
    killed = []

    def kill_controller(process):
        """Kills it and one position as soon as that has its RequestId; what runs on the other positions goes on."""
        if not killed and (fleet.place(dying) / "request.json").exists():
            killed.extend(descendants(process.pid))
            others = [each for name in (going_on, failing) for each in fleet.windows[name].processes("")]
            kill(process.pid, *(each for each in killed if each not in others))

    first = run_playbook(PLAYBOOK, ONE_WAVE, inventory=fleet.write(), while_running=kill_controller)
    assert first.returncode == -signal.SIGKILL
    # Windows ends the collector with the module that started it: nothing of it is left to collect with a RequestId that is used again.
    wait_for(lambda: not fleet.windows[dying].processes("collect_credential"))
    assert len(sandbox.effects("replace")) == 5 and fleet.collected(dying) is None

    second = run_playbook(PLAYBOOK, ONE_WAVE, inventory=fleet.write())
    assert second.returncode == 2, second.output
    reported = fail_message(second, VERDICT)
    assert reported.startswith("%s is not done: the service says Requested. " % failing) and "ended with 7: no network" in reported
    assert {name for name in fleet.positions if fleet.collected(name)} == set(fleet.positions) - {failing}

    fleet.positions[failing]["own_collect_argv"] = works
    before = fleet.commands()
    third = run_playbook(PLAYBOOK, ONE_WAVE, inventory=fleet.write())
    assert third.returncode == 0, third.output
    after = assert_rotated_once(sandbox, fleet)
    assert {name: json.loads((fleet.place(name) / "request.json").read_text())["request_id"] for name in after} == after
    assert {name for name, result in third.results("Deliver the RequestId and collect the credential").items() if result["changed"]} == {failing}
    # One to try the position, one to deliver and have it collect, which a position that is as it should be needs too.
    assert {name: number - before[name] for name, number in fleet.commands().items()} == dict.fromkeys(fleet.windows, 2)
