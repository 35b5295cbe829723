# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The sandbox as a service of a real host: it runs, is shut in, answers, and keeps its secrets to itself."""

import http.client
import json
import socket
import ssl
import urllib.request

import pytest
import yaml

testinfra_hosts = ["ssh://server", "ssh://position-trixie"]
SERVICE = "eccops-rapid-sandbox.service"
DATA = "/var/lib/eccops-rapid-sandbox"


@pytest.fixture
def process_id(host):
    return int(host.check_output(f"systemctl show -p MainPID --value {SERVICE}"))


@pytest.fixture
def status(host, process_id):
    return dict(line.split(":\t", 1) for line in host.check_output(f"cat /proc/{process_id}/status").splitlines() if ":\t" in line)


@pytest.fixture
def connection(host):
    return yaml.safe_load(host.file(f"{DATA}/connection.yml").content_string)


def test_runs_now_and_at_every_boot(host):
    service = host.service(SERVICE)
    assert service.is_running and service.is_enabled
    assert host.check_output("systemctl is-system-running") == "running"


def test_has_no_rights_and_cannot_get_any(host, status):
    assert status["Uid"].split()[0] != "0"
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_its_user_exists_only_while_it_runs(host, status):
    number = status["Uid"].split()[0]
    assert number not in host.file("/etc/passwd").content_string
    assert host.file(f"/run/systemd/dynamic-uid/{number}").content_string.strip() == "eccops-rapid-sandbox"


@pytest.mark.parametrize("path", ["/etc/written", "/opt/eccops-rapid-sandbox/written", "/usr/written", "/var/lib/written"])
def test_sees_the_system_read_only(host, process_id, path):
    """As root, but in its view of the file system: not even that may write."""
    said = host.run(f"nsenter --target {process_id} --mount touch {path}")
    assert said.rc != 0 and "Read-only file system" in said.stderr


def test_sees_neither_homes_nor_devices_nor_others_temporary_files(host, process_id):
    host.check_output("touch /tmp/somebodys_own")
    seen = host.check_output(f"nsenter --target {process_id} --mount ls -A /home /tmp /dev")
    assert "deploy" not in seen and "somebodys_own" not in seen and "kmsg" not in seen.split()
    host.check_output("rm /tmp/somebodys_own")


def test_data_is_private(host):
    assert host.run(f"sudo -u deploy ls {DATA}/").rc != 0
    directory = host.file(f"/var/lib/private/{SERVICE.removesuffix('.service')}")
    assert directory.is_directory and directory.mode == 0o700
    assert {host.file(f"{DATA}/{name}").mode for name in ("connection.yml", "ca.key", "secrets.json", "sandbox.db")} == {0o600}


def test_answers_by_its_name_over_tls_and_logs_in(fleet, host, connection, tmp_path):
    """From another machine, with nothing but what it wrote for its clients."""
    name = host.check_output("hostname")
    (tmp_path / "ca.pem").write_text(host.file(f"{DATA}/ca.pem").content_string, encoding="utf-8")
    assert connection["rapidsos_api_url"] == f"https://{name}:8444"
    body = json.dumps({"email": connection["rapidsos_email"], "password": connection["rapidsos_password"]})
    answer = _post(fleet.addresses[name], name, "/v1/scorpius/user/api-token-auth", body, tmp_path / "ca.pem")
    assert answer["token"]


def test_admin_api_is_for_the_host_alone(fleet, host):
    name = host.check_output("hostname")
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://{fleet.addresses[name]}:8446/health", timeout=5)
    assert "127.0.0.1:8446" in host.check_output("ss --listening --tcp --numeric")


def test_no_secret_is_in_the_journal_or_the_command_line(host, process_id, connection):
    said = host.check_output(f"journalctl --unit {SERVICE} --output cat; tr '\\0' '\\n' < /proc/{process_id}/cmdline; "
                             f"tr '\\0' '\\n' < /proc/{process_id}/environ")
    secrets = [connection["rapidsos_password"], connection["rapidauth_sac_passphrase"], connection["rapidsos_client_secret"]]
    assert "ready" in said and not [secret for secret in secrets if secret in said]


def _post(address, name, path, body, ca_path):
    """Like a client that finds C(name) in its DNS."""
    context = ssl.create_default_context(cafile=ca_path)
    client = http.client.HTTPSConnection(name, 8444, context=context, timeout=10)
    client.sock = context.wrap_socket(socket.create_connection((address, 8444), 10), server_hostname=name)
    client.request("POST", path, body, {"Content-Type": "application/json"})
    response = client.getresponse()
    assert response.status == 200, response.read()
    return json.loads(response.read())
