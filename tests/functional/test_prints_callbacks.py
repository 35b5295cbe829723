# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a check with findings and a rotation that fails print stays readable in the result formats and callbacks that ansible-core has."""

import json
import re
from xml.etree import ElementTree

import pytest
import yaml
from playbook_check import young_fleet
from playbook_fleet import fail_message

CHECK, ROTATE = "eccops.rapid.check_credentials", "eccops.rapid.rotate_credentials"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
MARKER = "Planted-Passphrase-3f"
#: Nothing that a terminal or a log would obey.
UNPRINTABLE = re.compile(r"[^\n -~\u00a0-\u2027\u2030-\uffff]")


@pytest.fixture(name="runs")
def fixture_runs(sandbox, tmp_path, run_playbook):
    """Returns how both playbooks run with settings of Ansible; the second position's credential is unknown."""
    fleet = young_fleet(sandbox, tmp_path / "fleet")
    fleet.positions = dict(list(fleet.positions.items())[:3])
    name = list(fleet.positions)[1]
    fleet.positions[name]["rapidauth_request_id"] = UNKNOWN_ID
    inventory = fleet.write()

    def run(**env):
        found = []
        for playbook, variables, task in (
                (CHECK, {"check_portal": True}, "Require that dispatch can work"),
                (ROTATE, {"rotation_id": "2026q4"}, "Require that every position can be rotated")):
            secret = {"rapidsos_email": sandbox.account["email"], "rapidsos_password": MARKER}
            done = run_playbook(playbook, {**secret, **variables}, inventory=inventory, env=env)
            assert done.returncode == 2, done.output
            for text in (MARKER, sandbox.values["rapidauth_sac_passphrase"]):
                assert text not in done.output
            assert not UNPRINTABLE.search(done.output), UNPRINTABLE.findall(done.output)
            found.append((done, fail_message(done, task)))
        assert all(name in message for unused_run, message in found), found
        return name, found

    return run


def blocks(stdout, start, end):
    """Returns the results that stand behind => in what a run printed, by the task's name."""
    found = {}
    for name, printed in re.findall(r"^TASK \[(.+?)\] \*+\n(.*?)(?=^(?:TASK|PLAY) |\Z)", stdout, re.MULTILINE | re.DOTALL):
        found.update({name: text for text in re.findall(start + r"(.*?" + end + ")", printed, re.MULTILINE | re.DOTALL)})
    return found


def test_yaml_and_junit(runs, tmp_path):
    name, found = runs(ANSIBLE_CALLBACK_RESULT_FORMAT="yaml", ANSIBLE_CALLBACKS_ENABLED="task_results,junit", JUNIT_OUTPUT_DIR=tmp_path / "junit")
    for run, message in found:
        printed = {task: yaml.safe_load(text) for task, text in blocks(run.stdout, "=>[ ]*\n", r"(?=^\S|^$|\Z)").items()}
        assert [each["msg"] for each in printed.values() if each["msg"] == message], run.stdout
        assert r"\n" not in run.stdout and "msg: |" not in run.stdout
    check = found[0][0]
    findings = check.result("Show the findings")["msg"]
    assert yaml.safe_load(blocks(check.stdout, "=>[ ]*\n", r"(?=^\S|^$|\Z)")["Show the findings"]) == {"msg": findings}
    assert re.search(r"^ +- .*%s .* critical" % name, check.stdout, re.MULTILINE), check.stdout
    suites = [ElementTree.parse(path).getroot() for path in sorted((tmp_path / "junit").iterdir())]
    failures = [each.get("message") for suite in suites for each in suite.iter() if each.tag in ("failure", "error")]
    assert len(suites) == 2
    for unused_run, message in found:
        assert len([text for text in failures if message in text]) == 1, failures
    assert not [text for suite in suites for text in suite.itertext() if MARKER in text]


def test_json(runs):
    for run, message in runs(ANSIBLE_CALLBACK_RESULT_FORMAT="json", ANSIBLE_CALLBACK_FORMAT_PRETTY="true")[1]:
        printed = {task: json.loads(text) for task, text in blocks(run.stdout, "=> ", r"^\}$").items()}
        assert [each for each in printed.values() if each["msg"] == message], run.stdout
