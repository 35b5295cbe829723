# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what an audit log keeps, and what it refuses: records are whole, in order, durable, and closed to others."""

import contextlib
import fcntl
import json
import os
import pwd
import resource
import subprocess
import sys
import threading
import types

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils import _audit_log as audit_log
from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog, AuditLogError
from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock

SUBJECT = {"api_url": "https://portal.ecc.example", "account": "launcher@ecc.example"}


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return tmp_path / "kept" / "audit.jsonl"


@pytest.fixture(name="log")
def fixture_log(path):
    return AuditLog(str(path), "rapidsos_portal_token")


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_an_effect_is_recorded_before_and_after(log, path, monkeypatch, tmp_path):
    login_uid = tmp_path / "loginuid"
    login_uid.write_text("65534")
    monkeypatch.setenv("SUDO_USER", "dana")
    monkeypatch.setattr(audit_log, "_LOGIN_UID_PATH", str(login_uid))
    with log.effect("portal_login", dict(SUBJECT)) as subject:
        (begun,) = records(path)
        subject["note"] = "näher"
    first, last = records(path)
    assert first == begun and (first["outcome"], last["outcome"]) == ("begun", "succeeded") and first["event_id"] == last["event_id"]
    assert last["subject"] == {**SUBJECT, "note": "näher"} and last["source"] == "eccops.rapid.rapidsos_portal_token"
    assert (last["uid"], last["user"], last["claimed_user"]) == (os.getuid(), pwd.getpwuid(os.getuid()).pw_name, "dana")
    assert (last["login_uid"], last["login_user"]) == (65534,
                                                       pwd.getpwuid(65534).pw_name) and last["controller"] == os.uname().nodename and last["time"].endswith("Z")
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700 and log.problems == []


@pytest.mark.parametrize("error, outcome, kind", [
    (Refusal("no", kind="login_refused", http_status=401), "failed", "login_refused"), (AnswerLost("gone"), "unknown", "answer_lost"),
    (KeyboardInterrupt(), "unknown", None), (Refusal("trouble", http_status=500), "unknown", "refused")])
def test_a_failure_is_recorded_as_what_is_known_of_it(log, path, error, outcome, kind):
    with pytest.raises(type(error)), log.effect("portal_login", SUBJECT):
        raise error
    assert [(each["outcome"], each["error_kind"]) for each in records(path)] == [("begun", None), (outcome, kind)]


def test_without_a_path_there_is_no_log(tmp_path):
    log = AuditLog("", "rapidauth_request")
    log.ensure_writable()
    with log.effect("portal_login", SUBJECT):
        pass
    assert not list(tmp_path.iterdir())


def _symbolic_link(path):
    path.symlink_to(path.with_name("elsewhere"))


def _pipe(path):
    os.mkfifo(path)


def _open_to_all(path):
    path.touch()
    path.chmod(0o644)


def _writable_by_group(path):
    path.touch()
    path.chmod(0o660)


def _directory(path):
    path.mkdir()


@pytest.mark.parametrize("put, words", [
    (_symbolic_link, "is a symbolic link"), (_pipe, "not a regular file"), (_open_to_all, "chmod 600"), (_writable_by_group, "chmod 600"),
    (_directory, "not a regular file")])
def test_what_is_no_log_of_ours_is_refused_before_anything_is_done(log, path, put, words):
    path.parent.mkdir()
    put(path)
    with pytest.raises(AuditLogError, match=words), log.effect("portal_login", SUBJECT):
        pytest.fail("it was done without a record")


def test_another_users_log_is_refused(log, path):
    if os.geteuid():
        pytest.skip("only root can give a file away")
    log.ensure_writable()
    os.chown(path, 65534, -1)
    with pytest.raises(AuditLogError, match="belongs to another user"):
        log.ensure_writable()


def test_a_collectors_group_may_read_it(log, path):
    log.ensure_writable()
    path.chmod(0o640)
    log.write("portal_login", "begun", SUBJECT)
    assert path.stat().st_mode & 0o777 == 0o640 and len(records(path)) == 1


