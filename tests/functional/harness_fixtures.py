# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox per process of pytest, put back to its seeded state before each test that asks for ``sandbox``. Imported by conftest.py files."""

import harness
import pytest
from sandbox_fixtures import fixture_sandbox  # noqa: F401  # pylint: disable=unused-import


@pytest.fixture(scope="session", name="running_sandbox")
def fixture_running_sandbox(tmp_path_factory):
    running = harness.Sandbox(tmp_path_factory.mktemp("sandbox") / "data")
    yield running
    assert running.stop() == 0
