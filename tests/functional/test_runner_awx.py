# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves examples/awx/: what the credential types and surveys inject is read by the playbooks, and where a secret lies while a job runs."""

import grp
import os
import pathlib
import re

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables
from harness import REPOSITORY
from playbook_fleet import Fleet
from runner_job import Job

HERE = REPOSITORY / "examples" / "awx"
TYPES, TEMPLATES, INVENTORY = (yaml.safe_load((HERE / (name + ".yml")).read_text(encoding="utf-8"))
                               for name in ("credential_types", "job_templates", "group_vars/all"))
SAC, DATABASE, ACCOUNT = TYPES["credential_types"]
JOBS = {each["playbook"]: each for each in TEMPLATES["job_templates"]}
#: What the inventory's plan reads (module_utils/_fleet/variables.py).
HANDED_OVER = {*variables.SERVICE, *variables.LEDGER, *(name for name in variables.ACCOUNT if name.startswith("rapidsos_"))}
PLANNED = variables.known_names()
VAULT_PASSWORD = "vault-password-that-nobody-may-see"


def without_comments(path):
    return re.sub(r"(?m)(^|\s)#.*$", "", path.read_text(encoding="utf-8"))


def read_by(playbook):
    """Returns the words of a playbook, of the task files and templates it names, and of the roles it runs."""
    seen, waiting, words = set(), [REPOSITORY / "playbooks" / playbook], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = without_comments(path)
        words |= set(re.findall(r"\w+", text))
        waiting += [REPOSITORY / "playbooks" / name for name in re.findall(r"tasks/\w+\.yml", text)]
        waiting += [REPOSITORY / "playbooks" / "templates" / name for name in re.findall(r"\w+\.txt\.j2", text)]
        for role in re.findall(r"eccops\.rapid\.(\w+)", text):
            waiting += [path for name in ("defaults/main.yml", "meta/argument_specs.yml") for path in [REPOSITORY / "roles" / role / name] if path.exists()]
    return words


def survey_of(template):
    return template["related"]["survey_spec"]["spec"]


@pytest.mark.parametrize("playbook", JOBS)
def test_each_answer_of_a_survey_is_read_by_its_playbook(playbook):
    words = read_by(playbook) | PLANNED
    assert len(words) > 50
    for question in survey_of(JOBS[playbook]):
        assert question["variable"] in words, "%s does not read %s" % (playbook, question["variable"])
        assert question["question_name"] and question["type"] in ("text", "integer", "multiplechoice")
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]
        elif question["type"] == "integer":
            assert question["min"] <= question["default"] <= question["max"]
        else:
            assert question["min"] <= question["max"] and (question["default"] or question["required"])


def test_what_the_credentials_inject_is_read():
    words = set().union(*map(read_by, JOBS)) | HANDED_OVER | PLANNED
    assert HANDED_OVER - {"rapidsos_ca_path"} >= {*SAC["injectors"]["extra_vars"], *DATABASE["injectors"]["extra_vars"]}
    # An environment variable is read by what is pasted into the inventory, which in turn is read by the playbooks.
    injected = {name for kind in (SAC, DATABASE, ACCOUNT) for name in kind["injectors"]["env"]}
    looked_up = re.findall(r"lookup\('ansible.builtin.env', '(\w+)'\)", (HERE / "group_vars" / "all.yml").read_text(encoding="utf-8"))
    assert sorted(injected) == sorted(looked_up)
    assert set(INVENTORY) - {"ansible_pipelining"} <= words
    assert not {"file"} & set(SAC["injectors"]) | {"file"} & set(ACCOUNT["injectors"])
    for kind in (SAC, DATABASE, ACCOUNT):
        fields = {field["id"]: field for field in kind["inputs"]["fields"]}
        used = re.findall(r"{{ (\w+) }}", yaml.safe_dump(kind["injectors"]))
        assert sorted(used) == sorted(fields) and set(kind["inputs"]["required"]) <= set(fields)
        assert all(fields[name].get("secret") for name in fields if name not in ("email", "url"))


def test_the_files_say_what_awx_import_looks_things_up_by():
    for name, keys in (("credential_types", ("name", "kind")), ("job_templates", ("organization", "name"))):
        for each in {**TYPES, **TEMPLATES}[name]:
            assert each["natural_key"] == {"type": name[:-1], **{key: each[key] for key in keys}}
            for schedule in each.get("related", {}).get("schedules", []):
                assert schedule["natural_key"] == {"type": "schedule", "unified_job_template": each["natural_key"], "name": schedule["name"]}
    for playbook in JOBS:
        assert (REPOSITORY / "playbooks" / playbook).exists()


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return Fleet(sandbox, tmp_path / "fleet", size=2)


