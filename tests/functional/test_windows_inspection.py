# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""workstation_info does the same on Windows as on POSIX positions, and check_credentials sees the launcher of a Windows position as it is."""

import hashlib
import shutil

import harness
import pytest
from mixed_fleet import MixedFleet
from playbook_check import Check, found
from windows_position import NEEDS_WINE

pytestmark = pytest.mark.slow
CONTENT = b"a program\r\n"
SHIPPED = harness.REPOSITORY / "roles" / "portal_launcher" / "files" / "windows" / "portal-launcher.ps1"
PROGRAM, CONFIGURATION = "C:\\Program Files\\PortalLauncher\\portal-launcher.ps1", "C:\\ProgramData\\PortalLauncher\\launcher.ini"
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in (("program", CONTENT), ("empty", b""))}
#: name: (files, links, what it returns or None, what its message holds); each by its name in the directory of the position
CASES = {
    "whatever is there": (["program", "empty", "missing", "missing/file", "large"], ["missing"], (
        {**SHA256, "missing": "", "missing/file": "", "large": ""}, {"missing": ""}), None),
    "nothing": ([], [], ({}, {}), None),
    "a directory": (["."], [], None, "cannot be read: "),
    "no link": ([], ["program"], None, "cannot be read: "),
}


@pytest.fixture(name="place", params=["posix", pytest.param("windows", marks=NEEDS_WINE)])
def fixture_place(request, tmp_path):
    """Returns (variables of a position, how the position names a file in a directory of it)."""
    if request.param == "posix":
        directory, variables, root, separator = tmp_path / "place", harness.SHIPPED["vars"], str(tmp_path / "place"), "/"
    else:
        position = request.getfixturevalue("windows_position")
        directory, variables, root, separator = position.path("C:\\inspection"), position.variables, "C:\\inspection", "\\"
    directory.mkdir()
    (directory / "program").write_bytes(CONTENT)
    (directory / "empty").write_bytes(b"")
    with open(directory / "large", "wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)
    yield variables, lambda name: root + separator + name.replace("/", separator)
    shutil.rmtree(directory)


def test_every_case_of_the_table(place, tmp_path):
    variables, naming = place
    tasks = [
        {"name": name, "eccops.rapid.workstation_info": {"files": list(map(naming, files)), "links": list(map(naming, links))}, "ignore_errors": True,
         "check_mode": name == "nothing"} for name, (files, links, unused_result, unused_message) in CASES.items()]
    run = harness.Playbooks(None, tmp_path)([{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory={"place": variables})
    assert run.returncode == 0, run.output
    for name, (unused_files, unused_links, expected, message) in CASES.items():
        result = run.result(name)
        assert not result["changed"], (name, result)
        if expected is None:
            assert result["_status"] == "failed" and result["error_kind"] == "unreadable" and message in result["msg"], (name, result)
        else:
            named = [{naming(each): value for each, value in part.items()} for part in expected]
            assert [result["files"], result["links"]] == named, (name, result)


@NEEDS_WINE
def test_a_mixed_fleet_is_checked_with_its_launchers_and_portal_accounts(sandbox, tmp_path, run_playbook, windows_positions):
    """The launcher of the first Windows position is right, that of the second was changed, the third has none."""
    fleet = MixedFleet(sandbox, tmp_path / "fleet", windows_positions)
    right, changed, missing = fleet.windows
    contents = {right: (SHIPPED.read_bytes(), CONTENT), changed: (CONTENT, b""), missing: (None, CONTENT)}
    for name, files in contents.items():
        fleet.positions[name]["check_launcher_configuration_sha256"] = SHA256["program"]
        for path, content in zip((PROGRAM, CONFIGURATION), files):
            place = fleet.windows[name].path(path)
            place.parent.mkdir(exist_ok=True)
            if content is not None:
                place.write_bytes(content)
    linux = [name for name in fleet.positions if name not in fleet.windows]
    for name in linux:
        fleet.positions[name]["sac_certificate_directory"] = str(tmp_path / "nowhere")
    account = {"rapidsos_email": sandbox.account["email"], "rapidsos_password": "not this", "check_portal": True}
    audit_log = {"rapidauth_audit_log_path": str(tmp_path / "audit.jsonl")}
    try:
        check = Check(fleet, run_playbook, tmp_path / "report")
        report = check({"check_launchers": True, "check_installed_sacs": True, "check_expiry_warning_days": 20, **account, **audit_log})
    finally:
        for position in windows_positions:
            for path in (PROGRAM, CONFIGURATION):
                shutil.rmtree(position.path(path).parent)
    assert set(found(report)) - {("critical", "launcher_missing", name) for name in linux} == {
        ("critical", "login_refused", sandbox.account["email"]), ("critical", "launcher_changed", changed), ("warning", "configuration_drift", changed),
        ("critical", "launcher_missing", missing), *(("critical", "sac_not_installed", "SAC on " + name) for name in linux),
        *(("warning", "sac_not_inspected", "SAC on " + name) for name in fleet.windows)}, check.run.output
    assert len(sandbox.effects("login_refused")) == 1 and set(fleet.commands().values()) == {1}
