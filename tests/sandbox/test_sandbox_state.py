# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Starting, stopping, refusing to start, and what a restart keeps."""

import socket
import stat
import subprocess

import yaml
from sandbox_process import Running, run_to_end


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_private_and_connection_is_complete(sandbox):
    assert mode(sandbox.directory) == 0o700
    files = [path for path in sandbox.directory.rglob("*") if path.is_file()]
    assert files and {mode(path) for path in files} == {0o600}
    values = sandbox.values
    assert set(values) == {
        "rapidauth_api_url", "rapidauth_ca_path", "rapidauth_sac_path", "rapidauth_sac_passphrase",
        "rapidsos_api_url", "rapidsos_query_url", "rapidsos_ca_path", "rapidsos_email", "rapidsos_password",
        "rapidsos_client_id", "rapidsos_client_secret", "sandbox_device_url", "sandbox_admin_url",
        "sandbox_sacs", "sandbox_accounts", "sandbox_fleet", "sandbox_collect_argv", "sandbox_windows_collect_argv", "rotation_collect_argv",
        "provision_is_rehearsal"}
    assert set(values["sandbox_sacs"]) == {"valid", "expired", "not_yet_valid", "foreign_authority"}
    assert {account["role"] for account in values["sandbox_accounts"]} == {"Agent", "Admin"}
    assert len(values["sandbox_fleet"]) == 12
    assert len({position["ecc"] for position in values["sandbox_fleet"]}) == 3
    banner = "".join(sandbox.banner)
    assert "curl" in banner
    for account in values["sandbox_accounts"]:
        assert account["password"] not in banner
    assert values["rapidauth_sac_passphrase"] not in banner


def test_the_inventory_names_every_position(sandbox):
    inventory = yaml.safe_load((sandbox.directory / "fleet.yml").read_text(encoding="utf-8"))
    group = inventory["dispatch_workstations"]
    others = {name: group["vars"].pop(name) for name in list(group["vars"]) if name.startswith("portal_launcher_")}
    assert {"portal_launcher_email", "portal_launcher_group", "portal_launcher_password"} < set(others)
    assert group["vars"] == {
        "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_become": False, "provision_is_rehearsal": True,
        "rapidauth_ledger_path": str(sandbox.directory / "ledger.sqlite"),
        "rapidauth_audit_log_path": str(sandbox.directory / "audit.jsonl")}
    found = [
        {"position": host, "ecc": ecc, "request_id": of_host["rapidauth_request_id"],
         "anon_id": of_host["rapidauth_anon_id"]}
        for ecc, of_group in group["children"].items() for host, of_host in of_group["hosts"].items()]
    assert found == sandbox.fleet
    places = [of_host["rotation_request_path"] for of_group in group["children"].values() for of_host in of_group["hosts"].values()]
    assert len(set(places)) == len(found) and all(place.startswith(str(sandbox.directory)) for place in places)


def test_a_second_sandbox_on_the_same_directory_says_why_not(sandbox):
    second = run_to_end(sandbox.directory)
    assert second.returncode == 1
    assert f"process {sandbox.process.pid}" in second.stderr and "already runs" in second.stderr


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_to_end(tmp_path / "data", portal=port)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr and "--portal-port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_stops_with_the_process_that_it_was_given(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as other:
        running = Running(tmp_path / "data", "--fleet-size", "1", "--stop-with-process", str(other.pid))
        assert running.process.poll() is None
        other.kill()
    assert running.process.wait(5) == 0
    running.process.stdout.close()


def test_a_restart_keeps_credentials_accounts_tokens_log_clock_and_authority(tmp_path):
    first = Running(tmp_path / "data", "--fleet-size", "4")
    try:
        assert len(first.fleet) == 4
        replaced = first.call("POST", f"/requests/{first.fleet[0]['request_id']}/replace", {"AnonId": "kept"}).json()
        token = first.login().json()["token"]
        for _attempt in range(5):
            first.login(first.values["sandbox_accounts"][1]["email"], "wrong")
        first.advance(minutes=2)
        first.switch(licences=7)
        before = first.audit()
        authority = (first.directory / "ca.pem").read_bytes()
    finally:
        assert first.stop() == 0
    second = Running(tmp_path / "data")
    try:
        assert second.audit()[:len(before)] == before
        assert second.get("/credentials/kept").json() == replaced
        assert second.query_page("15555555555", token).status_code == 200
        assert second.login(second.values["sandbox_accounts"][1]["email"],
                            second.values["sandbox_accounts"][1]["password"]).status_code == 403
        assert second.admin("GET", "/clock").json()["offset_seconds"] == 120
        assert second.admin("GET", "/switches").json()["licences"] == 7
        assert (second.directory / "ca.pem").read_bytes() == authority
        kept = ("sandbox_sacs", "sandbox_accounts", "sandbox_fleet", "rapidsos_client_secret")
        assert [second.values[name] for name in kept] == [first.values[name] for name in kept]
    finally:
        assert second.stop() == 0
