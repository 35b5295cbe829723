# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""rapidauth_collection does the same on Windows as on POSIX positions: one table of cases runs on both."""

import json
import pathlib
import sys

import harness
import pytest
from windows_position import NEEDS_WINE

pytestmark = pytest.mark.slow
ID, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
MARK = ".request.json.collected"
ENDED, BEFORE, WOULD = ({"changed": True, "is_delivered": True, "is_collected": True}, {"changed": False, "is_delivered": True, "is_collected": True},
                        {"changed": True, "is_delivered": False, "is_collected": False})
NOT_COLLECTED = {"error_kind": "not_collected", "is_delivered": True}
#: name: (options, is check mode, what it returns, what its message holds); "programs" of the platform are named in argv.
CASES = {
    "try, in check mode": ({"state": "ready", "argv": "end well"}, True, {"changed": False, "is_collected": False}, None),
    "try": ({"state": "ready", "argv": "end well"}, False, {"changed": True, "is_collected": False}, None),
    "try again": ({"state": "ready", "argv": "end well"}, False, {"changed": False, "is_collected": False}, None),
    "a program that is not there": ({"state": "ready", "argv": "missing"}, False, {"error_kind": "not_ready"}, "does not exist on this position"),
    "a program that is no program": ({"state": "ready", "argv": "text"}, False, {"error_kind": "not_ready"}, "is not executable on this position"),
    "a relative program": ({"state": "ready", "argv": "relative"}, False, {"error_kind": "invalid_input"}, "must be an absolute path or a name on"),
    "collect, in check mode": ({"argv": "end well"}, True, WOULD, None),
    "collect": ({"argv": "end well"}, False, ENDED, None),
    "collect again": ({"argv": "end well"}, False, BEFORE, None),
    "another": ({"argv": "end well", "request_id": OTHER}, False, ENDED, None),
    "a command that fails": ({"argv": "fail"}, False, dict(NOT_COLLECTED, exit_code=3), "ended with 3: out of luck"),
    "after a failure": ({"argv": "end well"}, False, ENDED, None),
    "a command that hangs": ({"argv": "hang", "request_id": OTHER, "timeout_seconds": 2}, False, NOT_COLLECTED, "did not end within 2 s and was stopped"),
    "no time": ({"argv": "end well", "timeout_seconds": 0}, False, {"error_kind": "invalid_input"}, "timeout_seconds must be between 1 and 3600"),
    "a relative path": ({"argv": "end well", "request_path": "request.json"}, False, {"error_kind": "invalid_input"}, "must be an absolute path"),
}


class Posix:
    """A directory of this machine, to which the module is shipped."""

    def __init__(self, directory):
        self.directory, self.request_path = directory, str(directory / "place" / "request.json")
        self.variables = dict(harness.SHIPPED["vars"])
        self.log = directory / "log"
        shell = ["/bin/sh", "-c"]
        (directory / "text").write_text("not a program", encoding="utf-8")
        self.programs = {
            "end well": [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(open(sys.argv[2]).read() + '\\n')", str(self.log), "{request_path}"],
            "fail": [*shell, "echo out of luck; exit 3"], "hang": [*shell, "sleep 60"], "missing": ["/no/such/program"],
            "text": [str(directory / "text")], "relative": ["bin/collect"]}

    def path(self, name):
        return pathlib.Path(name)


class Windows:
    """A directory of a Windows position."""

    def __init__(self, position):
        self.path, self.variables = position.path, position.variables
        self.request_path, self.log = "C:\\collection\\place\\request.json", position.path("C:\\collected.txt")
        cmd = ["C:\\windows\\system32\\cmd.exe", "/d", "/c"]
        position.path("C:\\text").write_text("not a program", encoding="utf-8")
        self.programs = {
            "end well": [*cmd, "type {request_path}>> C:\\collected.txt& echo.>> C:\\collected.txt"],
            "fail": [*cmd, "echo out of luck& exit 3"], "hang": [*cmd, "ping -n 60 127.0.0.1"], "missing": ["C:\\no\\such.exe"],
            "text": ["C:\\text"], "relative": ["bin\\collect.exe"]}


@pytest.fixture(name="place", params=["posix", pytest.param("windows", marks=NEEDS_WINE)])
def fixture_place(request, tmp_path):
    return Posix(tmp_path) if request.param == "posix" else Windows(request.getfixturevalue("windows_position"))


def test_every_case_of_the_table(place, tmp_path):
    tasks = []
    for name, (given, is_check_mode, unused_result, unused_message) in CASES.items():
        options = {"request_path": place.request_path, "request_id": ID, "anon_id": "mine", **given, "argv": place.programs[given["argv"]]}
        tasks.append({"name": name, "eccops.rapid.rapidauth_collection": options, "check_mode": is_check_mode, "ignore_errors": True})
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    run = harness.Playbooks(None, tmp_path)(play, inventory={"place": place.variables})
    assert run.returncode == 0, run.output
    for name, (unused_given, unused_check, expected, message) in CASES.items():
        result = run.result(name)
        assert expected.items() <= result.items(), (name, result)
        assert (message or "") in result.get("msg", ""), (name, result)
        assert (result["_status"] == "failed") is (message is not None) and "invocation" not in result, (name, result)
    delivered = [json.loads(line)["request_id"] for line in place.log.read_text(encoding="ascii").split("\n") if line.strip()]
    assert delivered == [ID, OTHER, ID]
    directory = place.path(place.request_path).parent
    assert sorted(each.name for each in directory.iterdir()) == [MARK, "request.json"]
    assert json.loads((directory / MARK).read_text()) == {"request_id": ID}
    assert json.loads((directory / "request.json").read_text()) == {"request_id": OTHER, "anon_id": "mine"}
