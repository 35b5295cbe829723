# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A set of files is installed as one: all of it or nothing, wherever the run fails or is killed."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._workstation import lock, transaction
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.desired import wanted_directories, wanted_files
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import run
from ansible_collections.eccops.rapid.tests.unit.support.file_sets import ENDS_BADLY, ENDS_WELL, MARKER, one, params, tree


def test_installs_everything_and_then_changes_nothing(place):
    result = run(params(place, "1", verify_command=ENDS_WELL), False)
    assert result["changed"] and len(result["changed_paths"]) == 5
    assert tree(place) == {
        "bin": ("0o40755", None), "etc": ("0o40755", None), "etc/ours": ("0o40755", None),
        "share": ("0o40755", None), "share/menu": ("0o40755", None), "share/menu/program.desktop": ("0o100644", "entry 1\n"),
        "etc/ours/.made-directories.json": ("0o100600", json.dumps([str(place / "share"), str(place / "share" / "menu")])),
        "bin/program": ("0o100755", "program 1\n"), "etc/ours/settings.ini": ("0o100644", "settings 1\n"),
        "etc/ours/account.json": ("0o100640", MARKER + " 1")}
    before = {each: each.stat().st_mtime_ns for each in place.rglob("*")}
    again = run(params(place, "1", verify_command=ENDS_BADLY), False)  # not run: nothing changed
    assert not again["changed"] and not again["diff"]
    assert {each: each.stat().st_mtime_ns for each in place.rglob("*")} == before


def test_a_secret_that_an_old_ansible_made_an_object_is_json_again(place):
    run(params(place, "1", secrets={"account": {"email": "a", "password": MARKER}}), False)
    assert json.loads((place / "etc" / "ours" / "account.json").read_text()) == {"email": "a", "password": MARKER}


def test_check_mode_says_what_would_be_and_touches_nothing(place):
    before = tree(place)
    foretold = run(params(place, "1"), True)
    assert foretold["changed"] and tree(place) == before
    done = run(params(place, "1"), False)
    assert (foretold["changed_paths"], foretold["diff"]) == (done["changed_paths"], done["diff"])
    assert not run(params(place, "1"), True)["changed"]


def test_the_diff_shows_the_settings_and_hides_the_secret(place):
    run(params(place, "1"), False)
    result = run(params(place, "2"), False)
    by_name = {os.path.basename(each["after_header"]): each for each in result["diff"]}
    assert (by_name["settings.ini"]["before"], by_name["settings.ini"]["after"]) == ("settings 1\n", "settings 2\n")
    assert (by_name["account.json"]["before"], by_name["account.json"]["after"]) == ("(secret: not shown)\n", "(secret: changed, not shown)\n")
    assert MARKER not in str(result)


@pytest.mark.parametrize("before, after, is_shown", [
    (None, "0644", True), (0o644, "0644", True), (0o604, "0604", True), (0o640, "0644", False), (0o600, "0644", False), (0o644, "0640", False),
    (0o644, "0600", False), (None, "0600", False), ("link", "0644", True), ("link", "0600", False)])
@pytest.mark.parametrize("content", ["after: " + MARKER, None])
def test_a_file_that_others_may_not_read_is_in_no_diff_before_or_after(place, before, after, is_shown, content):
    """Such as an account of which the launcher is to know no more: nobody says then that it was secret."""
    path = place / "etc" / "account.json"
    if before == "link":
        (place / "etc" / "target").write_text("target: " + MARKER)
        (place / "etc" / "target").chmod(0o600)
        path.symlink_to(place / "etc" / "target")
    elif before is not None:
        path.write_text("before: " + MARKER)
        path.chmod(before)
    wanted = params(place, "1", files=[{"path": str(path), "content": content, "secret": None, "mode": after, "group": None}])
    for is_check_mode in (True, False):
        diff = [each for each in run(wanted, is_check_mode)["diff"] if each["after_header"] == str(path)]
        assert (MARKER in str(diff)) == (is_shown and bool(content or before not in (None, "link"))), diff
        assert "target: " not in str(diff) and (bool(diff) or before is content is None)


