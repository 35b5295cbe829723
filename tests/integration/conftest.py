# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox per process of pytest, put back to its seeded state before each test, and a way to run playbooks against it."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [path for path in (str(HERE), str(HERE.parent / "sandbox")) if path not in sys.path]

import harness  # noqa: E402  # pylint: disable=wrong-import-position


@pytest.fixture(scope="session", name="collection_link", autouse=True)
def fixture_collection_link():
    """The checkout as an installed collection, as the Makefile links it too."""
    link = harness.COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        try:
            link.symlink_to("../../../..")
        except FileExistsError:
            pass  # another process of pytest was faster
    assert (link / "galaxy.yml").samefile(harness.REPOSITORY / "galaxy.yml")


@pytest.fixture(scope="session", name="running_sandbox")
def fixture_running_sandbox(tmp_path_factory):
    running = harness.Sandbox(tmp_path_factory.mktemp("sandbox") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(name="sandbox")
def fixture_sandbox(running_sandbox):
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(name="run_playbook")
def fixture_run_playbook(sandbox, tmp_path):
    return harness.Playbooks(sandbox, tmp_path)


@pytest.fixture(scope="module", name="run_scenarios")
def fixture_run_scenarios(running_sandbox, tmp_path_factory):
    """Runs scenarios once for all tests of a file; their results are read with harness.Observed."""
    playbooks = harness.Playbooks(running_sandbox, tmp_path_factory.mktemp("scenarios"))

    def run(scenarios, **options):
        done = playbooks([each for scenario in scenarios for each in scenario], **options)
        assert done.returncode == 0, done.output[-6000:]  # every failure of a module is ignored: this is the play's own
        return done

    return run
