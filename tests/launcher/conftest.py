# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox for all tests of this directory, and positions that are removed again."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sandbox")]

pytest.register_assert_rewrite("fallback", "visit")

import position as positions  # noqa: E402  # pylint: disable=wrong-import-position
from sandbox_fixtures import fixture_running_sandbox, fixture_sandbox  # noqa: E402, F401  # pylint: disable=wrong-import-position,unused-import
from visit import Visit  # noqa: E402  # pylint: disable=wrong-import-position


@pytest.fixture(name="make_position")
def fixture_make_position(running_sandbox):
    """Returns a function that makes a Position; its options are those of the class."""
    if not os.path.isdir(positions.MEMORY):
        pytest.skip("no memory-backed directory at " + positions.MEMORY)
    if os.geteuid():
        pytest.skip("needs root: the launcher takes no configuration that anybody else can change")
    made = []

    def make(**options):
        made.append(positions.Position(running_sandbox.values, **options))
        return made[-1]

    yield make
    for each in made:
        each.remove()


@pytest.fixture(name="position")
def fixture_position(make_position, sandbox):
    return make_position()


@pytest.fixture(name="logins")
def fixture_logins(sandbox):
    """Returns a function that lists what the Portal's log says of logins since the test began."""
    before = sandbox.last_seq()
    effects = ("login", "login_refused", "lockout")
    return lambda: [entry["effect"] for entry in sandbox.audit(before) if entry["effect"] in effects]


@pytest.fixture(name="visit")
def fixture_visit(position):
    visits = []

    def start(*arguments):
        visits.append(Visit(position, *arguments))
        return visits[-1]

    yield start
    for each in visits:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()
