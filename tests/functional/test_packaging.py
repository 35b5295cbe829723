# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the collection, built and installed as users get it, holds what it should and nothing else, and works from there."""

import json
import re
import shutil
import subprocess
import tarfile

import harness
import pytest
import yaml
from playbook_fleet import Fleet

PLAYBOOKS = ("block_credentials", "check_credentials", "provision_workstations", "rotate_credentials")
LARGEST_BYTES = 1024 * 1024
FORBIDDEN_NAMES = re.compile(
    r"(^|/)(\.git|\.venv|\.ci|\.ansible|\.pytest_cache|\.hypothesis|__pycache__|build|output)(/|$)"
    r"|\.(pyc|pem|p12|pfx|key|crt|cer|sqlite3?|db|tar\.gz|retry|log)$|(^|/)(connection\.yml|secrets\.json|fleet\.(yml|json))$")
SECRETS = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}|\$ANSIBLE_VAULT;1\.\d;AES256\s+[0-9a-f]{40}|AKIA[0-9A-Z]{16}")
#: What Galaxy's importer demands one of.
GALAXY_TAGS = {
    "application", "cloud", "database", "eda", "infrastructure", "linux", "monitoring", "networking", "security", "storage", "tools", "windows"}


def galaxy(home, *arguments):
    """Runs ansible-galaxy collection, which finds no other collection than those it is pointed at; returns its output."""
    environment = {name: value for name, value in harness.ansible_environment(home).items() if name != "ANSIBLE_COLLECTIONS_PATH"}
    done = subprocess.run(
        [harness.BIN / "ansible-galaxy", "collection", *(str(each) for each in arguments)], env=environment, cwd=home,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="archive")
def fixture_archive(tmp_path_factory):
    home = tmp_path_factory.mktemp("built")
    galaxy(home, "build", harness.REPOSITORY, "--output-path", home / "out")
    (path,) = (home / "out").iterdir()
    return path


@pytest.fixture(scope="module", name="installed")
def fixture_installed(archive, tmp_path_factory):
    """A directory for ANSIBLE_COLLECTIONS_PATH, with a space in its name, that holds the installed archive."""
    place = tmp_path_factory.mktemp("installed") / "my collections"
    galaxy(archive.parent, "install", archive, "--collections-path", place, "--offline")
    verified = galaxy(archive.parent, "verify", "eccops.rapid", "--offline", "--collections-path", place)
    assert "Successfully verified that checksums" in verified
    return place


