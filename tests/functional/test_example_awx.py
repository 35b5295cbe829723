# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the project of examples/awx as its jobs would: with what its credential types inject and its surveys answer, and the ledger in a database.

That its templates and types say what AWX looks things up by, and that jobs run under ansible-runner, test_runner_awx.py proves.
"""

import pathlib
import re
import shutil
import subprocess

import harness
import pytest
import yaml
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql_schema import describe_schema
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: F401  # pylint: disable=unused-import
    execute, fixture_database, fixture_ledger_url, fixture_postgresql)
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PASSWORD
from runner_job import injected

PROJECT = harness.REPOSITORY / "examples" / "awx"
JOBS = {each["playbook"]: each for each in yaml.safe_load((PROJECT / "job_templates.yml").read_text(encoding="utf-8"))["job_templates"]}
TYPES = yaml.safe_load((PROJECT / "credential_types.yml").read_text(encoding="utf-8"))["credential_types"]


@pytest.fixture(name="project")
def fixture_project(sandbox, tmp_path):
    """A copy of the project that knows the sandbox's RequestIds."""
    place = tmp_path / "project"
    shutil.copytree(PROJECT, place)
    known = iter(sandbox.fleet)
    text = (place / "inventory.yml").read_text(encoding="utf-8")
    (place / "inventory.yml").write_text(re.sub(r"[0-9a-f-]{36}", lambda unused_match: next(known)["request_id"], text), encoding="utf-8")
    return place


def run_job(place, playbook, credentials, extra_vars):
    """Returns what a job printed; it must succeed."""
    environment, more = injected(credentials)
    answers = {question["variable"]: question["default"] for question in JOBS[playbook]["related"]["survey_spec"]["spec"]}
    (place.parent / "extra_vars.yml").write_text(yaml.safe_dump({**answers, **more, **extra_vars}), encoding="utf-8")
    done = subprocess.run(
        [harness.BIN / "ansible-playbook", "-i", "inventory.yml", "-e", "@../extra_vars.yml", playbook], cwd=place, stdin=subprocess.DEVNULL,
        env={**harness.ansible_environment(place.parent / "home"), **environment}, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_its_jobs_run_with_a_ledger_in_a_database(sandbox, project, ledger_url, postgresql, database):  # noqa: F811
    execute(ledger_url, describe_schema() + "GRANT eccops_rapid_jobs TO jobs;")
    values = (
        {"sac": pathlib.Path(sandbox.values["rapidauth_sac_path"]).read_text(encoding="utf-8"), "sac_passphrase": sandbox.values["rapidauth_sac_passphrase"]},
        {"url": postgresql.network_url(database, "jobs").url, "password": PASSWORD},
        {"email": sandbox.values["rapidsos_email"], "password": sandbox.values["rapidsos_password"]})
    names = ("rapidauth_api_url", "rapidauth_ca_path", "rapidsos_ca_path", "sandbox_collect_argv", "rotation_collect_argv")
    rehearsal = {
        **{name: sandbox.values[name] for name in names}, "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "portal_launcher_api_url": sandbox.values["rapidsos_api_url"], "portal_launcher_ca_path": sandbox.values["rapidsos_ca_path"],
        "rotation_request_path": str(project.parent / "positions" / "{{ inventory_hostname }}" / "request.json")}
    run_job(project, "rotate_credentials.yml", list(zip(TYPES, values))[:2], {**rehearsal, "rotation_id": "2026q4", "rotation_waves": [2]})
    with Ledger(ledger_url, is_read_only=True) as ledger:
        assert [(row["position"], row["outcome"]) for row in ledger.all_rows()] == [("harbor-01", "replaced"), ("harbor-02", "replaced")]
    said = run_job(project, "check_credentials.yml", list(zip(TYPES, values)), {**rehearsal, "check_portal": "true", "check_fail_on": "never"})
    assert "Covers 2 credentials, 1 SAC and 1 Portal account" in " ".join(said.split()) and "the RequestIds are from the ledger postgresql://" in said, said


def test_an_execution_environment_of_it_has_the_collection_and_the_driver(tmp_path):
    """ansible-builder writes what it would build from."""
    done = subprocess.run(
        [harness.BIN / "ansible-builder", "create", "--file", PROJECT / "execution-environment.yml", "--context", tmp_path], cwd=PROJECT,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    given = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "_build").iterdir() if path.is_file()}
    assert yaml.safe_load(given["requirements.yml"]) == yaml.safe_load((PROJECT / "collections" / "requirements.yml").read_text(encoding="utf-8"))
    assert "psycopg[binary]" in given["requirements.txt"]


def test_the_project_pins_the_version_and_has_a_playbook_for_each_template():
    galaxy = yaml.safe_load((harness.REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))
    wanted = yaml.safe_load((PROJECT / "collections" / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert wanted == [{"name": "eccops.rapid", "version": galaxy["version"]}]
    for playbook in JOBS:
        (play,) = yaml.safe_load((PROJECT / playbook).read_text(encoding="utf-8"))
        assert play["ansible.builtin.import_playbook"] == "eccops.rapid." + pathlib.Path(playbook).stem
