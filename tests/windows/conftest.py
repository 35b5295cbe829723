# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Lets the tests of the Windows half import what they share, and what the tests of its Linux twin have. The options --differential-rows and --siblings."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "launcher")]
sys.path.append(str(HERE.parent / "functional"))

pytest.register_assert_rewrite("fallback", "visit")

from launcher_fixtures import (  # noqa: E402, F401  # pylint: disable=wrong-import-position,unused-import
    fixture_authority, fixture_logins, fixture_position, fixture_running_launcher)
from sandbox_fixtures import fixture_running_sandbox, fixture_sandbox  # noqa: E402, F401  # pylint: disable=wrong-import-position,unused-import


def pytest_addoption(parser):
    parser.addoption("--differential-rows", type=int, default=1000, help="rows that both launchers answer in each culture (default: 1000)")
    parser.addoption("--siblings", action="store_true", help="run the siblings of the Windows launcher's cases too")


def pytest_collection_modifyitems(config, items):
    left_out = [] if config.getoption("--siblings") else [item for item in items if item.get_closest_marker("sibling")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