def installed_command(installed, tmp_path, *arguments):
    """Runs one of Ansible's programs that finds the installed collection only; returns its output."""
    environment = harness.Playbooks(None, tmp_path).environment(tmp_path / "results", {"ANSIBLE_COLLECTIONS_PATH": installed})
    done = subprocess.run(
        [harness.BIN / arguments[0], *arguments[1:]], env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plugins(kind):
    folder, suffix = {"module": ("modules", ".py"), "filter": ("filter", ".yml")}[kind]
    return sorted("eccops.rapid." + path.stem for path in (harness.REPOSITORY / "plugins" / folder).glob("*" + suffix) if path.stem != "__init__")


def test_the_archive_holds_what_users_need_and_nothing_else(archive):
    metadata = yaml.safe_load((harness.REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))
    assert archive.name == "eccops-rapid-%s.tar.gz" % metadata["version"]
    with tarfile.open(archive) as opened:
        members = [member for member in opened.getmembers() if not member.isdir()]
        names = {member.name for member in members}
        assert [name for name in names if FORBIDDEN_NAMES.search(name)] == []
        assert [member.name for member in members if member.size > LARGEST_BYTES or not member.isfile()] == []
        assert [member.name for member in members if SECRETS.search(opened.extractfile(member).read())] == []
    tracked = subprocess.run(["git", "ls-files", "plugins", "playbooks", "roles", "meta"], cwd=harness.REPOSITORY, capture_output=True, text=True,
                             check=False)
    wanted = set(tracked.stdout.split()) if tracked.returncode == 0 else {"playbooks/%s.yml" % each for each in PLAYBOOKS}
    wanted = {name for name in wanted if (harness.REPOSITORY / name).exists()}
    assert wanted and wanted - names == set()
    assert {"MANIFEST.json", "FILES.json", "README.md", "LICENSE", "CHANGELOG.rst", "meta/runtime.yml", "requirements.txt"} <= names


def test_galaxys_rules_are_kept():
    metadata = yaml.safe_load((harness.REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", metadata["version"])
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", metadata[name]) for name in ("namespace", "name"))
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", tag) for tag in metadata["tags"])
    assert len(metadata["tags"]) <= 20 and GALAXY_TAGS & set(metadata["tags"])
    assert metadata["license"] == ["GPL-3.0-or-later"] and metadata["authors"] and len(metadata["description"]) < 1024
    for name in ("repository", "documentation", "homepage", "issues"):
        assert metadata[name].startswith("https://")
    assert metadata["dependencies"] == {}  # so that it installs where Galaxy cannot be reached
    namespace = {}
    exec((harness.REPOSITORY / "plugins" / "module_utils" / "_version.py").read_text(encoding="utf-8"), namespace)  # pylint: disable=exec-used
    assert namespace["COLLECTION_VERSION"] == metadata["version"]


def test_every_plugin_is_documented_with_examples_that_parse(installed, tmp_path):
    assert len(plugins("module")) >= 3 and len(plugins("filter")) >= 4
    for kind in ("module", "filter"):
        reported = json.loads(installed_command(installed, tmp_path, "ansible-doc", "--type", kind, "--json", *plugins(kind)))
        assert sorted(reported) == plugins(kind)
        for name, entry in reported.items():
            assert entry["doc"]["short_description"] and entry["return"], name
            assert str(installed) in entry["doc"]["filename"]
            tasks = yaml.safe_load(entry["examples"])
            assert isinstance(tasks, list) and all("name" in task and len(task) >= 2 for task in tasks), name
            assert kind == "filter" or any(name in task for task in tasks), name


def test_every_playbook_can_be_called_by_its_full_name(installed, tmp_path):
    shipped = {path.stem for path in (installed / "ansible_collections" / "eccops" / "rapid" / "playbooks").glob("*.yml")}
    assert shipped >= set(PLAYBOOKS)
    reported = installed_command(installed, tmp_path, "ansible-playbook", "--syntax-check", *("eccops.rapid." + each for each in sorted(shipped)))
    assert re.findall(r"^playbook: .*/rapid/playbooks/(\w+)\.yml$", reported, re.MULTILINE) == sorted(shipped)


@pytest.mark.slow
def test_the_installed_collection_works_against_the_sandbox(sandbox, run_playbook, installed, tmp_path):
    fleet = Fleet(sandbox, tmp_path / "fleet", size=2)
    inventory, options = fleet.write(), {"env": {"ANSIBLE_COLLECTIONS_PATH": installed}}
    one = sandbox.fleet[0]
    run = run_playbook([harness.play([
        harness.task("Look at one", "rapidauth_request", request_id=one["request_id"]),
        harness.task("Look at many", "rapidauth_request_info", request_ids=[each["request_id"] for each in sandbox.fleet]),
        harness.task("Log in", "rapidsos_portal_token", caller_id="15555555555"),
    ])], **options)
    assert run.returncode == 0, run.output
    assert run.result("Look at one")["credential"]["anon_id"] == one["anon_id"]
    assert run.result("Look at many")["summary"]["total"] == 12
    assert len(sandbox.effects("login")) == 1
    checked = run_playbook("eccops.rapid.check_credentials", {"check_fail_on": "never"}, inventory=inventory, **options)
    assert checked.returncode == 0, checked.output
    rotated = run_playbook("eccops.rapid.rotate_credentials", {"rotation_id": "2026q4", "rotation_waves": [2]}, inventory=inventory, **options)
    assert rotated.returncode == 0, rotated.output
    assert {name: fleet.collected(name) for name in fleet.positions} == fleet.ledger()
    checkout = str(harness.REPOSITORY / "playbooks")
    assert checkout not in checked.output and checkout not in rotated.output
    shutil.rmtree(fleet.directory)
