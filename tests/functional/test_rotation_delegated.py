# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves a ledger on a host of its own, for controllers that forget their disk: delegate_to over a real connection, then another controller."""

import os
import shutil
import signal
import sys

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import ledger as ledgers
from harness import SHIPPED, Playbooks, task
from processes import descendants
from ssh_host import SshHost

ENOUGH = 3


@pytest.fixture(name="ledger_host", params=["ssh", "local"])
def fixture_ledger_host(request, tmp_path):
    """The inventory variables of the host that keeps the ledger, and how often it was logged in to (None where it is not)."""
    if request.param == "local":
        yield {**SHIPPED["vars"], "ansible_python_interpreter": sys.executable}, lambda: None
        return
    with SshHost(tmp_path / "ssh") as host:
        before = host.log.read_text(encoding="utf-8").count("Accepted publickey")
        yield host.variables(), lambda: host.log.read_text(encoding="utf-8").count("Accepted publickey") - before


@pytest.mark.slow
def test_another_controller_resumes_with_the_ledger_of_another_host(sandbox, tmp_path, ledger_host):
    variables, logins = ledger_host
    place = tmp_path / "kept" / "ledger.sqlite"
    credentials = [{"position": each["position"], "request_id": each["request_id"]} for each in sandbox.fleet]
    keywords = {"delegate_to": "ledger-host", "vars": {"ansible_pipelining": True}}
    wave = task("rotate", "rapidauth_rotation", keywords, credentials=credentials, rotation_id="q1", ledger_path=str(place), concurrency=2)
    shown = task("ledger", "rapidauth_ledger_info", keywords, ledger_path=str(place), api_url="{{ rapidauth_api_url }}")
    inventory = {"localhost": {"ansible_connection": "local"}, "ledger-host": variables}
    killed = []

    def pull_the_plug(process):
        if not killed and sandbox.stats()["calls"].get("replace", {}).get("POST", 0) >= ENOUGH:
            killed.extend([process.pid, *descendants(process.pid)])
            for each in killed:
                os.kill(each, signal.SIGKILL)

    sandbox.fault("replace", "latency", count=None, seconds=0.3)
    first = Playbooks(sandbox, tmp_path / "first")
    assert first([wave], inventory=inventory, while_running=pull_the_plug).returncode == -signal.SIGKILL
    shutil.rmtree(tmp_path / "first")  # the container is gone with all it had
    sandbox.admin("DELETE", "/faults")

    second = Playbooks(sandbox, tmp_path / "second")([wave, shown], inventory=inventory)
    result, ledger = second.result("rotate"), second.result("ledger")
    assert (result["failed_positions"], result["ledger_path"], result["ledger_is_new"]) == ([], str(place), False), second.output
    effects = {entry["previous_request_id"]: entry["request_id"] for entry in sandbox.effects("replace")}
    assert len(sandbox.effects("replace")) == len(effects) == 12
    assert {each["request_id"]: result["positions"][each["position"]]["request_id"] for each in credentials} == effects
    assert {row["original_request_id"]: row["request_id"] for row in ledger["positions"].values()} == effects
    assert result["summary"].get("already_replaced", 0) + result["summary"].get("adopted", 0) >= ENOUGH - 2
    assert logins() is None or logins() > 0
    with ledgers.Ledger(str(place), is_read_only=True) as kept:
        assert {row["outcome"] for row in kept.rows("SELECT * FROM replacements")} <= {"replaced", "adopted"}
    assert not list((tmp_path / "second").rglob("ledger.sqlite*"))
