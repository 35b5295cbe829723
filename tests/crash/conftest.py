# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox for all crash tests, the option --crash-instants, and the tables they leave, printed at the end."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [path for path in (str(HERE), str(HERE.parent / "integration"), str(HERE.parent / "sandbox")) if path not in sys.path]

import harness  # noqa: E402  # pylint: disable=wrong-import-position
import tables  # noqa: E402  # pylint: disable=wrong-import-position


def pytest_addoption(parser):
    parser.addoption("--crash-instants", type=int, default=100, help="instants at which a rotation is killed (default: 100)")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist: another process prints them
        session.config.workeroutput["crash_tables"] = tables.ALL


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    for title, rows in getattr(node, "workeroutput", {}).get("crash_tables", {}).items():
        tables.ALL.setdefault(title, []).extend(rows)


def pytest_terminal_summary(terminalreporter):
    for title, rows in tables.ALL.items():
        terminalreporter.section(title)
        for line in tables.lines(rows):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", name="running_sandbox")
def fixture_running_sandbox(tmp_path_factory):
    running = harness.Sandbox(tmp_path_factory.mktemp("sandbox") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(name="sandbox")
def fixture_sandbox(running_sandbox):
    running_sandbox.reset()
    return running_sandbox
