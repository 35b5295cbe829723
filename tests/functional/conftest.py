# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A sandbox, and a way to run playbooks against it."""

import shutil

import harness
import pytest
from harness_fixtures import fixture_running_sandbox, fixture_sandbox  # noqa: F401  # pylint: disable=unused-import
from windows_position import WindowsPosition


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


@pytest.fixture(scope="session", name="windows_position")
def fixture_windows_position(tmp_path_factory):
    """A Windows position that is used by all tests of this process."""
    position = WindowsPosition(tmp_path_factory.mktemp("windows") / "position")
    yield position.start()
    position.stop()
    shutil.rmtree(position.prefix)


@pytest.fixture(scope="session", name="windows_copies")
def fixture_windows_copies(windows_position, tmp_path_factory):
    """Two more."""
    directory = tmp_path_factory.mktemp("windows")
    copies = [windows_position.copy(directory / name) for name in ("second", "third")]
    yield copies
    for each in copies:
        each.stop()
        shutil.rmtree(each.prefix)


@pytest.fixture(name="windows_positions")
def fixture_windows_positions(windows_position, windows_copies):
    """Three Windows positions, as if nothing had been rotated on them yet."""
    positions = [windows_position, *windows_copies]
    for each in positions:
        each.clean()
    return positions
