# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that SIGTERM and Ctrl-C let what is in flight finish and be recorded, begin nothing more, and that progress shows meanwhile."""

import contextlib
import os
import signal
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import ledger as ledgers
from harness import SHIPPED, task
from processes import descendants, is_running

CONCURRENCY = 4
#: Long enough that a signal meets requests in flight, which it must not cut.
SECONDS_OF_A_POST = 2.5


@pytest.fixture(name="rotation")
def fixture_rotation(sandbox, tmp_path):
    credentials = [{"position": each["position"], "request_id": each["request_id"]} for each in sandbox.fleet]
    options = {"credentials": credentials, "rotation_id": "q1", "ledger_path": str(tmp_path / "ledger.sqlite"), "concurrency": CONCURRENCY}
    return lambda keywords=None, **changes: task("rotate", "rapidauth_rotation", keywords, **{**options, **changes})


def wait_until(condition, what, seconds=30):
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.02)


def terminate(pids):
    for each in pids:
        with contextlib.suppress(ProcessLookupError):  # a parent was stopped before, and stopped it
            os.kill(each, signal.SIGTERM)


#: name: (the task's keywords, how the signal is given)
WAYS = {
    "SIGTERM to ansible-playbook": ({}, lambda pid: os.kill(pid, signal.SIGTERM)),
    "Ctrl-C at its terminal": ({}, lambda pid: os.killpg(pid, signal.SIGINT)),
    "SIGTERM to all of its processes": (SHIPPED, lambda pid: terminate([*descendants(pid), pid])),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WAYS)
def test_a_signal_ends_a_wave_in_good_order(sandbox, run_playbook, rotation, tmp_path, name):
    keywords, give = WAYS[name]
    sandbox.fault("replace", "latency", count=None, seconds=SECONDS_OF_A_POST)
    noticed = {}

    def give_once(process):
        posts = sandbox.stats()["calls"].get("replace", {}).get("POST", 0)
        if not noticed and posts >= CONCURRENCY:
            noticed.update(posts=posts, processes=descendants(process.pid))
            give(process.pid)

    inventory = {"localhost": {"ansible_connection": "local"}}
    run = run_playbook([rotation(keywords)], inventory=inventory, while_running=give_once, preexec=os.setpgrp)
    assert run.returncode != 0 and noticed
    # Whoever works on what is in flight may outlive the command that was stopped; nothing may be left after it.
    wait_until(lambda: not any(map(is_running, noticed["processes"])), "it never ended")
    with ledgers.Ledger(str(tmp_path / "ledger.sqlite"), is_read_only=True) as ledger:
        rows = ledger.rows("SELECT * FROM replacements")
    effects = {entry["previous_request_id"]: entry["request_id"] for entry in sandbox.effects("replace")}
    assert CONCURRENCY <= len(effects) <= noticed["posts"] + CONCURRENCY < len(sandbox.fleet)
    assert {row["request_id"]: row["new_request_id"] for row in rows if row["outcome"] == "replaced"} == effects
    assert [row for row in rows if row["outcome"] != "replaced"] == []
    sandbox.admin("DELETE", "/faults")
    again = run_playbook([rotation()]).result("rotate")
    assert again["summary"] == {"already_replaced": len(effects), "replaced": 12 - len(effects), "total": 12}
    assert len(sandbox.effects("replace")) == 12


@pytest.mark.slow
def test_a_worker_that_is_stopped_returns_the_outcome_of_every_position(sandbox, run_playbook, rotation):
    sandbox.fault("replace", "latency", count=None, seconds=SECONDS_OF_A_POST)
    stopped = []

    def tell_once(process):
        if not stopped and sandbox.stats()["calls"].get("replace", {}).get("POST", 0) >= CONCURRENCY:
            stopped.extend(descendants(process.pid))
            terminate(stopped)

    result = run_playbook([rotation()], while_running=tell_once).result("rotate")
    assert result["stopped_by"] == "SIGTERM was received" and result["error_kind"] == "wave_incomplete"
    outcomes = [entry["outcome"] for entry in result["positions"].values()]
    assert set(outcomes) == {"replaced", "not_started"} and len(outcomes) == 12
    assert {entry["previous_request_id"]: entry["request_id"] for entry in result["positions"].values() if entry["outcome"] == "replaced"} == {
        entry["previous_request_id"]: entry["request_id"] for entry in sandbox.effects("replace")}


@pytest.mark.slow
def test_progress_shows_while_it_lasts(sandbox, run_playbook, rotation):
    sandbox.fault("replace", "latency", count=None, seconds=SECONDS_OF_A_POST)
    run = run_playbook([rotation()])
    assert run.returncode == 0, run.output
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("rotation: ")]
    done = int(line.split()[1])
    assert line == "rotation: %d of 12 done (%d replaced)" % (done, done) and 0 < done < 12
