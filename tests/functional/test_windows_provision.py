# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""provision_workstations on a fleet of Linux and Windows positions: installed, found as it should be, checked, removed. It really does it."""

import pytest
from linux_position import LinuxPosition
from mixed_fleet import MixedFleet
from playbook_check import Check, found
from windows_position import NEEDS_WINE

PROVISION = "eccops.rapid.provision_workstations"
INSTALL, REMOVE = ("eccops.rapid.portal_launcher : Ensure the launcher is " + state for state in ("present", "absent"))
PASSWORD = "Planted-Password-55c1 'q\" \u00e9"
ACCOUNT = {"portal_launcher_environment": "sandbox", "portal_launcher_email": "north@example.org", "portal_launcher_password": PASSWORD,
           "portal_launcher_is_verified": False, "provision_waves": [5]}
PROGRAM, DATA = "C:\\Program Files\\PortalLauncher", "C:\\ProgramData\\PortalLauncher"


def changed_beside_rights(result):
    """Returns the paths whose difference is more than rights, which wine forgets."""
    return {each["after_header"] for each in result.get("diff", []) if not each["before"].startswith("rights ")}


@pytest.mark.slow
@NEEDS_WINE
def test_a_mixed_fleet_is_provisioned_checked_and_removed(sandbox, tmp_path, run_playbook, windows_positions):
    windows_positions = windows_positions[:2]  # each costs 30 s of CPU
    fleet = MixedFleet(sandbox, tmp_path / "fleet", windows_positions)
    linux = {name: LinuxPosition(tmp_path / name) for name in fleet.positions if name not in fleet.windows}
    for name, own in fleet.positions.items():
        own.update(linux[name].variables if name in linux else {"portal_launcher_group": "S-1-5-32-545"})
    options = {**ACCOUNT, "rapidauth_audit_log_path": str(tmp_path / "audit.jsonl")}

    def provision(**more):
        run = run_playbook(PROVISION, {**options, **more}, inventory=fleet.write(), diff=True)
        assert run.returncode == 0, run.output
        assert PASSWORD not in run.output
        return run

    shown = provision().stdout
    assert shown.count("\n+version ") == shown.count("\n+[browser]\n") == len(fleet.positions)  # a program's version, a configuration's lines
    before = fleet.commands()
    again = provision().results(INSTALL)
    assert set(again) == set(fleet.positions)
    assert not [name for name in linux if again[name]["changed"]] and not any(changed_beside_rights(again[name]) for name in fleet.windows), again
    # One task finds that the launcher is as it should be; another would find the SAC.
    assert {name: number - before[name] for name, number in fleet.commands().items()} == dict.fromkeys(fleet.windows, 1)
    for position in linux.values():
        assert {"usr/local/bin/portal-launcher", "etc/portal-launcher/launcher.ini", "etc/portal-launcher/account.json"} <= position.installed()
    for position in windows_positions:
        assert {each.name for each in position.path(DATA).iterdir()} == {"account.dpapi", "launcher.ini"}

    report = Check(fleet, run_playbook, tmp_path / "report")({"check_launchers": True, "check_expiry_warning_days": 20})
    assert found(report) == [] and len(report["launchers"]) == len(fleet.positions)

    removed = provision(portal_launcher_state="absent", portal_launcher_email="", portal_launcher_password="").results(REMOVE)
    assert all(result["changed"] for result in removed.values()) and set(removed) == set(fleet.positions)
    assert not any(position.path(path).exists() for position in windows_positions for path in (PROGRAM, DATA))
    assert not any({path for path in position.installed() if "python3" not in path} for position in linux.values())
