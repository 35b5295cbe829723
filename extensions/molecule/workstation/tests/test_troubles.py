# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Positions that lose power in the middle, have a full or a read-only disk, and that the launcher and the SAC leave again."""

import json
import time

import host_files
import pytest
from host_playbooks import changed
from host_positions import INSTALL_LAUNCHER, INSTALL_SAC, POSITIONS

#: (task before the failure, seconds after it was reported): while the SAC is installed, between both, while the launcher is.
INSTANTS = [("Validate the SAC", seconds) for seconds in (0.3, 0.6, 0.9)]
INSTANTS += [("Install or remove the SAC", seconds) for seconds in (0.0, 0.4, 0.7)]


@pytest.mark.parametrize("task, seconds", INSTANTS)
def test_a_position_that_loses_power(positions, task, seconds):
    """Both at once, while everything of both roles changes: what is there works at any time, and the same run ends well later."""
    word = f"{INSTANTS.index((task, seconds))}"
    new = {"portal_launcher_minimum_remaining_seconds": 601 + int(word), **positions.new_sac(f"power-{word}", f"its passphrase {word}")}
    process, finish = positions.start(**new)
    positions.wait_for_task(process, task)
    time.sleep(seconds)
    positions.each(positions.fleet.kill)
    interrupted = finish()
    positions.each(positions.fleet.start)
    positions.each(positions.ensure_working)
    versions = {host: positions.state(host)["/etc/rapidauth-sac/current"][3] for host in POSITIONS}
    done = positions.provision(**new)
    assert done.returncode == 0, interrupted.output + done.output
    positions.each(positions.ensure_working)
    for host in POSITIONS:
        assert positions.fleet.root(host, "find", "/etc/portal-launcher", "/etc/rapidauth-sac", "/usr/local", "-name", "*unfinished*") == ""
        assert f"minimum_remaining_seconds = {601 + int(word)}" in positions.fleet.root(host, "cat", "/etc/portal-launcher/launcher.ini")
    print(f"{task} + {seconds} s: exit {interrupted.returncode}; afterwards {versions}; made up for: {changed(done)}")


@pytest.fixture
def mounted(positions):
    """Mounts something over a directory of a position with its content; it is gone afterwards."""
    mounts = []

    def mount(host, directory, script):
        positions.fleet.root(host, "sh", "-euc", script.replace("DIRECTORY", directory))
        mounts.append((host, directory))

    yield mount
    for host, directory in mounts:
        positions.fleet.root(host, "sh", "-euc", f"umount {directory}; ! mountpoint -q /mnt/full || {{ umount /mnt/full; rmdir /mnt/full; }}")


#: A file system of its own with the same content, and not one byte left.
FULL = ("mkdir /mnt/full; mount -t tmpfs -o size=1m,mode=0755 tmpfs /mnt/full; cp -a DIRECTORY /mnt/full/content; "
        "dd if=/dev/zero of=/mnt/full/rest bs=4k status=none 2>/dev/null || true; mount --bind /mnt/full/content DIRECTORY")
READ_ONLY = "mount --bind DIRECTORY DIRECTORY; mount -o remount,bind,ro DIRECTORY"


@pytest.mark.parametrize("script, words", [(FULL, ("space", "full")), (READ_ONLY, ("ead-only", "read only"))], ids=["full", "read-only"])
@pytest.mark.parametrize("host, tags, directory", [
    ("position-bookworm", "portal_launcher", "/usr/local/bin"), ("position-trixie", "portal_launcher", "/etc/portal-launcher"),
    ("position-trixie", "sac_certificate", "/etc/rapidauth-sac")])
def test_a_disk_that_takes_nothing(positions, mounted, host, tags, directory, script, words):
    """Says so in one sentence, and leaves everything as it was."""
    fleet = positions.fleet
    if tags == "portal_launcher":  # one that is not the newest, so that the program has to be written
        fleet.root(host, "sh", "-c", "printf '#!/usr/bin/python3 -I\\n# an earlier version\\n' > /usr/local/bin/portal-launcher")
    before = positions.state(host)
    new = {"portal_launcher_minimum_remaining_seconds": 700, **positions.new_sac("disk", "passphrase of the disk's")}
    mounted(host, directory, script)
    failed = positions.provision("--limit", host, "--tags", tags, **new)
    assert failed.returncode != 0 and any(word in failed.output for word in words), failed.output
    (message,) = {report["result"]["msg"] for report in failed.reports if report["status"] == "failed" and report["task"] in (INSTALL_SAC, INSTALL_LAUNCHER)}
    assert "Traceback" not in message and len(message) < 600, message
    assert positions.state(host) == before


def test_absent_leaves_nothing(positions):
    """Every file and every account is as it was before the positions were provisioned; a check says what will go, and does nothing."""
    fleet = positions.fleet
    before = json.loads((fleet.directory / "before-workstation.json").read_text(encoding="utf-8"))
    for host in POSITIONS:  # what calls of two users leave in their sessions
        for number in (1001, 1002):
            fleet.root(host, "sh", "-c", f"mkdir -p /run/user/{number}/portal-launcher; echo '{{}}' > /run/user/{number}/portal-launcher/token.json")
    gone = {"portal_launcher_state": "absent", "sac_certificate_state": "absent"}
    present = positions.each(positions.state)
    checked = positions.provision("--check", **gone)
    assert checked.returncode == 0 and set(changed(checked)) == set(POSITIONS), checked.output
    assert positions.each(positions.state) == present
    removed = positions.provision(**gone)
    assert removed.returncode == 0, removed.output
    for host in POSITIONS:
        after = host_files.listing(fleet, host)
        assert host_files.changes(before[host], after) == {}
        assert before[host]["users"] == after["users"] and before[host]["packages"] == after["packages"]
        assert fleet.root(host, "sh", "-c", "ls -d /run/user/*/portal-launcher 2>/dev/null || true") == ""
        fleet.root(host, "rm", "-rf", "/run/user/1001", "/run/user/1002")
    again = positions.provision(**gone)
    assert again.returncode == 0 and changed(again) == {}, again.output
