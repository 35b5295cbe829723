# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that ansible-builder, which makes execution environments, finds what this collection needs in one, and nothing else."""

import re
import subprocess

import harness
import pytest
import yaml


@pytest.fixture(scope="module", name="introspected")
def fixture_introspected():
    """What ``ansible-builder introspect`` says of a folder of collections that holds this one."""
    done = subprocess.run(
        [harness.BIN / "ansible-builder", "introspect", harness.COLLECTIONS], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr.lower()
    return yaml.safe_load(done.stdout)


def of_ours(lines):
    """{name: the whole requirement} of the lines that come from this collection."""
    ours = [line.split("#")[0].strip() for line in lines if line.endswith("# from collection eccops.rapid")]
    return {re.match(r"[A-Za-z0-9_.-]+", line).group(): line for line in ours}


def test_the_libraries_of_the_controller_are_in_it(introspected):
    found = of_ours(introspected["python"])
    assert sorted(found) == ["cryptography", "requests"]
    # A certified collection must not hold others back: no requirement has an upper end.
    assert all(re.fullmatch(r"[a-z]+>=[0-9.]+", line) for line in found.values())


def test_what_delegation_to_a_ledger_host_needs_is_in_it(introspected):
    assert sorted(of_ours(introspected["system"])) == ["openssh-client", "openssh-clients"]


def test_the_modules_ask_for_the_same_versions(introspected):
    """ansible-doc documents what an execution environment installs."""
    wanted = {line.replace(">=", " >= ") for line in of_ours(introspected["python"]).values()}
    folder = harness.REPOSITORY / "plugins"
    reported = set()
    for path in [*folder.glob("modules/*.py"), *folder.glob("doc_fragments/*.py")]:
        reported |= set(re.findall(r"^ +- ([a-z]+ >= [0-9.]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert reported == wanted
