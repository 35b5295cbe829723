# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves a ledger on a host of its own, for controllers that forget their disk: delegate_to over a real connection, then another controller."""

import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import ledger as ledgers
from harness import Playbooks, task

ENOUGH = 3


def find(name):
    """The path of a program, also where only root looks for it; the test is skipped aloud without it."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]))
    if path is None:
        pytest.skip("%s is not installed: delegate_to is proved over the local connection only" % name)
    return path


PRIVILEGE_SEPARATION = pathlib.Path("/run/sshd")


class SshHost:
    """A throw-away sshd on a free port of this machine, with keys of its own, for the user that runs the test."""

    def __init__(self, directory):
        sshd, self._ssh, keygen = find("sshd"), find("ssh"), find("ssh-keygen")
        self.directory = directory
        directory.mkdir(mode=0o700)
        for name in ("host_key", "user_key"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)], check=True, timeout=30)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        (directory / "sshd_config").write_text("\n".join([
            "Port %d" % self.port, "ListenAddress 127.0.0.1", "HostKey %s" % (directory / "host_key"), "PidFile none", "UsePAM no", "StrictModes no",
            "AuthorizedKeysFile %s" % (directory / "user_key.pub"), "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", "Subsystem sftp internal-sftp", ""]), encoding="utf-8")
        host_key = (directory / "host_key.pub").read_text(encoding="utf-8")
        (directory / "known_hosts").write_text("[127.0.0.1]:%d %s" % (self.port, host_key), encoding="utf-8")
        # Root's sshd insists on the directory that its service would have made.
        self._made = [PRIVILEGE_SEPARATION] if os.geteuid() == 0 and not PRIVILEGE_SEPARATION.exists() else []
        for each in self._made:
            each.mkdir(mode=0o755)
        self.log = directory / "sshd.log"
        self._process = subprocess.Popen([sshd, "-D", "-e", "-f", str(directory / "sshd_config")], stdin=subprocess.DEVNULL, stderr=self.log.open("w"))

    def variables(self):
        return {
            "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": self.port, "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.directory / "user_key"), "ansible_python_interpreter": sys.executable,
            "ansible_ssh_args": "-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=%s -o ControlMaster=no" % (self.directory / "known_hosts")}

    def ensure_usable(self):
        line = [self._ssh, "-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=%s" % (self.directory / "known_hosts"), "-i",
                str(self.directory / "user_key"), "-p", str(self.port), "%s@127.0.0.1" % getpass.getuser(), "true"]
        give_up_at = time.monotonic() + 10
        while True:
            done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                return
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                said = (self.log.read_text(encoding="utf-8") + done.stderr).strip().splitlines()
                pytest.skip("no login over ssh to this machine here (%s): delegate_to is proved over the local connection only" % said[-1])
            time.sleep(0.05)

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
        for each in self._made:
            each.rmdir()


@pytest.fixture(name="ledger_host", params=["ssh", "local"])
def fixture_ledger_host(request, tmp_path):
    """The inventory variables of the host that keeps the ledger, and how often it was logged in to (None where it is not)."""
    if request.param == "local":
        shipped = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        yield shipped, lambda: None
        return
    host = SshHost(tmp_path / "ssh")
    try:
        host.ensure_usable()
        before = host.log.read_text(encoding="utf-8").count("Accepted publickey")
        yield host.variables(), lambda: host.log.read_text(encoding="utf-8").count("Accepted publickey") - before
    finally:
        host.stop()


def descendants(pid):
    found = [pid]
    for each in pathlib.Path("/proc/%d/task" % pid).glob("*/children"):
        for child in map(int, each.read_text(encoding="ascii").split()):
            found += descendants(child)
    return found


@pytest.mark.slow
def test_another_controller_resumes_with_the_ledger_of_another_host(sandbox, tmp_path, ledger_host):
    variables, logins = ledger_host
    place = tmp_path / "kept" / "ledger.sqlite"
    credentials = [{"position": each["position"], "request_id": each["request_id"]} for each in sandbox.fleet]
    # The environment makes Ansible ship the module where the host is this one.
    keywords = {"delegate_to": "ledger-host", "environment": {"SHIPPED": "yes"}}
    wave = task("rotate", "rapidauth_rotation", keywords, credentials=credentials, rotation_id="q1", ledger_path=str(place), concurrency=2)
    shown = task("ledger", "rapidauth_ledger_info", keywords, ledger_path=str(place), api_url="{{ rapidauth_api_url }}")
    inventory = {"localhost": {"ansible_connection": "local"}, "ledger-host": variables}
    killed = []

    def pull_the_plug(process):
        if not killed and sandbox.stats()["calls"].get("replace", {}).get("POST", 0) >= ENOUGH:
            killed.extend(descendants(process.pid))
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
