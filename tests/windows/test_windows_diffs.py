# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a diff of workstation_files shows of a file is the same on both kinds of positions. Under wine nobody but its owner can read a file that is there."""

from __future__ import annotations

import os

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._workstation import desired
from powershell import ROLES, PowerShell

LAUNCHER = ROLES / "portal_launcher" / "files"
COMPARISON = ROLES.parent / "plugins" / "module_utils" / "_workstation" / "comparison.psm1"
PROGRAMS = [
    b"#!/bin/sh\nVERSION='1.2.0-rc.1+x'\n", b"\xef\xbb\xbf# x\r\n$Version = \"1.0\"\r\n", b"VERSION = 1.0\n", b" VERSION = '1.0'\n", b"version = '1.0'\n",
    b"VERSION='1.0\"\n", b"VERSION='v1.0'\n", b"VERSION='1.\x1b[31m0'\n", b"VERSION = '1\nVERSION='2'\nVERSION='3'", b"VERSION='1" + b"0" * 41 + b"'", b"",
    (LAUNCHER / "linux" / "portal-launcher").read_bytes(), (LAUNCHER / "windows" / "portal-launcher.ps1").read_bytes()]


@pytest.mark.powershell("pwsh")
def test_both_show_the_same_of_every_pair():
    shell = PowerShell("tr-TR", COMPARISON)
    status = os.stat_result((0o100644, *[0] * 9))
    shown = set()
    for before, after in zip(PROGRAMS, PROGRAMS[1:]):
        for mode, diff in ((0o644, "hash"), (0o640, "hash"), (0o644, "content")):
            expected = desired.show_change(desired.File("/x", None, False, mode, 0, None, diff), status, before, after)
            shell.ask("Format-Difference", [before, after, mode == 0o644, diff == "hash"])
            answer = shell.answer()
            assert [text.replace("\r\n", "\n") for text in expected] == answer["gives"] and expected[0] != expected[1], (before, after)
            shown.update(expected if diff == "hash" else ())
    shell.ask("Format-Difference", [b"a\n", b"a\r\n", True, False])
    assert shell.answer()["gives"] == [desired.describe_program(each) for each in (b"a\n", b"a\r\n")]
    shell.stop()
    versions = {text.split(",")[0] for text in shown if text.startswith("version ")}
    assert versions == {"version " + each for each in ("1.2.0-rc.1+x", "1.0", "1.0.0", "2")}
    assert not any(each.isspace() and each not in " \n" or not each.isascii() for text in shown for each in text)