def test_a_collector_may_rename_it_away_at_any_time(log, path):
    log.write("portal_login", "begun", SUBJECT)
    path.rename(path.with_name("audit.1"))
    log.write("portal_login", "succeeded", SUBJECT)
    assert [len(records(each)) for each in (path, path.with_name("audit.1"))] == [1, 1]


def test_half_a_line_that_a_power_cut_left_spoils_no_other(log, path):
    log.write("portal_login", "begun", SUBJECT)
    with path.open("a", encoding="ascii") as file:
        file.write('{"time": "2026-')
    log.write("portal_login", "succeeded", SUBJECT)
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines[1] == '{"time": "2026-' and [json.loads(lines[number])["outcome"] for number in (0, 2)] == ["begun", "succeeded"]


def _fill_up(path):
    """Runs an effect in a process that may write so much to a file and no more, and prints what became of it."""
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog\n"
        "log = AuditLog(sys.argv[1], 'rapidauth_request')\n"
        "with log.effect('credential_patch', {'request_id': 'r' * 400}):\n"
        "    print('done')\n"
        "print(log.problems)\n")
    limit = path.stat().st_size + 900
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}  # Python would cut off its own files too
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, capture_output=True, text=True, env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))


def test_an_outcome_that_no_longer_fits_is_reported_and_leaves_no_half_line(log, path):
    log.write("credential_patch", "begun", SUBJECT)
    completed = _fill_up(path)
    assert completed.returncode == 0 and completed.stdout.startswith("done\n"), completed.stderr
    assert "credential_patch: succeeded is not recorded; the audit log" in completed.stdout
    assert [each["outcome"] for each in records(path)] == ["begun", "begun"]


@pytest.mark.parametrize("blocks, is_full", [(15, True), (16, False)])
def test_a_full_disk_is_noticed_before_anything_is_done(log, path, monkeypatch, blocks, is_full):
    monkeypatch.setattr(os, "fstatvfs", lambda _descriptor: types.SimpleNamespace(f_bavail=blocks, f_frsize=4096))
    with pytest.raises(AuditLogError, match="No space left") if is_full else contextlib.nullcontext():
        log.ensure_writable()
    assert path.read_bytes() == b""


def test_records_of_many_writers_stay_apart(path):
    def write():
        own = AuditLog(str(path), "rapidsos_portal_token")
        for _each in range(20):
            own.write("portal_login", "begun", {"account": "a" * 3000})

    threads = [threading.Thread(target=write) for _each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(records(path)) == 160


def test_whoever_reads_the_log_cannot_keep_anybody_from_writing_it(log, path):
    log.ensure_writable()
    path.chmod(0o640)
    with path.open(encoding="ascii") as reader:
        fcntl.flock(reader, fcntl.LOCK_EX)
        log.write("portal_login", "begun", SUBJECT)
    assert len(records(path)) == 1 and path.with_name("audit.jsonl.lock").stat().st_mode & 0o777 == 0o600


def test_a_writer_waits_for_a_limited_time_and_says_for_whom(path, log):
    log.ensure_writable()
    with locks.held(str(path) + ".lock", "writing to the audit log", 0):
        waiting = AuditLog(str(path), "rapidauth_request", wait_seconds=30, clock=MovedClock())
        with pytest.raises(AuditLogError, match=r"another run \(process %d\) is writing to the audit log .*this run waited 30 s" % os.getpid()) as caught:
            waiting.write("portal_login", "begun", SUBJECT)
    assert caught.value.kind == "busy" and records(path) == []


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_place_that_others_can_write_to_is_refused(log, path, mode):
    path.parent.mkdir()
    path.parent.chmod(mode)
    with pytest.raises(AuditLogError, match="others could replace the audit log .*everybody can write to"):
        log.write("portal_login", "begun", SUBJECT)
    assert list(path.parent.iterdir()) == []


def test_what_is_made_on_the_way_is_closed_whatever_the_umask(tmp_path):
    earlier = os.umask(0)
    try:
        AuditLog(str(tmp_path / "a" / "b" / "audit.jsonl"), "rapidauth_request").ensure_writable()
    finally:
        os.umask(earlier)
    assert [(tmp_path / each).stat().st_mode & 0o777 for each in ("a", "a/b", "a/b/audit.jsonl")] == [0o700, 0o700, 0o600]
