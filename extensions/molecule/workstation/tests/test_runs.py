# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs of the playbook over positions that are as they should be, are not, or get something that does not work."""

import concurrent.futures
import json

from host_playbooks import changed
from host_positions import INSTALL_LAUNCHER, INSTALL_SAC

BOTH = {"position-bookworm": [INSTALL_SAC, INSTALL_LAUNCHER], "position-trixie": [INSTALL_SAC, INSTALL_LAUNCHER]}


def recorded(positions):
    """Returns what the audit log on the controller says about SACs: (position, outcome at the task, outcome on the position)."""
    lines = (positions.fleet.directory / "audit.jsonl").read_text(encoding="ascii").splitlines()
    subjects = [(json.loads(line)["outcome"], json.loads(line)["subject"]) for line in lines]
    return [(subject["position"], outcome, subject["outcome"]) for outcome, subject in subjects]


def test_check_and_diff_report_what_a_run_does_and_do_nothing(provisioned):
    new = {"portal_launcher_country_code": "44", "portal_launcher_password": "Another-Planted-7d1c'\"é",
           **provisioned.new_sac("checked", "Planted-Passphrase-91 e")}
    before, reported = provisioned.each(provisioned.state), recorded(provisioned)
    checked = provisioned.provision("--check", "--diff", **new, portal_launcher_is_login_checked=False)
    assert checked.returncode == 0 and changed(checked) == BOTH, checked.output
    assert provisioned.each(provisioned.state) == before and recorded(provisioned) == reported
    assert "+country_code = 44" in checked.stdout
    assert not [secret for secret in (*provisioned.secrets, "Another-Planted", "Planted-Passphrase", "PRIVATE KEY") if secret in checked.output]
    done = provisioned.provision(**new, portal_launcher_is_login_checked=False)
    assert done.returncode == 0 and changed(done) == BOTH, done.output
    again = provisioned.provision("--check", **new, portal_launcher_is_login_checked=False)
    assert again.returncode == 0 and changed(again) == {}, again.output
    assert sorted(recorded(provisioned)[len(reported):]) == [(host, "succeeded", "replaced") for host in BOTH]


def test_a_second_run_touches_nothing(provisioned):
    before = provisioned.each(provisioned.state)
    again = provisioned.provision("-vvv")
    assert again.returncode == 0 and changed(again) == {}, again.output
    assert provisioned.each(provisioned.state) == before
    assert not [secret for secret in provisioned.secrets if secret in again.output]


def test_a_passphrase_that_changes(provisioned):
    """The same certificate, protected otherwise: the pair in use always opens with the passphrase beside it."""
    done = provisioned.provision(**provisioned.reencrypted_sac("A new one, with spaces & é"))
    assert done.returncode == 0 and changed(done) == {host: [INSTALL_SAC] for host in BOTH}, done.output
    provisioned.each(provisioned.ensure_working)
    for host in BOTH:
        assert "A new one, with spaces & é" == provisioned.fleet.root(host, "cat", "/etc/rapidauth-sac/current/passphrase").rstrip("\n")


def test_old_versions_go_and_the_service_is_notified(positions):
    positions.fleet.root("position-trixie", "journalctl", "--rotate")
    for name in ("first", "second", "third"):
        done = positions.provision("--tags", "sac_certificate", **positions.new_sac(name, f"passphrase of the {name}"))
        assert done.returncode == 0, done.output
    for host in BOTH:
        assert len(positions.fleet.root(host, "ls", "/etc/rapidauth-sac/versions").split()) == 2
        assert len(positions.fleet.root(host, "ls", "/etc/rapidauth-sac/passphrases").split()) == 2
        said = positions.fleet.root(host, "journalctl", "--unit", "dispatch-agent.service", "--output", "cat")
        assert said.count("reloaded") >= 3
    positions.each(positions.ensure_working)


def test_a_service_that_refuses_the_new_sac_keeps_the_old_one(positions):
    host, before = "position-bookworm", positions.state("position-bookworm")
    positions.fleet.root(host, "touch", "/run/dispatch-agent-refuses")
    try:
        done = positions.provision("--limit", host, "--tags", "sac_certificate", **positions.new_sac("refused", "its passphrase"))
    finally:
        positions.fleet.root(host, "rm", "/run/dispatch-agent-refuses")
    assert done.returncode != 0 and "dispatch-agent.service" in done.output, done.output
    assert positions.state(host) == before
    positions.ensure_working(host)


