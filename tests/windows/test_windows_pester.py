# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the tests that are PowerShell's own, *.Tests.ps1, where Invoke-Pester would find them: by PowerShell 7, here and under wine."""

import os
import pathlib
import shutil
import subprocess

import pytest
from windows_position import WINE_SERVER, windows_path

HERE = pathlib.Path(__file__).resolve().parent
COMMAND = "$options = New-PesterConfiguration; $options.Run.Path = '%s'; $options.Run.Exit = $true; $options.Output.RenderMode = 'Plaintext'; " \
    "$options.Output.Verbosity = 'Detailed'; Invoke-Pester -Configuration $options"


def run(program, path, **environment):
    """Returns what Pester writes; fails with it."""
    done = subprocess.run(
        [shutil.which(program), "-NoProfile", "-NonInteractive", "-Command", COMMAND % path], env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=600, check=False)
    assert done.returncode == 0 and "Failed: 0" in done.stdout, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.powershell("pwsh")
def test_pester_on_linux():
    said = run("pwsh", HERE)
    assert said.count("Describing The program in") == 3 and "Describing The text of the program" in said


@pytest.mark.slow
@pytest.mark.powershell("wpwsh")
def test_pester_on_windows(tmp_path):
    prefix = str(tmp_path / "prefix")
    environment = {"WPWSH_PREFIX": prefix, "WINEPREFIX": prefix, "WINEDEBUG": "-all", "PESTER_CULTURES": "tr-TR"}  # each takes half a minute of CPU
    try:
        said = run("wpwsh", windows_path(HERE), **environment)
    finally:
        for option in ("--kill", "--wait"):
            subprocess.run([WINE_SERVER, option], env=dict(os.environ, **environment), capture_output=True, timeout=60, check=False)
        shutil.rmtree(prefix, ignore_errors=True)
    assert "Describing The program in tr-TR" in said and "Describing The modules in tr-TR" in said and "Skipped: 0" in said
