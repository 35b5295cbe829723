# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the demo shows what it says, touches nothing but its own directory and hosts, and leaves nothing running, killed or not."""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

COLLECTION = pathlib.Path(os.environ["ANSIBLE_COLLECTIONS_PATH"].split(":")[0]) / "ansible_collections/eccops/rapid"

pytestmark = pytest.mark.slow


def start(place, home, **more):
    """Starts the demo as make does; its standard output is a pipe, and nothing of the tests' Ansible settings applies."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(COLLECTION / "roles/sandbox/files"), **more}
    return subprocess.Popen(
        [sys.executable, "-m", "rapid_demo", "--directory", str(place)], env=environment, cwd=home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def processes_of(directory):
    """Returns the command lines of the processes that name C(directory)."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
        if str(directory) in command:
            found.append(command)
    return found


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_demo(tmp_path):
    place, home, marker = tmp_path / "the demo's place", tmp_path / "home", tmp_path / "marker"
    home.mkdir()
    (home / "ansible.cfg").write_text("[defaults]\nforks = nonsense\n", encoding="utf-8")
    (home / ".ansible.cfg").write_text("[defaults]\ninventory = /dev/null\n[privilege_escalation]\nbecome = true\nbecome_user = nobody\n", encoding="utf-8")

    # Killed as soon as the sandbox runs: the sandbox and the playbook then stop too.
    killed = start(place, home)
    wait_until((place / "sandbox" / "connection.yml").exists)
    killed.kill()
    killed.communicate()
    wait_until(lambda: not processes_of(place))

    # Then to its end, over what the killed one left.
    run = start(place, home, HTTPS_PROXY="http://127.0.0.1:9", ANSIBLE_BECOME="1", ANSIBLE_INVENTORY=str(marker))
    printed = run.communicate(timeout=300)[0]
    assert run.returncode == 0, printed
    assert not processes_of(place)
    assert_it_shows_what_it_says(printed, place)
    assert place.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in tmp_path.iterdir()} == {place.name, home.name}
    assert {path.name for path in home.iterdir()} <= {"ansible.cfg", ".ansible.cfg", ".ansible", ".cache", ".local"}


def assert_it_shows_what_it_says(printed, place):
    lines = printed.splitlines()
    assert len(lines) <= 30 and max(map(len, lines)) <= 100 + len(str(place)), printed
    assert [line[:3] for line in lines if line[1:2] == "/"] == ["%d/7" % number for number in range(1, 8)]
    assert "10 replaced, 0 twice, 0 lost." in printed and "0 effects at the service." in printed
    with contextlib.closing(sqlite3.connect(place / "sandbox" / "ledger.sqlite")) as connection:
        outcomes = [outcome for outcome, in connection.execute("SELECT outcome FROM replacements ORDER BY outcome")]
    assert outcomes == ["lapsed"] + ["replaced"] * 12
    assert len(list((place / "sandbox" / "positions").glob("*/credential/collected.json"))) == 12
    assert {path.name for path in (place / "report").iterdir()} == {
        "caller.html", "junit.xml", "metrics.prom", "report.html", "report.json", "report.md"}
    assert "+1 (555) 555-5555" in (place / "report" / "caller.html").read_text(encoding="utf-8")
    report = json.loads((place / "report" / "report.json").read_text(encoding="utf-8"))
    assert len(report["credentials"]) == 12
    secrets = json.loads((place / "sandbox" / "secrets.json").read_text(encoding="utf-8"))
    shown = printed + (place / "demo.log").read_text(encoding="utf-8")
    assert not [account for account in secrets["accounts"] if account["password"] in shown]


def test_somebody_elses_directory_is_left_alone(tmp_path):
    place = tmp_path / "documents"
    place.mkdir()
    (place / "letter.txt").write_text("mine", encoding="utf-8")
    run = start(place, tmp_path)
    assert "has files that are not the demo's: give another --directory" in run.communicate(timeout=60)[0]
    assert run.returncode == 1 and [path.name for path in place.iterdir()] == ["letter.txt"]


def test_ctrl_c_stops_everything(tmp_path):
    place = tmp_path / "demo"
    run = start(place, tmp_path)
    wait_until((place / "sandbox" / "connection.yml").exists)
    run.send_signal(signal.SIGINT)
    assert run.communicate(timeout=60)[0].endswith("rapid_demo: stopped\n") and run.returncode == 130
    assert not processes_of(place)
