# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what a syntax tree can prove of the PowerShell that no machine here can run."""

import powershell
import pytest

SCRIPTS = dict(powershell.task_scripts(), **{"portal-launcher.ps1": powershell.PROGRAM.read_text(encoding="ascii")})


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_script_is_whole_powershell(name):
    broken = [powershell.text_of(node)[:100] for node in powershell.nodes(powershell.parse(SCRIPTS[name])) if node.type == "ERROR" or node.is_missing]
    assert broken == []
