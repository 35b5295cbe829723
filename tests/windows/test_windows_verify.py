# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""verify.ps1 is for a real Windows. Elsewhere it tries nothing, and says so of each item; what an item asks of Windows, test_windows_api.py reads."""

import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = shutil.which("pwsh")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="verify.ps1 is not started: PowerShell 7 (pwsh) is not on the PATH")


def verify(*arguments):
    return subprocess.run(
        [PROGRAM, "-NoProfile", "-NonInteractive", "-File", HERE / "verify.ps1", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False)


def test_nothing_is_tried_where_there_is_no_windows():
    done = verify()
    *lines, last = done.stdout.splitlines()
    assert done.returncode == 0 and not done.stderr and last == "passed 0, failed 0, not tried %d" % len(lines)
    assert len(lines) > 10 and all(re.fullmatch(r"not tried  [a-z-]+ +needs Windows", line) for line in lines)


def test_a_required_item_that_is_not_tried_is_a_failure():
    done = verify("-Only", "ssh,service", "-Require", "ssh")
    assert done.returncode == 1 and "FAILED     ssh " in done.stdout and "passed 0, failed 1, not tried 1" in done.stdout


def test_an_unknown_item_is_refused():
    done = verify("-Only", "nothing")
    assert done.returncode == 2 and "no item is named nothing" in done.stderr
