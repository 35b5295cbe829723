# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox for all tests of a directory, put back to its seeded state before each. Imported by conftest.py files."""

import pytest
from sandbox_process import Running


@pytest.fixture(scope="session", name="running_sandbox")
def fixture_running_sandbox(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("sandbox") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(name="sandbox")
def fixture_sandbox(running_sandbox):
    assert running_sandbox.admin("POST", "/reset").status_code == 200
    return running_sandbox
