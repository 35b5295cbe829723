# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A fleet of Linux and Windows positions is rotated once, whatever fails on the way."""

import json
import shutil

import pytest
from harness import REPOSITORY
from playbook_fleet import OWN_COMMANDS, ROTATION_EFFECTS, Fleet, fail_message
from windows_position import NEEDS_WINE, windows_path

pytestmark = [pytest.mark.slow, NEEDS_WINE]
PLAYBOOK = "eccops.rapid.rotate_credentials"
COLLECTOR = REPOSITORY / "roles" / "sandbox" / "files" / "collect_credential.ps1"
REQUEST_PATH = "C:\\ProgramData\\RapidAuth\\request.json"


@pytest.fixture(name="positions")
def fixture_positions(windows_position, tmp_path):
    """Two Windows positions, the first of them used by other tests too."""
    shutil.rmtree(windows_position.path(REQUEST_PATH).parent, ignore_errors=True)
    windows_position.commands_log.unlink(missing_ok=True)
    second = windows_position.copy(tmp_path / "second")
    yield [windows_position, second]
    second.stop()
    shutil.rmtree(second.prefix)


class MixedFleet(Fleet):
    """One Linux position, then Windows ones."""

    def __init__(self, sandbox, directory, windows):
        super().__init__(sandbox, directory, size=1 + len(windows))
        self.windows = dict(zip(list(self.positions)[1:], windows))
        for name, position in self.windows.items():
            del self.positions[name]["rotation_request_path"]
            self.positions[name].update(position.variables, own_collect_argv=[
                position.shell, "-NoProfile", "-NonInteractive", "-File", windows_path(COLLECTOR), "-RequestFile", "{request_path}",
                "-DeviceUrl", "{{ sandbox_device_url }}", "-CaPath", windows_path(sandbox.values["rapidauth_ca_path"])])

    def place(self, position):
        if position in self.windows:
            return self.windows[position].path(REQUEST_PATH).parent
        return super().place(position)


def test_a_mixed_fleet_is_rotated_once_with_a_lost_answer_and_a_position_that_fails(sandbox, tmp_path, run_playbook, positions):
    fleet = MixedFleet(sandbox, tmp_path / "fleet", positions)
    failing = list(fleet.windows)[1]
    works = fleet.positions[failing]["own_collect_argv"]
    fleet.positions[failing]["own_collect_argv"] = ["C:\\windows\\system32\\cmd.exe", "/c", "echo no network& exit 7"]
    options = {**OWN_COMMANDS, "rotation_id": "2026q4", "rotation_waves": [3], "rotation_max_failures": 3}
    sandbox.fault("replace", "disconnect_after_effect")

    first = run_playbook(PLAYBOOK, options, inventory=fleet.write())
    assert first.returncode == 2 and "ended with 7: no network" in fail_message(first, "Require that the position has collected its credential")
    assert len(sandbox.effects("replace")) == 3 and len(sandbox.effects("collect")) == 2

    fleet.positions[failing]["own_collect_argv"] = works
    second = run_playbook(PLAYBOOK, options, inventory=fleet.write())
    assert second.returncode == 0, second.output
    again = run_playbook(PLAYBOOK, options, inventory=fleet.write())
    assert again.returncode == 0 and not any(counts["changed"] for counts in again.recap.values()), again.output
    entries = sandbox.effects(*ROTATION_EFFECTS)
    assert sorted(entry["effect"] for entry in entries) == ["collect"] * 3 + ["replace"] * 3
    after = fleet.ledger()
    for name in fleet.positions:
        assert fleet.collected(name) == after[name] == json.loads((fleet.place(name) / "request.json").read_text())["request_id"]
        assert sandbox.row(after[name])["status"] == "Collected"
    # Each run speaks to a position twice: once to try it, once to deliver and have it collect.
    assert {position.commands_log.read_text().count("\n") for position in positions} == {2 * 3}
