# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox for all tests of this directory, put back to its seeded state before each."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "roles" / "sandbox" / "files")]

from sandbox_process import Running  # noqa: E402  # pylint: disable=wrong-import-position


@pytest.fixture(scope="session", name="running_sandbox")
def fixture_running_sandbox(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("sandbox") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(name="sandbox")
def fixture_sandbox(running_sandbox):
    assert running_sandbox.admin("POST", "/reset").status_code == 200
    return running_sandbox


@pytest.fixture(name="request_id")
def fixture_request_id(sandbox):
    """A collected credential of the seeded fleet."""
    return sandbox.fleet[0]["request_id"]