@pytest.mark.parametrize("name, mode", [("bin/program", 0o700), ("etc/ours/account.json", 0o644), ("etc/ours", 0o777)])
def test_a_changed_mode_is_repaired_and_reported(place, name, mode):
    run(params(place, "1"), False)
    expected = tree(place)
    (place / name).chmod(mode)
    result = run(params(place, "1"), False)
    assert result["changed_paths"] == [str(place / name)]
    assert "mode %04o" % mode in result["diff"][0]["before"]
    assert tree(place) == expected


def test_a_link_planted_in_a_files_place_is_replaced_and_its_target_left_alone(place):
    precious = place / "precious"
    precious.write_text("precious")
    (place / "bin" / "program").symlink_to(precious)
    run(params(place, "1"), False)
    assert precious.read_text() == "precious"
    assert not (place / "bin" / "program").is_symlink()


@pytest.mark.parametrize("before", [None, "1"])
def test_what_does_not_verify_is_put_back(place, before):
    if before:
        run(params(place, before), False)
    (place / "bin" / "gone").write_text("a file of the version before")
    expected = tree(place)
    with pytest.raises(RapidError, match="ended with 3: this is wrong; everything was put back as it was") as caught:
        run(params(place, "2", verify_command=ENDS_BADLY), False)
    assert caught.value.kind == "not_verified"
    assert tree(place) == expected


def test_a_second_run_waits_for_the_first(place):
    # The program's own check blocks until the second run stands in line.
    gate = place / "gate"
    os.mkfifo(gate)
    slow = params(place, "1", verify_command=["sh", "-c", "read line < %s" % gate])
    results = {}
    runs = [threading.Thread(target=lambda name=name, wanted=wanted: results.update({name: run(wanted, False)["changed"]}))
            for name, wanted in {"first": slow, "second": params(place, "1")}.items()]
    runs[0].start()
    while not (place / "bin" / "program").exists():
        time.sleep(0.01)
    runs[1].start()
    time.sleep(0.05)
    assert not results
    gate.write_text("go on\n")
    for each in runs:
        each.join(30)
    assert results == {"first": True, "second": False}


def test_a_run_that_may_not_wait_longer_says_so(place, monkeypatch):
    monkeypatch.setattr(lock, "LOCK_WAIT_SECONDS", 0)
    with _lock_of(params(place, "1")):
        with pytest.raises(RapidError, match="another run .*is changing the files of") as caught:
            run(params(place, "1"), False)
    assert caught.value.kind == "busy" and not (place / "bin" / "program").exists()


def test_a_run_that_finds_a_directory_which_another_just_made_waits_for_it(place, monkeypatch):
    monkeypatch.setattr(lock, "LOCK_WAIT_SECONDS", 0)
    wanted = params(place, "1", directories=[{"path": str(place / "opt" / "vendor" / "ours"), "mode": "0755", "group": None}])
    with _lock_of(wanted):
        (place / "opt" / "vendor").mkdir(parents=True)
        with pytest.raises(RapidError, match="another run .*is changing the files of"):
            run(wanted, False)


def test_sets_beside_each_other_do_not_wait(place, monkeypatch):
    monkeypatch.setattr(lock, "LOCK_WAIT_SECONDS", 0)
    (place / "opt" / "other").mkdir(parents=True)
    (place / "etc" / "deep").mkdir()
    beside = params(place, "1", directories=[{"path": str(place / "etc" / "deep" / "ours"), "mode": "0755", "group": None}])
    with _lock_of(params(place, "1", directories=[{"path": str(place / "opt" / "other" / "ours"), "mode": "0755", "group": None}])), _lock_of(beside):
        pass


