# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""workstation_files does the same on Windows as on POSIX positions: one table of cases runs on both. wine forgets access rules, so there
a set that is as it should be is reported to have other rights, and nothing else."""

import copy
import hashlib
import json
import pathlib
import re

import harness
import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import OPERATION
from ansible_collections.eccops.rapid.tests.unit.support.file_sets import ME
from powershell_modules import ModuleProcess
from windows_position import NEEDS_WINE

pytestmark = pytest.mark.slow
MARKER = "Planted-Secret-4d1a 'q\" \u00e9"
HIDDEN, HIDDEN_CHANGE = "(secret: not shown)\n", "(secret: changed, not shown)\n"
PROGRAM = "#!/bin/sh\nVERSION='%s.2.0'\n"


class Posix:
    """A directory of this machine, to which the module is shipped."""

    forgets_rights = False

    def __init__(self, directory):
        directory.chmod(0o755)
        self.directory, self.separator = directory, "/"
        self.options = {"owner": ME}
        self.variables = dict(harness.SHIPPED["vars"])
        self.verify = {"well": ["/bin/true"], "badly": ["/bin/sh", "-c", "echo this is wrong; exit 3"]}

    def name(self, *names):
        return self.separator.join([str(self.directory), *names])

    def path(self, name):
        return pathlib.Path(name)


class Windows(Posix):
    """A directory of a Windows position."""

    forgets_rights = True

    def __init__(self, position):
        self.position = position
        self.directory, self.separator = "C:\\set", "\\"
        self.options, self.path = {}, position.path
        cmd = ["C:\\windows\\system32\\cmd.exe", "/d", "/c"]
        self.verify = {"well": [*cmd, "exit 0"], "badly": [*cmd, "echo this is wrong& exit 3"]}


def params(place, version, verify="well", **changed):
    """What a play asks for: a program, its settings, a secret, and a file that must not be there."""
    return {
        "directories": [{"path": place.name("ours")}],
        "files": [
            {"path": place.name("ours", "program"), "content": PROGRAM % version, "mode": "0755", "diff": "hash"},
            {"path": place.name("share", "menu", "entry"), "content": "entry %s \u00e9\n" % version},
            {"path": place.name("ours", "account"), "secret": "account", "mode": "0600"},
            {"path": place.name("ours", "gone")}],
        "secrets": {"account": "%s %s" % (MARKER, version)}, "verify_command": place.verify[verify], **place.options, **changed}


def call(options, is_check_mode=False):
    """What the action plugin ships: the secrets are a text."""
    return ({**options, "secrets": json.dumps(options["secrets"])} if "secrets" in options else options, is_check_mode)


def without_journal(place):
    return dict(params(place, 1), directories=[])


def doubled(place):
    files = params(place, 1)["files"]
    return params(place, 1, files=[*files, copy.deepcopy(files[0])])


#: name: (options, is check mode, what it returns, names of what it changed, what its message holds)
CASES = {
    "check": (lambda place: params(place, 1), True, True, ["ours", "ours/program", "share/menu/entry", "ours/account"], None),
    "install": (lambda place: params(place, 1), False, True, ["ours", "ours/program", "share/menu/entry", "ours/account"], None),
    "again": (lambda place: params(place, 1), False, False, [], None),
    "check a change": (lambda place: params(place, 2), True, True, ["ours/program", "share/menu/entry", "ours/account"], None),
    "fail": (lambda place: params(place, 2, "badly"), False, None, None, ("not_verified", "ended with 3: this is wrong; everything was put back as it was")),
    "after a failure": (lambda place: params(place, 1), True, False, [], None),
    "change": (lambda place: params(place, 2), False, True, ["ours/program", "share/menu/entry", "ours/account"], None),
    "no directory": (without_journal, False, None, None, ("invalid_input", "directories or files is empty")),
    "a relative path": (lambda place: params(place, 1, files=[{"path": "program"}]), False, None, None, ("invalid_input", "must be an absolute path")),
    "a path twice": (doubled, False, None, None, ("invalid_input", "is named twice in files")),
    "a mode": (lambda place: params(place, 1, files=[{"path": place.name("ours", "x"), "mode": "rw"}]), False, None, None,
               ("invalid_input", "is 'rw'; give octal digits in quotes")),
    "an open secret": (lambda place: params(place, 1, files=[{"path": place.name("ours", "x"), "secret": "account", "mode": "0644"}]), False, None, None,
                       ("invalid_input", "lets others than its owner and group read it")),
    "no secret": (lambda place: params(place, 1, files=[{"path": place.name("ours", "x"), "secret": "y", "mode": "0600"}]), False, None, None,
                  ("invalid_input", "which is not among secrets")),
    "no group": (lambda place: params(place, 1, files=[{"path": place.name("ours", "x"), "content": "", "group": "no-such"}]), False, None, None,
                 ("invalid_input", "there is no group 'no-such' on this position")),
    "remove, in check mode": (lambda place: params(place, 1, state="absent"), True, True, ["ours", "ours/program", "share/menu/entry", "ours/account"], None),
    "remove": (lambda place: params(place, 1, state="absent"), False, True, ["ours", "ours/program", "share/menu/entry", "ours/account"], None),
    "remove again": (lambda place: params(place, 1, state="absent"), False, False, [], None),
}


@pytest.fixture(name="place", params=["posix", pytest.param("windows", marks=NEEDS_WINE)])
def fixture_place(request, tmp_path):
    if request.param == "windows":
        return Windows(request.getfixturevalue("windows_position"))
    (tmp_path / "place").mkdir()
    return Posix(tmp_path / "place")


def run_on_posix(place, tmp_path):
    """Returns the result of each case, and everything that was written."""
    tasks = [{"name": name, "eccops.rapid.workstation_files": options(place), "check_mode": is_check, "diff": True, "ignore_errors": True}
             for name, (options, is_check, *unused) in CASES.items()]
    run = harness.Playbooks(None, tmp_path)([{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory={"place": place.variables}, verbosity=4)
    assert run.returncode == 0, run.output
    return {name: run.result(name) for name in CASES}, run.output


def run_on_windows(place, tmp_path):
    calls = [call(options(place), is_check) for options, is_check, *unused in CASES.values()]
    answers = ModuleProcess(place.position, "win_workstation_files", tmp_path).run(calls)
    return dict(zip(CASES, answers)), json.dumps(answers)


def test_every_case_of_the_table(place, tmp_path):
    results, output = (run_on_windows if place.forgets_rights else run_on_posix)(place, tmp_path)
    for name, (unused_options, unused_check, is_changed, changed, problem) in CASES.items():
        result = results[name]
        assert ("error_kind" in result) is (problem is not None), (name, result)
        if problem:
            assert result["error_kind"] == problem[0] and problem[1] in result["msg"] and not result["changed"], (name, result)
            continue
        expected = {place.name(*each.split("/")) for each in changed}
        assert changed_in(result) == expected and set(result["changed_paths"]) >= expected, (name, result)
        if not place.forgets_rights:
            assert set(result["changed_paths"]) == expected and result["changed"] is is_changed, (name, result)
        assert result["was_unfinished"] is False
    assert diff_of(results["check a change"], place.name("ours", "account")) == (HIDDEN, HIDDEN_CHANGE)
    assert diff_of(results["check"], place.name("share", "menu", "entry")) == ("", "entry 1 \u00e9\n")
    programs = ["version %d.2.0, sha256 %s\n" % (each, hashlib.sha256((PROGRAM % each).encode()).hexdigest()) for each in (1, 2)]
    assert diff_of(results["check"], place.name("ours", "program")) == ("", programs[0])
    if not place.forgets_rights:  # what not everybody can read is not shown
        assert diff_of(results["check a change"], place.name("ours", "program")) == tuple(programs)
    assert not place.path(place.name("share")).exists() and not place.path(place.name("ours")).exists()
    for form in (MARKER, MARKER.encode().hex(), repr(MARKER)[1:-1], MARKER.replace('"', '\\"')):
        assert form not in output


def changed_in(result):
    """The paths whose difference is more than rights."""
    return {each["after_header"] for each in result.get("diff", []) if not each["before"].startswith("rights ")}


def test_both_implementations_have_the_same_options():
    text = (harness.REPOSITORY / "plugins" / "modules" / "win_workstation_files.ps1").read_text(encoding="utf-8")
    specification = text[text.index("$spec = @{"):text.index("supports_check_mode")]
    assert set(re.findall(r"^ {8}(\w+) = @\{", specification, re.MULTILINE)) == set(OPERATION.spec["argument_spec"])
    inner = set(re.findall(r"^ {16}(\w+) = @\{", specification, re.MULTILINE))
    options = OPERATION.spec["argument_spec"]
    assert inner | {"path", "group"} == {name for each in ("directories", "files", "url_schemes") for name in options[each]["options"]}


def diff_of(result, path):
    (found,) = [(each["before"], each["after"]) for each in result["diff"] if each["after_header"] == path]
    return found
