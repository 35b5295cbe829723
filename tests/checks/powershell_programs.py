# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Decides what happens where there is no PowerShell: tests with the mark are skipped, which one line reports; where POWERSHELL_REQUIRED is set,
as in CI, that is a failure instead.

    @pytest.mark.powershell("pwsh")   # PowerShell 7
    @pytest.mark.powershell("wpwsh")  # PowerShell 7 for Windows, under wine
"""

from __future__ import annotations

import os
import shutil

import pytest

PROGRAMS = ("pwsh", "wpwsh")
REQUIRED = "POWERSHELL_REQUIRED"
NEEDED = "needs PowerShell: "


def missing(path: str | None = None) -> list[str]:
    """Returns the names of the programs that are not on the PATH; raises RuntimeError where none may be missing."""
    names = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if names and os.environ.get(REQUIRED):
        raise RuntimeError("%s is set, and there is no %s on the PATH" % (REQUIRED, " and no ".join(names)))
    return names


def pytest_configure():
    try:
        missing()
    except RuntimeError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(items):
    absent = missing()
    for item in items:
        names = {name for mark in item.iter_markers("powershell") for name in mark.args}
        lacking = sorted(names & set(absent))
        if lacking:
            item.add_marker(pytest.mark.skip(reason=NEEDED + " and ".join(lacking)))


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """Has the list of what was skipped name all of these tests in one line: it joins those of one place and one reason."""
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple) and NEEDED in report.longrepr[2]:
            report.keywords = {}
            report.longrepr = (__file__, 1, "no %s on the PATH: CONTRIBUTING.md says how to get PowerShell" % " and no ".join(missing()))
