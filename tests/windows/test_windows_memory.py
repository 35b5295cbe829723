# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves on a Windows position that what the launcher keeps is in memory only, and that it goes on where it can keep nothing."""

import json

import powershell
import pytest
import windows_position

pytestmark = [pytest.mark.slow, windows_position.NEEDS_WINE]
KEPT = {"token": "planted-token", "api_url": "https://portal.example"}
FUNCTIONS = powershell.PROGRAM.read_text(encoding="ascii").partition("$StartSeconds = [")[0]
KEEP = "Write-Memory 'token' @{ token = 'planted-token'; api_url = 'https://portal.example' }\n"
READ = "'kept ' + (ConvertTo-JsonText (Read-Memory 'token')); 'problem ' + (Get-MemoryProblem)\n"
ORDINARY = """$user = [Microsoft.Win32.Registry]::CurrentUser
$user.CreateSubKey('Software\\PortalLauncher\\below').SetValue('x', 'y')
$user.CreateSubKey('Software\\PortalLauncher').SetValue('token', [byte[]]@(1, 2, 3))
"""
LOCKED = "function Test-Volatile { return $false }\n"
NO_PROFILE = "$Entropy = 'what cannot be bytes'\n"


@pytest.fixture(scope="module", name="position")
def fixture_position(tmp_path_factory):
    position = windows_position.WindowsPosition(tmp_path_factory.mktemp("memory") / "prefix").start()
    yield position
    position.stop()


def run(position, directory, body):
    """Returns (what was kept, why nothing can be kept) after this body of the program's functions."""
    (directory / "memory.ps1").write_text(FUNCTIONS + "$StartSeconds = 0.0\nImport-Assembly\n" + body + READ, encoding="ascii")
    said = position.run("& '%s'" % windows_position.windows_path(directory / "memory.ps1")).splitlines()
    assert [line.split(" ")[0] for line in said] == ["kept", "problem"], said
    return json.loads(said[0].partition(" ")[2]), said[1].partition(" ")[2]


def test_what_is_kept_is_in_memory_only(position, tmp_path):
    """Also where somebody made the key as an ordinary one, which would be written to disk."""
    assert run(position, tmp_path, ORDINARY + KEEP) == (KEPT, "")
    assert run(position, tmp_path, "") == (KEPT, "")  # by another process
    position.stop()  # which writes the registry to disk
    hive = (position.prefix / "user.reg").read_text(encoding="utf-8", errors="replace")
    assert "[Software\\\\" in hive and "PortalLauncher" not in hive
    assert run(position, tmp_path, "") == ({}, "")


@pytest.mark.parametrize("body, problem", [
    (LOCKED, "is on disk, and cannot be replaced"), (NO_PROFILE, "whose profile may be temporary or mandatory")])
def test_nothing_is_kept_where_it_cannot_be_sealed_in_memory(position, tmp_path, body, problem):
    kept, said = run(position, tmp_path, body + KEEP)
    assert kept == {} and problem in said
