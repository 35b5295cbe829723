# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The commands that a sandbox suggests at its start run as printed, and after them the rehearsal of README.md; a rehearsal installs nothing."""

import re
import shutil
import subprocess

import harness
import pytest
from sandbox_process import Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", name="started")
def fixture_started(tmp_path_factory):
    """A sandbox of its own, in a directory whose name must be quoted."""
    running = Running(tmp_path_factory.mktemp("the sandbox") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(name="shell")
def fixture_shell(started, tmp_path):
    environment = dict(harness.ansible_environment(tmp_path), CONNECTION="@%s" % (started.directory / "connection.yml"), FLEET=started.directory / "fleet.yml")
    return lambda line: subprocess.run(["bash", "-ec", line], env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                       timeout=180, check=False)


def play(shell, rest):
    return shell('ansible-playbook -e "$CONNECTION" -i "$FLEET" eccops.rapid.' + rest)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed: the commands that the sandbox suggests were not run")
def test_the_suggested_commands_run_and_the_canary_after_them(started, shell):
    banner = "".join(started.banner)
    commands = re.findall(r"^  (curl .*)$", banner, re.MULTILINE)
    answers = []
    for command in commands:
        done = shell(command.replace("curl ", "curl -sS --fail-with-body ", 1))
        assert done.returncode == 0, command + "\n" + done.stdout + done.stderr
        answers.append(done.stdout)
    assert ['"PreventCollection":true' in answer.replace(" ", "") for answer in answers[:3]] == [False, True, False] and len(answers) == 5
    for limit in ("--check", "--limit north-01"):
        done = play(shell, "rotate_credentials -e rotation_id=rehearsal " + limit)
        assert done.returncode == 0, done.stdout + done.stderr
    assert len([entry for entry in started.audit() if entry["effect"] == "collect"]) == 1


def test_a_rehearsal_of_provisioning_shows_and_never_installs(shell):
    before = shell("ls -la --full-time /usr/local/bin /etc/portal-launcher 2>&1; true").stdout
    refused = play(shell, "provision_workstations -e portal_launcher_state=absent")
    said = " ".join(refused.stdout.split())
    assert refused.returncode == 2 and "Nothing was touched. provision_is_rehearsal is true" in said and "add --check --diff" in said, said
    shown = play(shell, "provision_workstations --check --diff --limit north-01")
    assert shown.returncode == 0 and "/etc/portal-launcher/launcher.ini" in shown.stdout, shown.stdout + shown.stderr
    assert before == shell("ls -la --full-time /usr/local/bin /etc/portal-launcher 2>&1; true").stdout
