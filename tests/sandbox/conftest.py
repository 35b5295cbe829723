# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What all tests of the sandbox share."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "roles" / "sandbox" / "files")]

from sandbox_fixtures import fixture_running_sandbox, fixture_sandbox  # noqa: E402, F401  # pylint: disable=wrong-import-position,unused-import


@pytest.fixture(name="request_id")
def fixture_request_id(sandbox):
    """A collected credential of the seeded fleet."""
    return sandbox.fleet[0]["request_id"]
