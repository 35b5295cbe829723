# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Rehearses with a site's own inventory as README.md says: no vault, no position and no SAC of the site is needed, and none is touched."""

import json
import shutil
import subprocess

import harness
import pytest
from sandbox_process import Running

EXAMPLES = harness.REPOSITORY / "examples"

pytestmark = pytest.mark.slow


def run(program, place, *arguments):
    environment = harness.ansible_environment(place.parent / "home")
    environment.pop("ANSIBLE_CONFIG")  # the example's own settings are to be proved
    return subprocess.run([harness.BIN / program, *arguments], cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=180, check=False)


@pytest.fixture(name="rehearse")
def fixture_rehearse(tmp_path):
    """Starts a sandbox for an example; returns a function that runs a playbook from the example's directory."""
    running = []

    def start(name):
        place = tmp_path / name
        shutil.copytree(EXAMPLES / name, place)
        listing = tmp_path / "listing.json"
        listing.write_text(run("ansible-inventory", place, "-i", "inventory.yml", "--list").stdout, encoding="utf-8")
        running.append(Running(tmp_path / "sandbox", "--inventory", str(listing)))
        variables = "@%s" % (running[0].directory / "on_this_machine.yml")
        return running[0], lambda playbook, *arguments: run("ansible-playbook", place, "eccops.rapid." + playbook, "-e", variables, *arguments)

    yield start
    for each in running:
        assert each.stop() == 0


def test_a_fleet_of_linux_and_windows_positions_is_rotated(rehearse):
    sandbox, play = rehearse("small_ecc")
    done = play("rotate_credentials", "-e", '{"rotation_id": "rehearsal", "rotation_waves": [4]}')
    assert done.returncode == 0, done.stdout + done.stderr
    delivered = sorted((sandbox.directory / "positions").glob("*/request.json"))
    assert [path.parent.name for path in delivered] == ["harbor-01", "harbor-02", "harbor-03", "harbor-04"]
    assert {sandbox.row(json.loads(path.read_text(encoding="utf-8"))["request_id"])["status"] for path in delivered} == {"Collected"}
    shown = play("provision_workstations", "--check", "--diff")
    assert shown.returncode == 0 and shown.stdout.count("would be changed") >= 4, shown.stdout
    refused = play("provision_workstations")
    assert refused.returncode == 2 and "a rehearsal installs nothing; add --check --diff" in " ".join(refused.stdout.split()), refused.stdout


def test_centers_with_their_own_sacs_and_accounts_are_checked(rehearse):
    unused_sandbox, play = rehearse("several_eccs")
    done = play("check_credentials", "-e", "check_portal=true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Covers 4 credentials, 1 SAC and 1 Portal account" in " ".join(done.stdout.split()), done.stdout
