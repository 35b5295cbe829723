# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""workstation_info does the same on Windows as on POSIX positions, and check_credentials sees the launcher of a Windows position as it is."""

import hashlib
import shutil

import harness
import pytest
from playbook_check import Check, found
from playbook_fleet import Fleet
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
def test_the_launcher_of_a_windows_position_is_right_changed_or_missing(sandbox, tmp_path, run_playbook, windows_position):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    linux, windows = fleet.positions
    fleet.positions[linux]["sac_certificate_directory"] = str(tmp_path / "nowhere")
    fleet.positions[windows].update(windows_position.variables, check_launcher_configuration_sha256=SHA256["program"])
    check = Check(fleet, run_playbook, tmp_path / "report")
    program, configuration = map(windows_position.path, (PROGRAM, CONFIGURATION))
    for directory in (program.parent, configuration.parent):
        directory.mkdir()
    configuration.write_bytes(CONTENT)
    seen = []
    for content in (SHIPPED.read_bytes(), CONTENT, None):
        if content is None:
            program.unlink()
            configuration.write_bytes(b"")
        else:
            program.write_bytes(content)
        report = check({"check_launchers": True, "check_installed_sacs": True})
        assert "position_unreachable" not in {each["kind"] for each in report["findings"]}, check.run.output
        assert ("critical", "sac_not_installed", "SAC on " + linux) in found(report)
        assert ("warning", "sac_not_inspected", "SAC on " + windows) in found(report)
        seen.append([each[:2] for each in found(report) if each[2] == windows and each[1].startswith(("launcher_", "configuration_"))])
    for directory in (program.parent, configuration.parent):
        shutil.rmtree(directory)
    assert seen == [[], [("critical", "launcher_changed")], [("critical", "launcher_missing"), ("warning", "configuration_drift")]]
