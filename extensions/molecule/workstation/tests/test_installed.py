# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is on a position after the playbook: who may read what, and that it works for a dispatcher and for nobody else."""

import hashlib

import pytest
from harness import REPOSITORY

testinfra_hosts = ["ssh://position-bookworm", "ssh://position-trixie"]
SEARCHED = ("/etc", "/usr/local", "/var", "/home", "/root", "/tmp", "/run", "/opt", "/dev/shm")
PROGRAM = REPOSITORY / "roles" / "portal_launcher" / "files" / "linux" / "portal-launcher"


@pytest.mark.parametrize("path, mode, group", [
    ("/usr/local/bin/portal-launcher", 0o755, "root"),
    ("/etc/portal-launcher", 0o755, "root"),
    ("/etc/portal-launcher/launcher.ini", 0o644, "root"),
    ("/etc/portal-launcher/account.json", 0o640, "dispatch"),
    ("/usr/local/share/applications/portal-launcher.desktop", 0o644, "root"),
    ("/usr/local/share/man/man1/portal-launcher.1", 0o644, "root"),
    ("/usr/local/share/bash-completion/completions/portal-launcher", 0o644, "root"),
    ("/etc/rapidauth-sac", 0o711, "root"),
    ("/etc/rapidauth-sac/current/key.pem", 0o440, "dispatch"),
    ("/etc/rapidauth-sac/current/sac.pem", 0o440, "dispatch"),
    ("/etc/rapidauth-sac/current/certificate.pem", 0o440, "dispatch"),
])
def test_owners_and_modes(host, path, mode, group):
    file = host.file(path)
    assert (file.user, file.group, file.mode) == ("root", group, mode)


def test_program_is_the_same_everywhere_and_shows_its_hash(host):
    wanted = hashlib.sha256(PROGRAM.read_bytes()).hexdigest()
    assert host.file("/usr/local/bin/portal-launcher").sha256sum == wanted
    assert wanted in host.check_output("/usr/local/bin/portal-launcher --version")


def test_links_of_the_scheme_are_opened_by_the_launcher(host):
    assert host.check_output("sudo -u dispatcher xdg-mime query default x-scheme-handler/eccops-portal") == "portal-launcher.desktop"


def test_dispatcher_can_use_both_and_a_visitor_neither(host, positions):
    name = host.check_output("hostname")
    positions.ensure_working(name)
    refused = host.run("sudo -u visitor /usr/local/bin/portal-launcher --check")
    assert refused.rc == 3 and "account.json" in refused.stdout and positions.secrets[0] not in refused.stdout
    for file in ("/etc/rapidauth-sac/current/key.pem", "/etc/rapidauth-sac/current/passphrase", "/etc/portal-launcher/account.json"):
        assert host.run(f"sudo -u visitor cat {file}").rc != 0, file
    assert host.run("sudo -u visitor ls /etc/rapidauth-sac").rc != 0


def test_key_is_encrypted_and_secrets_are_in_their_files_alone(host, positions):
    """Not in the journal, the temporary directories, Ansible's facts or any other file."""
    assert "BEGIN ENCRYPTED PRIVATE KEY" in host.file("/etc/rapidauth-sac/current/key.pem").content_string
    name, found = host.check_output("hostname"), set()
    journal = positions.fleet.root(name, "journalctl", "--no-pager", "--output=export")
    for secret in positions.secrets:
        listed = positions.fleet.root(name, "grep", "-rlF", "--devices=skip", "-e", secret, *SEARCHED, check=False)
        found |= set(listed.split())
        assert secret not in journal
    assert {path.rsplit("/", 1)[0] for path in found} <= {"/etc/portal-launcher", "/etc/rapidauth-sac/passphrases"}, found
    assert not host.check_output("find /home/deploy/.ansible /root/.ansible -type f 2>/dev/null || true")
