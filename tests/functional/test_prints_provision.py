# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a run of provision_workstations prints of its changes: a program by its version and hash, a configuration by its changed lines."""

import hashlib
import re

import pytest
from harness import REPOSITORY
from linux_position import LinuxPosition

PROVISION = "eccops.rapid.provision_workstations"
PASSWORD = "Planted-Password-55c1 'q\" \u00e9"
PROGRAM = REPOSITORY / "roles" / "portal_launcher" / "files" / "linux" / "portal-launcher"
ACCOUNT = "/etc/portal-launcher/account.json"
SETTINGS = "/etc/portal-launcher/launcher.ini"


def diffs(run):
    """Returns {path: its lines} of the diffs that a run printed."""
    found = {}
    for block in re.findall(r"^--- before: .*\n(?:[-+@\\ ].*\n)+", run.stdout, re.MULTILINE):
        lines = block.splitlines()
        found[lines[0].replace("--- before: ", "")] = [line for line in lines[2:] if not line.startswith("@@")]
    return found


def described(content):
    return "version %s, sha256 %s" % (re.search(b'^VERSION = "(.+)"', content, re.MULTILINE)[1].decode(), hashlib.sha256(content).hexdigest())


@pytest.mark.slow
def test_a_run_prints_what_it_changes_and_no_more(run_playbook, tmp_path):
    position = LinuxPosition(tmp_path / "north-01")
    options = {
        "portal_launcher_environment": "sandbox", "portal_launcher_email": "north@example.org", "portal_launcher_password": PASSWORD,
        "portal_launcher_is_verified": False, "provision_positions": "all"}

    def provision(check=True, **changed):
        run = run_playbook(PROVISION, {**options, **changed}, inventory={"north-01": position.variables}, check=check, diff=True)
        assert run.returncode == 0 and not run.stderr, run.output
        assert not [form for form in (PASSWORD, "Planted-Second", "Planted-Old") if form in run.output]
        return run

    first = provision(check=False)
    shown = diffs(first)
    assert len(first.stdout.splitlines()) <= 110 and sum(map(len, shown.values())) <= 40, first.stdout
    assert shown[str(PROGRAM).replace(str(PROGRAM.parent), "/usr/local/bin")] == ["+" + described(PROGRAM.read_bytes())]
    assert shown[ACCOUNT] == ["+(secret: not shown)"] and "+api_url = https://api-sandbox.rapidsos.com" in shown[SETTINGS]

    second = provision()
    assert diffs(second) == {} and len(second.stdout.splitlines()) <= 45, second.stdout

    older = PROGRAM.read_bytes().replace(b'VERSION = "1.0.0"', b'VERSION = "0.9.0"') + b"# Planted-Old\n"
    (position.directory / "usr" / "local" / "bin" / "portal-launcher").write_bytes(older)
    changed = diffs(provision(portal_launcher_contact="Dispatch, extension 7", portal_launcher_country_code="44", portal_launcher_password="Planted-Second"))
    assert set(changed) == {"/usr/local/bin/portal-launcher", SETTINGS, ACCOUNT}
    assert changed["/usr/local/bin/portal-launcher"] == ["-" + described(older), "+" + described(PROGRAM.read_bytes())]
    assert [line for line in changed[SETTINGS] if line[0] in "+-"] == [
        "-country_code = 1", "+country_code = 44", "-contact = ", "+contact = Dispatch, extension 7"]
    assert changed[ACCOUNT] == ["-(secret: not shown)", "+(secret: changed, not shown)"]