@pytest.fixture(name="groups")
def fixture_groups(sandbox, fleet):
    """An inventory with the variables that are pasted into it, and what a rehearsal needs besides."""
    names = ("rapidauth_api_url", "rapidauth_ca_path", "rapidsos_api_url", "rapidsos_ca_path", "sandbox_collect_argv", "rotation_collect_argv")
    rehearsal = {name: sandbox.values[name] for name in names}
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    pasted = {**INVENTORY, "rapidauth_ledger_host": "localhost", "rapidauth_ledger_path": str(fleet.ledger_path)}
    return {"all": {"vars": {**pasted, **rehearsal, **local}}, "dispatch_workstations": {"hosts": fleet.positions}}


def answers(playbook, **changes):
    return {**{question["variable"]: question["default"] for question in survey_of(JOBS[playbook])}, **changes}


def fqcn(playbook):
    return "eccops.rapid." + pathlib.Path(playbook).stem


def sac_of(sandbox, passphrase):
    return SAC, {"sac": pathlib.Path(sandbox.values["rapidauth_sac_path"]).read_text(encoding="utf-8"), "sac_passphrase": passphrase}


def account_of(sandbox):
    return ACCOUNT, {"email": sandbox.values["rapidsos_email"], "password": sandbox.values["rapidsos_password"]}


@pytest.mark.slow
def test_the_jobs_run_with_what_is_injected(sandbox, fleet, groups, tmp_path):
    credentials = [sac_of(sandbox, sandbox.values["rapidauth_sac_passphrase"]), account_of(sandbox)]
    rotated = Job(tmp_path / "rotate").start(
        fqcn("rotate_credentials.yml"), groups, answers("rotate_credentials.yml", rotation_id="2026q4"), credentials).wait()
    assert rotated.rc == 0, rotated.stdout
    assert len(sandbox.effects("replace")) == len(sandbox.effects("collect")) == 2 == len(fleet.ledger())
    checked = Job(tmp_path / "check").start(
        fqcn("check_credentials.yml"), groups, answers("check_credentials.yml", check_portal="true"), credentials, arguments="-vvvv").wait()
    assert checked.rc == 0, checked.stdout
    assert len(sandbox.effects("login")) == 1
    # Installing needs root and a position of its own: --check comes as far as saying what would be on it.
    launcher = {"portal_launcher_" + name: sandbox.values["rapidsos_" + value] for name, value in (
        ("api_url", "api_url"), ("query_url", "query_url"), ("login_url", "query_url"))}
    groups["all"]["vars"].update(launcher, portal_launcher_group=grp.getgrgid(os.getgid()).gr_name)
    provisioned = Job(tmp_path / "provision").start(
        fqcn("provision_workstations.yml"), groups, answers("provision_workstations.yml"), credentials, arguments="--check --diff -vvvv").wait()
    assert provisioned.rc == 0, provisioned.stdout
    assert set(provisioned.recap()["changed"]) == set(fleet.positions)
    # The passphrase and the password lie in what ansible-runner keeps of the environment, for the owner only, and nowhere else.
    for job, secret in ((rotated, sandbox.values["rapidauth_sac_passphrase"]), (checked, sandbox.values["rapidsos_password"]),
                        (provisioned, sandbox.values["rapidsos_password"])):
        kept = job.files_with(secret)
        assert kept == ["process/artifacts/job/command", "worker/artifacts/job/command"]
        assert all((job.directory / path).stat().st_mode & 0o077 == 0 for path in kept)
        assert job.files_with("ENCRYPTED PRIVATE KEY") == ["transmit/env/credential", "worker/env/credential"]


@pytest.mark.slow
def test_a_vaulted_passphrase_lies_nowhere_in_clear(sandbox, groups, tmp_path):
    """The credential has no passphrase; the inventory has it vaulted, and the vault's password comes by the prompt, as AWX answers it."""
    passphrase = sandbox.values["rapidauth_sac_passphrase"]
    vaulted = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))]).encrypt(passphrase).decode()
    groups["all"]["vars"]["rapidauth_sac_passphrase"] = {"__ansible_vault": vaulted}
    job = Job(tmp_path / "rotate").start(
        fqcn("rotate_credentials.yml"), groups, answers("rotate_credentials.yml", rotation_id="2026q4"), [sac_of(sandbox, "")],
        arguments="-vvvv", vault_password=VAULT_PASSWORD).wait()
    assert job.rc == 0, job.stdout
    assert len(sandbox.effects("replace")) == len(sandbox.effects("collect")) == 2
    assert job.files_with(passphrase) == job.files_with(VAULT_PASSWORD) == []
