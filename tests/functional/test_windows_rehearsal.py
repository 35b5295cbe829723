# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A rehearsal with Windows positions, as the demo does it: check, rotate, check and rotate again, compare the service's audit log; and block."""

import pytest
from hostile_programs import HostileWindowsPosition
from mixed_fleet import MixedFleet
from playbook_fleet import Fleet, assert_rotated_once, fail_message
from windows_position import NEEDS_WINE

pytestmark = pytest.mark.slow
ROTATE = "eccops.rapid.rotate_credentials"
PASS = [{"name": name, "ansible.builtin.import_playbook": "eccops.rapid." + name} for name in ("check_credentials", "rotate_credentials")]


@NEEDS_WINE
def test_a_mixed_fleet_is_rehearsed(sandbox, tmp_path, run_playbook, windows_position):
    """Nothing but the sandbox's connection.yml says how positions collect."""
    windows_position.clean()
    fleet = MixedFleet(sandbox, tmp_path / "fleet", [windows_position])
    account = {"rapidsos_email": sandbox.account["email"], "rapidsos_password": sandbox.account["password"], "check_portal": True}
    options = {**account, "rotation_id": "rehearsal", "rotation_become": False, "rapidauth_audit_log_path": str(tmp_path / "audit.jsonl")}
    run = run_playbook(PASS * 2, options, inventory=fleet.write())
    assert run.returncode == 0, run.output
    assert_rotated_once(sandbox, fleet)
    assert len(sandbox.effects()) == 2 * len(fleet.positions) + 2  # and a login for each check
    assert set(fleet.commands().values()) == {2 * 2}


def test_a_lost_windows_position_is_blocked_without_being_spoken_to(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=3)
    kept, *lost = fleet.positions
    thief = HostileWindowsPosition(tmp_path / "thief", {"is_collected": True, "is_delivered": True})
    fleet.positions[lost[1]].update(thief.variables)
    run = run_playbook("eccops.rapid.block_credentials", {"blocked_positions": lost}, inventory=fleet.write())
    assert run.returncode == 0, run.output
    assert [sandbox.row(fleet.request_ids[name])["prevent_collection"] for name in (kept, *lost)] == [False, True, True]
    assert thief.sent() == ""
    refused = run_playbook(ROTATE, {"rotation_id": "2026q4"}, inventory=fleet.write())
    message = fail_message(refused, "Require that every position can be rotated")
    assert "%s, %s: its collection is prevented" % tuple(lost) in message and thief.sent() == "" and not sandbox.effects("replace")