def test_a_sac_that_cannot_work_is_refused_before_any_position(positions):
    expired = positions.sandbox.values["sandbox_sacs"]["expired"]
    before = positions.each(positions.state)
    done = positions.provision(sac_certificate_sac_path=expired["combined_path"], sac_certificate_sac_passphrase=expired["passphrase"],
                               portal_launcher_country_code="44")
    assert done.returncode != 0 and "expired" in done.output and changed(done) == {}, done.output
    assert positions.each(positions.state) == before


def test_a_sac_that_the_service_refuses_is_switched_back(positions):
    foreign = positions.sandbox.values["sandbox_sacs"]["foreign_authority"]
    before = positions.each(positions.state)
    done = positions.provision("--tags", "sac_certificate", sac_certificate_sac_path=foreign["combined_path"],
                               sac_certificate_sac_passphrase=foreign["passphrase"])
    assert done.returncode != 0, done.output
    assert positions.each(positions.state) == before
    positions.each(positions.ensure_working)


def test_an_account_that_cannot_log_in_is_put_back(positions):
    before = positions.each(positions.state)
    done = positions.provision("--tags", "portal_launcher", portal_launcher_password="Wrong-Planted-3b", portal_launcher_country_code="44")
    positions.sandbox.admin("POST", f"/accounts/{positions.sandbox.values['rapidsos_email']}/unlock")
    assert done.returncode != 0 and "refused" in done.output and "Wrong-Planted" not in done.output, done.output
    assert positions.each(positions.state) == before
    positions.each(positions.ensure_working)


def test_an_upgrade_from_an_earlier_version(provisioned):
    """An earlier program and configuration, with other modes, and a cache of an earlier call."""
    after = provisioned.each(provisioned.state)
    for host in BOTH:
        provisioned.fleet.root(host, "sh", "-c", (
            "printf '#!/usr/bin/python3\\n# an earlier version\\n' > /usr/local/bin/portal-launcher; chmod 0775 /usr/local/bin/portal-launcher;"
            "printf '[portal]\\napi_url = https://earlier.example\\n' > /etc/portal-launcher/launcher.ini;"
            "chmod 0644 /etc/portal-launcher/account.json; rm /usr/local/share/man/man1/portal-launcher.1;"
            "chmod 0644 /etc/rapidauth-sac/current/key.pem"))
    done = provisioned.provision()
    assert done.returncode == 0 and changed(done) == BOTH, done.output
    assert provisioned.each(provisioned.state) == after
    provisioned.each(provisioned.ensure_working)


#: Whoever follows the link once gets certificate, key and passphrase that belong together, however often it is switched meanwhile.
READ = """
import os, ssl, time
count = 0
while not os.path.exists("/run/stop-reading"):
    place = os.path.realpath("/etc/rapidauth-sac/current")
    with open(place + "/passphrase") as file:
        passphrase = file.read().rstrip("\\n")
    ssl.create_default_context().load_cert_chain(place + "/certificate.pem", place + "/key.pem", passphrase)
    ssl.create_default_context().load_cert_chain(place + "/sac.pem", password=passphrase)
    count += 1
    time.sleep(0.01)
print(count)
"""


def test_two_runs_at_once(positions):
    """One waits for the other, or says so; what is there at any time is of one of them, and whole."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(positions.as_dispatcher, host, "python3", "-I", "-c", READ) for host in BOTH]
        runs = [positions.start(portal_launcher_country_code=code, **positions.new_sac(f"of-{code}", f"passphrase of {code}")) for code in ("44", "49")]
        ended = [finish() for _process, finish in runs]
        for host in BOTH:
            positions.fleet.root(host, "touch", "/run/stop-reading")
        counts = [int(reader.result()) for reader in readers]
    assert [run.returncode for run in ended] == [0, 0], "\n".join(run.output for run in ended)
    assert min(counts) > 10
    for host in BOTH:
        positions.fleet.root(host, "rm", "/run/stop-reading")
        positions.ensure_working(host)
        assert positions.fleet.root(host, "find", "/etc/portal-launcher", "/etc/rapidauth-sac", "-name", ".unfinished*") == ""
