# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What becomes of the sandbox when it, or its host, is stopped, changed and removed."""

import json
import time

import host_files
import pytest
from host_playbooks import changed

SERVICE = "eccops-rapid-sandbox.service"
DATA = "/var/lib/eccops-rapid-sandbox"
NEVER_REMOVED = {"python3-venv", "python3-packaging"}


def role(host, **variables):
    tasks = {"sandbox_listen_address": "0.0.0.0", "sandbox_host_name": host, **variables}
    return [{"name": "Sandbox", "hosts": host, "gather_facts": True, "gather_subset": ["min"],
             "roles": [{"role": "eccops.rapid.sandbox", "vars": tasks}]}]


def wait_until_healthy(fleet, host):
    probe = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8446/health', timeout=2).status)"
    deadline = time.monotonic() + 20
    while fleet.root(host, "python3", "-c", probe, check=False).strip() != "200":
        assert time.monotonic() < deadline, fleet.root(host, "journalctl", "--unit", SERVICE, "--output", "cat")
        time.sleep(0.1)


def kept(fleet, host):
    return fleet.root(host, "sha256sum", f"{DATA}/secrets.json", f"{DATA}/ca.pem", f"{DATA}/fleet.json", f"{DATA}/server.pem")


@pytest.mark.parametrize("host", ["server", "position-trixie"])
def test_goes_on_where_it_was_after_a_restart_a_crash_and_a_power_failure(fleet, host):
    before = kept(fleet, host)
    fleet.root(host, "systemctl", "restart", SERVICE)
    wait_until_healthy(fleet, host)
    fleet.root(host, "systemctl", "kill", "--signal=KILL", SERVICE)
    wait_until_healthy(fleet, host)
    fleet.kill(host)
    fleet.start(host)
    wait_until_healthy(fleet, host)
    assert kept(fleet, host) == before


def test_check_reports_what_a_change_would_do_and_does_nothing(fleet, run_playbook):
    before = host_files.listing(fleet, "server")
    checked = run_playbook(role("server", sandbox_portal_port=9444), "--check", "--diff")
    assert checked.returncode == 0, checked.output
    assert host_files.changes(before, host_files.listing(fleet, "server")) == {}
    assert changed(checked)["server"] == ["eccops.rapid.sandbox : Write the service"]
    assert "--portal-port 9444" in checked.stdout


def test_an_upgrade_brings_the_new_program_alone_and_restarts(fleet, run_playbook):
    place = "/opt/eccops-rapid-sandbox/rapid_sandbox"
    fleet.root("server", "sh", "-c", f"echo '# an earlier version' >> {place}/clock.py; echo 'gone' > {place}/of_an_earlier_version.py")
    before, process = kept(fleet, "server"), fleet.root("server", "systemctl", "show", "-p", "MainPID", SERVICE)
    upgraded = run_playbook(role("server"))
    assert upgraded.returncode == 0, upgraded.output
    assert changed(upgraded)["server"] == ["eccops.rapid.sandbox : Copy the program", "eccops.rapid.sandbox : Restart the sandbox"]
    assert "earlier version" not in fleet.root("server", "sh", "-c", f"cat {place}/*.py; ls {place}")
    assert fleet.root("server", "systemctl", "show", "-p", "MainPID", SERVICE) != process and kept(fleet, "server") == before


def test_absent_leaves_nothing(fleet, run_playbook):
    """Every file of the host is as it was before the sandbox came; only Debian's packages stay."""
    host = "position-trixie"
    before = json.loads((fleet.directory / "before-sandbox.json").read_text(encoding="utf-8"))[host]
    present = host_files.listing(fleet, host)
    checked = run_playbook(role(host, sandbox_state="absent", sandbox_is_data_removed=True), "--check")
    assert checked.returncode == 0 and host in changed(checked), checked.output
    assert host_files.changes(present, host_files.listing(fleet, host)) == {}
    removed = run_playbook(role(host, sandbox_state="absent", sandbox_is_data_removed=True))
    assert removed.returncode == 0, removed.output
    after = host_files.listing(fleet, host)
    assert host_files.changes(before, after) == {}
    assert before["users"] == after["users"] and NEVER_REMOVED <= set(after["packages"])
    assert fleet.root(host, "systemctl", "is-system-running", check=False).strip() == "running"
    again = run_playbook(role(host, sandbox_state="absent", sandbox_is_data_removed=True))
    assert again.returncode == 0 and changed(again) == {}, again.output
