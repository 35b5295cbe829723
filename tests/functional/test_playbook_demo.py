# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the demo shows what it says, touches nothing but its own directory and hosts, and leaves nothing running, killed or not."""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import time

import harness
import pytest
import yaml

PLAYBOOK = "eccops.rapid.demo"

pytestmark = pytest.mark.slow


def hostile_inventory(marker):
    """As a site may have by default: all hosts are Windows machines, managed as administrator; C(marker) is what nobody may write."""
    variables = {
        "ansible_connection": "winrm", "ansible_shell_type": "powershell", "ansible_become": True, "ansible_become_method": "runas",
        "ansible_user": "administrator", "rapidauth_sac_content": "not a SAC", "rotation_collect_argv": ["touch", marker],
        "rotation_become": True, "rotation_anon_id": "a-real-one", "check_fail_on": "warning", "rapidauth_ledger_host": "no-such-host",
        "rotation_request_path": marker, "rapidauth_positions": "dispatch_workstations", "check_report_directory": marker,
        "check_portal": True, "check_fleet_from": "ledger", "check_show_ids": True, "rotation_resolutions": {"north-01": "not_replaced"}}
    position = {"ansible_host": "192.0.2.1", "rapidauth_request_id": "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"}
    return {"all": {"vars": variables, "children": {"dispatch_workstations": {"hosts": {
        name: dict(position) for name in ("north-01", "north-02", "localhost")}}}}}


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


def wait_until_none_runs(directory):
    end = time.monotonic() + 15
    while processes_of(directory):
        assert time.monotonic() < end, processes_of(directory)
        time.sleep(0.1)


def test_the_demo(tmp_path):
    run_demo = harness.Playbooks(None, tmp_path / "runs")
    place = tmp_path / "the demo's place"
    options = {"extra_vars": {"demo_directory": str(place)}}

    # Killed in the middle, as soon as the sandbox runs: the sandbox then stops too.
    def kill(process):
        if process.poll() is None and (place / "sandbox" / "connection.yml").exists():
            assert any("rapid_sandbox" in command for command in processes_of(place))
            os.killpg(process.pid, signal.SIGKILL)

    killed = run_demo(PLAYBOOK, **options, preexec=os.setsid, while_running=kill)
    assert killed.returncode == -signal.SIGKILL
    wait_until_none_runs(place)

    # Then to its end, over what the killed one left, with an inventory that it must not heed.
    marker, inventory = tmp_path / "marker", tmp_path / "hostile.yml"
    inventory.write_text(yaml.safe_dump(hostile_inventory(str(marker))), encoding="utf-8")
    run = run_demo(PLAYBOOK, **options, inventory=inventory)
    assert run.returncode == 0, run.output
    wait_until_none_runs(place)
    hosts = set(run.recap) - {"localhost"}
    assert len(hosts) == 12 and {name.split("-")[0] for name in hosts} == {"demo"}
    assert not any(counts["failures"] or counts["unreachable"] for counts in run.recap.values())
    assert_it_shows_what_it_says(run, place)
    assert not marker.exists()
    outside = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file() and place not in path.parents}
    left = {path for path in outside if not path.is_relative_to("runs/home")}
    assert {path.name for path in left} == {"hostile.yml", "stdout", "stderr", "results.jsonl", "extra_vars.json"}
    # At home only Ansible's own: what the killed run had no time to remove.
    assert {path.parts[2] for path in outside - left} <= {".ansible", "local_tmp", "remote_tmp"}


def assert_it_shows_what_it_says(run, place):
    summary = run.result("Show the summary")["msg"]
    assert summary == (place / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert "12 credentials replaced, each exactly once, and 12 collected by their positions" in summary[1]
    assert "3 Portal logins for 12 positions in 3 centers" in summary[2]
    assert "second pass   0 effects" in summary[3]
    entries = json.loads((place / "audit.json").read_text(encoding="utf-8"))
    assert sorted(entry["effect"] for entry in entries) == ["collect"] * 12 + ["login"] * 3 + ["replace"] * 12
    replaced = {entry["previous_request_id"]: entry["request_id"] for entry in entries if entry["effect"] == "replace"}
    assert len(replaced) == 12
    with contextlib.closing(sqlite3.connect(place / "ledger.sqlite")) as connection:
        results = dict(connection.execute("SELECT position, new_request_id FROM replacements WHERE outcome = 'replaced'"))
    assert sorted(results.values()) == sorted(replaced.values())
    for path in (place / "positions").iterdir():
        collected = json.loads((path / "credential" / "collected.json").read_text(encoding="utf-8"))
        assert collected["request_id"] == results["demo-" + path.name]
    assert len(list((place / "tokens").iterdir())) >= 3
    assert place.stat().st_mode & 0o777 == 0o700