@contextlib.contextmanager
def _lock_of(wanted):
    with transaction.FileSetChange(wanted_directories(wanted), wanted_files(wanted)).locked():
        yield


# Absent

def test_absent_leaves_nothing(place):
    before = tree(place)
    traces = place / "run" / "1000" / "launcher"
    run(params(place, "1"), False)
    traces.mkdir(parents=True)
    (place / "bin" / ".program.previous").write_text("left by a killed run")
    (place / "share" / "menu" / "menu.cache").write_text("made by the desktop")
    wanted = params(place, "1", state="absent", secrets=None, trace_patterns=[str(place / "run" / "*" / "launcher")])
    assert run(wanted, True)["changed"] and (place / "bin" / "program").exists()
    assert run(wanted, False)["changed"]
    (place / "run" / "1000").rmdir()
    (place / "run").rmdir()
    assert tree(place) == before
    assert not run(wanted, False)["changed"]


# Bad input, and nothing touched

@pytest.mark.parametrize("changed, sentence", [
    ({"directories": []}, "directories or files is empty"),
    ({"files": []}, "directories or files is empty"),
    ({"owner": "nobody-of-that-name"}, "there is no user 'nobody-of-that-name' on this position"),
    ({"secrets": {}}, "should hold the secret 'account', which is not among secrets"),
    ({"files": [one("relative/path", content="")]}, "'relative/path' must be an absolute path"),
    ({"files": [one("/etc/../etc/passwd", content="")]}, "must be an absolute path"),
    ({"files": [one("/x/\0y", content="")]}, "must be an absolute path"),
    ({"owner": "no\0body"}, "there is no user 'no"),
    ({"files": [one("/x/y", content="", group="")]}, "there is no group '' on this position"),
    ({"files": [one("/x/y", content="", mode="rw-r--r--")]}, "the mode of /x/y is 'rw-r--r--'; give octal digits"),
    ({"files": [one("/x/y", content="", mode="4755")]}, "the mode of /x/y is '4755'; give octal digits"),
    ({"files": [one("/x/y", content="", group="no-such-group")]}, "there is no group 'no-such-group' on this position"),
    ({"files": [one("/x/y", secret="account", mode="0644")]}, "lets others than its owner and group read it"),
    ({"files": [one("/x/y", content="1"), one("/x/y", content="2")]}, "/x/y is named twice"),
    ({"event_sources": ["One"]}, "event_sources can be used on Windows positions only"),
    ({"files": [dict(one("/x/y", secret="account", mode="0600"), sealed_for="one")]}, "sealed_for can be used on Windows positions only"),
])
def test_mistakes_are_reported_before_anything_is_touched(place, changed, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        run(params(place, "1", **changed), False)
    assert tree(place) == {"bin": ("0o40755", None), "etc": ("0o40755", None)}


@pytest.mark.parametrize("state, is_check_mode, consequence", [
    ("present", True, "nothing was changed"), ("present", False, "nothing was changed"), ("absent", False, "what was removed stays removed")])
def test_what_the_system_refuses_is_a_sentence(place, state, is_check_mode, consequence):
    """A path may be unreadable too, or a directory in use, wherever it is met."""
    before = tree(place)
    with pytest.raises(RapidError, match="File name too long; %s: correct that and run again" % consequence) as caught:
        run(params(place, "1", state=state, files=[one(str(place / ("x" * 300)), content="")]), is_check_mode)
    assert caught.value.kind == "not_written" and tree(place) == before


@pytest.mark.parametrize("name, sentence", [("etc/ours", "already exists and is not a directory"), ("bin/program", "already exists and is not a file")])
def test_something_else_in_our_place_is_left_alone(place, name, sentence):
    if name == "etc/ours":
        (place / name).write_text("precious")
    else:
        (place / name).mkdir()
    before = tree(place)
    with pytest.raises(InvalidInput, match=sentence):
        run(params(place, "1"), False)
    assert tree(place) == before
