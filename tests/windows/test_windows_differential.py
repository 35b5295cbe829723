# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Draws rows for each function that both launchers have, hostile characters included, and compares what the two answer, in three cultures."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from powershells import PowerShell, utf16
from twins import LINUX, TWINS


@pytest.fixture(scope="module", name="shells")
def fixture_shells():
    """One PowerShell in each culture, which answers all rows."""
    shells = [PowerShell(culture) for culture in ("en-US", "de-DE", "tr-TR")]
    yield shells
    for shell in shells:
        shell.stop()


def plain(value):
    """Returns a value in the form in which both programs can have it."""
    if isinstance(value, str):
        return utf16(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    return None if value in (float("inf"), float("-inf")) else value


def linux_outcome(twin, arguments):
    try:
        return {"gives": plain(twin.linux_shape(twin.linux(*arguments)))}
    except LINUX.Failure as failure:
        return {"raises": failure.kind, "says": failure.sentence}


def windows_outcome(twin, answer):
    return answer if "raises" in answer else {"gives": plain(twin.windows_shape(answer["gives"]))}


@pytest.mark.powershell("pwsh")
@pytest.mark.parametrize("name", TWINS)
def test_both_programs_decide_alike(name, shells, request):
    twin = TWINS[name]

    @settings(max_examples=-(-request.config.getoption("--differential-rows") // len(TWINS)), suppress_health_check=list(HealthCheck))
    @given(twin.drawn)
    def compare(arguments):
        expected = linux_outcome(twin, arguments)
        for shell in shells:
            shell.ask(twin.windows, twin.given(arguments))
        answers = {shell.culture: windows_outcome(twin, shell.answer()) for shell in shells}
        assert answers == {shell.culture: expected for shell in shells}

    compare()
