# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Draws rows for each function that both launchers have, hostile characters included, and compares what the two answer, in three cultures."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from powershell import PowerShell, utf16
from twins import LINUX, TWINS


pytestmark = [pytest.mark.slow, pytest.mark.powershell("pwsh")]
#: Constants of the same name that each program has of its own.
OWN = {"CONFIGURATION_PATH", "ACCOUNT_FILE", "USAGE", "STYLE"}


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


def variable(shell, name):
    shell.ask("$" + name, [])
    return shell.answer().get("gives")


def test_constants_of_the_same_name_are_the_same(shells):
    """Seconds, sizes, version, path and page of the login."""
    ours = {name: value for name, value in vars(LINUX).items() if name.isupper() and isinstance(value, (str, int, float)) and name not in OWN}
    theirs = {name: variable(shells[0], name.replace("_", "")) for name in ours}
    common = {name for name, value in theirs.items() if value is not None}
    assert {"VERSION", "LOGIN_PATH", "SESSION_SECONDS", "REFUSAL_SECONDS", "DECISION_SECONDS", "FETCH_SECONDS", "MOST_REQUEST_BYTES"} <= common
    assert {name: theirs[name] for name in common} == {name: ours[name] for name in common}


def test_dispatchers_read_the_same_sentences(shells):
    sentences = {kind: re.sub(r"\{\d\}", "*", sentence) for kind, (_code, sentence) in variable(shells[0], "Failures").items()}
    assert sentences == {kind: re.sub(r"%\(\w+\)[.\d]*[sdf]", "*", sentence) for kind, (_code, sentence) in LINUX.FAILURES.items()}
