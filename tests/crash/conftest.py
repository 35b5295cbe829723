# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One sandbox for all crash tests, the option --crash-instants, and the tables they leave, printed at the end."""

import pytest
import tables
from harness_fixtures import fixture_running_sandbox, fixture_sandbox  # noqa: F401  # pylint: disable=unused-import


def pytest_addoption(parser):
    parser.addoption("--crash-instants", type=int, default=26, help="instants at which a rotation is killed (default: 26, each kind twice)")


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
