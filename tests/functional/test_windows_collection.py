# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""rapidauth_collection does the same on Windows as on POSIX positions: one table of cases runs on both."""

import json
import pathlib
import sys

import harness
import pytest
from powershell_modules import ModuleProcess
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


#: These go the whole way through Ansible on Windows too, where the process of a module costs eight seconds of CPU.
BY_ANSIBLE = ("try again", "a program that is not there")


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
        self.position, self.path, self.variables = position, position.path, position.variables
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


def options(place, given):
    return {"request_path": place.request_path, "request_id": ID, "anon_id": "mine", **given, "argv": place.programs[given["argv"]]}


def run_by_ansible(place, tmp_path, names):
    """Returns {name of a case: its result}."""
    tasks = [{"name": name, "eccops.rapid.rapidauth_collection": options(place, CASES[name][0]), "check_mode": CASES[name][1], "ignore_errors": True}
             for name in names]
    run = harness.Playbooks(None, tmp_path)([{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory={"place": place.variables})
    assert run.returncode == 0, run.output
    results = {name: run.result(name) for name in names}
    assert not [result for result in results.values() if "invocation" in result]
    return {name: dict(result, failed=result["_status"] == "failed") for name, result in results.items()}


def run_in_one_process(place, tmp_path):
    """Returns the same for the module of Windows alone, all of whose cases run in one process."""
    calls = [(options(place, given), is_check_mode) for given, is_check_mode, *unused in CASES.values()]
    return dict(zip(CASES, ModuleProcess(place.position, "win_rapidauth_collection", tmp_path).run(calls)))


def assert_expected(results):
    for name, result in results.items():
        unused_given, unused_check, expected, message = CASES[name]
        assert expected.items() <= result.items(), (name, result)
        assert (message or "") in result.get("msg", ""), (name, result)
        assert bool(result.get("failed")) is (message is not None), (name, result)


def test_every_case_of_the_table(place, tmp_path):
    if isinstance(place, Posix):
        assert_expected(run_by_ansible(place, tmp_path, CASES))
    else:
        assert_expected(run_in_one_process(place, tmp_path))
        assert_expected(run_by_ansible(place, tmp_path, BY_ANSIBLE))
    delivered = [json.loads(line)["request_id"] for line in place.log.read_text(encoding="ascii").split("\n") if line.strip()]
    assert delivered == [ID, OTHER, ID]
    directory = place.path(place.request_path).parent
    assert sorted(each.name for each in directory.iterdir()) == [MARK, "request.json"]
    assert json.loads((directory / MARK).read_text()) == {"request_id": ID}
    assert json.loads((directory / "request.json").read_text()) == {"request_id": OTHER, "anon_id": "mine"}
