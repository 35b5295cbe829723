# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs each fleet of examples/ against the sandbox, from its own directory and with its own vault, as its reader would.

The project for AWX, whose secrets are in AWX, is run by test_example_awx.py.
"""

import pathlib
import re
import shutil
import subprocess

import pytest
import yaml
from harness import BIN, ansible_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if (path / "vault.sample.yml").exists())
PLAYBOOKS = "eccops.rapid."

pytestmark = pytest.mark.slow


@pytest.fixture(name="example", params=EXAMPLES)
def fixture_example(request, sandbox, tmp_path):
    """A copy of the example that knows the sandbox's RequestIds, and with its vault encrypted."""
    place = tmp_path / request.param
    shutil.copytree(ROOT / "examples" / request.param, place)
    known = iter(sandbox.values["sandbox_fleet"])
    inventory = place / "inventory.yml"
    text = re.sub(r"(?<=rapidauth_request_id: )[0-9a-f-]{36}", lambda unused_match: next(known)["request_id"], inventory.read_text(encoding="utf-8"))
    inventory.write_text(text.replace("/var/lib/eccops.rapid", str(tmp_path / "ledger")), encoding="utf-8")
    for path in (place / "group_vars").glob("*.yml"):
        path.write_text(path.read_text(encoding="utf-8").replace("/var/lib/eccops.rapid", str(tmp_path / "ledger")), encoding="utf-8")
    (place / "password").write_text("the vault's password\n", encoding="ascii")
    (place / "password").chmod(0o600)
    run(place, tmp_path, "ansible-vault", "encrypt", "--vault-password-file", "password", "--output", "vault.yml", "vault.sample.yml")
    return place


def run(place, tmp_path, program, *arguments):
    environment = ansible_environment(tmp_path / "home")
    environment.pop("ANSIBLE_CONFIG", None)  # the example's own settings are to be proved
    done = subprocess.run([str(BIN / program), *arguments], cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_fleet_is_checked(example, sandbox, tmp_path):
    connection = str(sandbox.directory / "connection.yml")
    said = run(example, tmp_path, "ansible-playbook", PLAYBOOKS + "check_credentials", "-e", "@vault.yml", "--vault-password-file", "password",
               "-e", "@" + connection, "-e", "check_report_directory=report", "-e", "check_fail_on=never")
    assert "Covers 4 credentials and 1 SAC" in " ".join(said.split()), said
    assert {path.name for path in (example / "report").iterdir()} >= {"report.html", "report.json"}


def test_it_has_the_keys_that_it_names(example):
    sample = yaml.safe_load((example / "vault.sample.yml").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in example.rglob("*.yml") if "vault" not in path.name]
    assert {name for text in texts for name in re.findall(r"\bvault_\w+", text)} == set(sample)


def test_it_pins_the_version_of_this_collection(example):
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    wanted = yaml.safe_load((example / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert wanted == [{"name": "eccops.rapid", "version": galaxy["version"]}]
