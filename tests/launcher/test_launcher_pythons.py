# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The launcher on every Python from 3.6 to 3.14 that this machine has: the tables of cases, and whole calls against the sandbox."""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "unit" / "support"))

import pythons  # noqa: E402  # pylint: disable=wrong-import-position

PATHS = pythons.found([f"3.{minor}" for minor in range(6, 15)])

pytestmark = pytest.mark.slow


@pytest.fixture(name="python", params=list(PATHS))
def fixture_python(request):
    if not PATHS[request.param]:
        pytest.skip(f"no Python {request.param} on this machine")
    return PATHS[request.param]


def test_the_tables_hold(python):
    ended = subprocess.run([python, "-I", "-B", str(HERE / "program_under_test.py")], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


def test_calls_with_a_login_by_the_cache_and_failing_ones(python, sandbox, make_position):
    position = make_position(python=python)
    ended = [position.call("555 555 5555"), position.call("5555555555"), position.call("911", count=2)]
    position.configure(portal_ca_path=None, portal_api_url=sandbox.values["rapidsos_api_url"] + "/other")
    ended.append(position.call("5555555555", count=2))
    assert [each.code for each in ended] == [0, 0, 2, 5], ended
    assert [each.opened[0]["answer"]["status"] for each in ended] == [302, 302, 200, 200]
    assert [each.stderr.count("\n") for each in ended] == [0, 0, 1, 1], ended  # a warning of that Python would be one more
