# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A position collects: delivered whole, once for each RequestId, its command bounded in time and words, and marked durably."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import traceback

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._workstation import collection, commands

ID, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


class Position:
    """A position whose command appends to a log."""

    def __init__(self, directory):
        self.path, self.log = directory / "place" / "request.json", directory / "log"
        self.argv = [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(open(sys.argv[2]).read() + '\\n')", str(self.log), "{request_path}"]

    def run(self, state="collected", is_check_mode=False, request_id=ID, **changes):
        params = {"state": state, "request_path": str(self.path), "request_id": request_id, "anon_id": "mine", "argv": self.argv,
                  "timeout_seconds": 30, **changes}
        return collection.run(params, is_check_mode)

    def fails(self, **changes):
        with pytest.raises(RapidError) as caught:
            self.run(**changes)
        return caught.value

    def runs(self):
        return len(self.log.read_text(encoding="utf-8").splitlines()) if self.log.exists() else 0

    def names(self):
        return sorted(each.name for each in self.path.parent.iterdir()) if self.path.parent.exists() else None


@pytest.fixture(name="position")
def fixture_position(tmp_path):
    return Position(tmp_path)


def test_it_collects_once_for_each_request_id(position):
    assert position.run(is_check_mode=True) == {"changed": True, "is_delivered": False, "is_collected": False} and position.names() is None
    assert position.run() == {"changed": True, "is_delivered": True, "is_collected": True}
    assert json.loads(position.path.read_text()) == {"request_id": ID, "anon_id": "mine"} and stat.S_IMODE(position.path.stat().st_mode) == 0o600
    assert position.names() == [".request.json.collected", "request.json"]
    for is_check_mode in (False, True):
        assert position.run(is_check_mode=is_check_mode) == {"changed": False, "is_delivered": True, "is_collected": True}
    assert position.runs() == 1
    assert position.run(request_id=OTHER)["changed"] and position.runs() == 2


@pytest.mark.parametrize("mark", [b"", b"{", b"[]", b"[" * 100000, b'{"request_id": 5}', json.dumps({"request_id": OTHER}).encode()])
def test_without_a_good_mark_the_command_runs_again(position, mark):
    position.run()
    (position.path.parent / ".request.json.collected").write_bytes(mark)
    assert position.run()["changed"] and position.runs() == 2


@pytest.mark.parametrize("argv, reported, exit_code", [
    (["/bin/sh", "-c", "echo first; echo 'no\r\x1b[2K certificate' >&2; exit 3"], "/bin/sh ended with 3: first | no \\u001b[2K certificate", 3),
    (["/bin/sh", "-c", "kill -9 $$"], "/bin/sh ended with -9", -9)])
def test_a_command_that_fails_leaves_no_mark(position, argv, reported, exit_code):
    error = position.fails(argv=argv)
    assert (error.kind, error.message, error.details) == ("not_collected", reported, {"is_delivered": True, "exit_code": exit_code})
    assert position.names() == ["request.json"]
    assert position.run()["is_collected"]


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(position, tmp_path):
    child = tmp_path / "child"
    error = position.fails(argv=["/bin/sh", "-c", "sleep 60 & echo $! > %s; sleep 60" % child], timeout_seconds=1)
    assert error.kind == "not_collected" and "did not end within 1 s" in error.message
    pid = int(child.read_text())
    assert not os.path.exists("/proc/%d" % pid) or "Z" in open("/proc/%d/stat" % pid, encoding="ascii").read().split()[2]


def test_no_more_is_kept_of_what_a_command_says_than_its_end(tmp_path):
    exit_code, output = commands.run_command([sys.executable, "-c", "print('x' * 5000000); print('the end')"], 60)
    assert exit_code == 0 and output.endswith("the end") and len(output) <= commands.KEPT_BYTES


def test_what_a_command_leaves_running_does_not_hold_it(position):
    assert position.run(argv=["/bin/sh", "-c", "sleep 30 & exit 0"])["is_collected"]


def test_a_place_that_cannot_be_written_to(position):
    position.path.parent.parent.mkdir(exist_ok=True)
    position.path.parent.write_text("in the way")
    error = position.fails()
    assert error.kind == "not_collected" and error.details["is_delivered"] is False and str(position.path) in error.message
    for is_check_mode in (False, True):
        error = position.fails(state="ready", is_check_mode=is_check_mode)
        assert error.kind == "not_ready" and "is not a directory" in error.message


def test_a_mark_that_cannot_be_kept_is_found_before_the_command_runs(position):
    place = position.path.parent
    position.path = place / ("r" * 245)
    error = position.fails(state="ready")
    assert error.kind == "not_ready" and "File name too long" in error.message
    for is_check_mode in (False, True):
        error = position.fails(is_check_mode=is_check_mode)
        assert error.kind == "not_collected" and error.details == {"is_delivered": False} and "File name too long" in error.message
    position.path = place / "request.json"
    (place / ".request.json.collected").mkdir()
    assert "Is a directory" in position.fails().message and position.runs() == 0


def test_a_position_is_tried_without_a_trace(position):
    assert position.run(state="ready", is_check_mode=True)["changed"] is False and position.names() is None
    assert position.run(state="ready")["changed"] is True and position.names() == []
    assert position.run(state="ready")["changed"] is False and position.runs() == 0


@pytest.mark.parametrize("argv, reported", [
    ([], "argv is empty"), ([""], "argv is empty"), (["/bin/true", "a\0b"], "argv contains a character"),
    (["/bin/true", "\ud800"], "argv contains a character"),
    (["bin/collect"], "must be an absolute path or a name on the PATH"),
    (["/no/such/program"], "does not exist on this position"), (["/etc/passwd"], "is not executable on this position")])
def test_programs_that_cannot_run_are_found_before_anything_is_replaced(position, argv, reported):
    assert reported in position.fails(state="ready", argv=argv).message and position.names() is None


@pytest.mark.parametrize("changes", [
    {"request_path": "request.json"}, {"request_path": "/a/../b"}, {"request_path": "/"}, {"request_path": "/a\0b"}, {"request_path": "/\ud800"},
    {"timeout_seconds": 0}, {"timeout_seconds": 3601}])
def test_input_that_cannot_be_right(position, changes):
    assert isinstance(position.fails(**changes), InvalidInput)


def test_a_second_run_waits_and_then_has_nothing_to_do(position):
    position.run(state="ready")
    place, results = collection.RequestPlace(str(position.path)), []
    other = threading.Thread(target=lambda: results.append(position.run()))
    with place.held(1):
        other.start()
        while not any(each.name == "_collect" for each in _frames_of(other)):  # it has seen no mark, and is on its way to the lock
            pass
        place.mark_collected(ID)
    other.join(30)
    assert results == [{"changed": False, "is_delivered": True, "is_collected": True}] and position.runs() == 0


def _frames_of(thread):
    frame = sys._current_frames().get(thread.ident)
    return traceback.extract_stack(frame) if frame else []
