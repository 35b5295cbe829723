# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the Windows program decides as the Linux program does: the same table, by its functions as they are written."""

import re
import shlex

import powershell
import program_under_test
import pytest
from powershell_subset import NetError, Script

CASES = program_under_test.tables()
LINUX = vars(program_under_test.loaded())

#: Table -> function of the Windows program.
TWINS = {
    "number_text": "Get-NumberText",
    "apply_pattern": "Get-PatternText",
    "normalise_number": "Get-NormalisedNumber",
    "formatted_number": "Get-FormattedNumber",
    "shown_text": "Get-ShownText",
    "escaped": "Get-EscapedText",
    "token_of_answer": "Get-AnswerToken",
    "token_expiry": "Get-TokenExpiry",
    "cached_token": "Get-CachedToken",
    "is_refusal_in_force": "Test-RefusalInForce",
    "failure_of_status": "Get-StatusFailure",
    "query_location": "Get-QueryLocation",
    "redirect_target": "Get-RedirectTarget",
    "origin_of": "Get-OriginOf",
    "parsed_request": "ConvertFrom-RequestHead",
    "request_verdict": "Get-RequestVerdict",
    "parsed_arguments": "Read-CommandLine",
    "access_problem": "Get-AccessProblem",
    "account_of_form": "ConvertFrom-FormText",
    "failure_of_answer": "Get-AnswerFailure",
    "pause_seconds": "Get-PauseTime",
    "line_failure": "Get-LineFailure",
    "split_command": "Split-Command",
}
#: These do what only PowerShell itself shows: test_windows_powershell.
POWERSHELL_ONLY = {"token_of_answer", "token_expiry", "account_of_form", "failure_of_answer", "line_failure", "pause_seconds"}
#: Checked below, or not this program's: .NET reads the computer's proxy settings itself, and Linux' owners and modes are not Windows'.
OTHER = {"exit_codes", "change_problem", "parsed_ini", "parsed_configuration", "is_proxy_bypassed"}


@pytest.fixture(scope="module", name="script")
def fixture_script():
    return Script(powershell.PROGRAM.read_text(encoding="ascii"))


def table(value):
    from dotnet import Table

    result = Table()
    for key, each in value.items():
        result[key] = table(each) if isinstance(each, dict) else each
    return result


def argument(name, value):
    """Returns an argument of the table in the form of the Windows program."""
    value = program_under_test.argument(value)
    if isinstance(value, bytes):
        return value.decode("latin-1") if name == "parsed_request" else value.decode("utf-8", "replace")
    if name == "request_verdict" and isinstance(value, list):
        return table({"Method": value[0], "Path": value[1], "Headers": value[2]})
    if isinstance(value, list):
        return [argument(name, each) for each in value]
    return table(value) if isinstance(value, dict) else value


def outcome(script, name, row):
    try:
        gives = script.call(TWINS[name], [argument(name, value) for value in row["given"]])
    except NetError as failure:
        return {"raises": failure.Data["Kind"]}
    if name == "parsed_request" and gives is not None:
        gives = [gives["Method"], gives["Path"], dict(gives["Headers"])]
    if name == "parsed_arguments":
        number = gives["Number"] if gives["HasNumber"] else None
        gives = [gives["Configuration"] or None, gives["Options"], number, gives["Problem"] or None]
    return {"gives": gives}


def test_every_table_is_taken():
    assert set(CASES) == set(TWINS) | OTHER


@pytest.mark.parametrize("name", sorted(set(TWINS) - POWERSHELL_ONLY))
def test_decisions_are_those_of_the_table(script, name):
    wrong = []
    for row in CASES[name]:
        expected = {key: row[key] for key in ("gives", "raises") if key in row}
        if outcome(script, name, row) != expected:
            wrong.append((row, outcome(script, name, row)))
    assert wrong == []


def test_exit_codes_are_those_of_the_table(script):
    assert {kind: failure[0] for kind, failure in script.constants["failures"].items()} == CASES["exit_codes"]


def test_configurations_are_read_as_the_table_says(script):
    for row in CASES["parsed_ini"]:
        parsed = script.call("ConvertFrom-IniText", [row["text"]])
        assert (parsed["Problems"] or []) == row["problems"], row
        if "values" in row:
            assert ["%s=%s" % (name.split(" ", 1)[1], value) for name, value in parsed["Given"].items()] == row["values"]


def test_configurations_are_checked_as_the_table_says(script):
    """One rule is Windows' own: a file of CAs cannot be used there, so that any ca_path is a problem."""
    for row in CASES["parsed_configuration"]:
        expected = [each for each in row["problems"] if not each.startswith("ca_path")]
        problems = list(script.call("ConvertFrom-ConfigurationText", [row["text"]])["Problems"])
        if "ca_path = " in row["text"]:
            assert [each for each in problems if each.startswith("ca_path in [portal] cannot be used on Windows")], row
        assert [each for each in problems if not each.startswith("ca_path")] == expected, row


@pytest.mark.parametrize("words", (
    ["C:\\Program Files\\site\\account.exe", "--json"], ["a b", "c\"d", "e'f", "g\\h", ""], ["x"], ["\\\\server\\share\\x.exe", "a\tb"]))
def test_commands_are_split_as_the_roles_template_joins_them(script, words):
    joined = " ".join(shlex.quote(word) for word in words)
    split = script.call("Split-Command", [joined])
    assert (split if isinstance(split, list) else [split]) == shlex.split(joined) == words


@pytest.mark.parametrize("text, argument", (
    ("plain", "plain"), ("a b", '"a b"'), ('say "hi"', '"say \\"hi\\""'), ("c:\\x y\\", '"c:\\x y\\\\"'), ('\\"', '"\\\\\\""'), ("", '""'), ("a&b", '"a&b"')))
def test_arguments_are_written_as_windows_programs_read_them(script, text, argument):
    assert script.call("ConvertTo-WindowsArgument", [text]) == argument


def test_constants_are_those_of_the_linux_program(script):
    """All that both have by the same name: seconds, sizes, version, path and page of the login."""
    common = {name: value for name, value in LINUX.items() if name.replace("_", "").lower() in script.constants and isinstance(value, (str, int, float))}
    assert {"VERSION", "LOGIN_PATH", "SESSION_SECONDS", "REFUSAL_SECONDS", "DECISION_SECONDS", "FETCH_SECONDS", "MOST_REQUEST_BYTES"} <= set(common)
    for own in ("CONFIGURATION_PATH", "ACCOUNT_FILE", "USAGE", "STYLE"):
        common.pop(own, None)
    assert {name: script.constants[name.replace("_", "").lower()] for name in common} == common


def test_dispatchers_read_the_same_sentences(script):
    ours = {kind: re.sub(r"\{\d\}", "*", sentence) for kind, (_code, sentence) in script.constants["failures"].items()}
    assert ours == {kind: re.sub(r"%\(\w+\)[.\d]*[sdf]", "*", sentence) for kind, (_code, sentence) in LINUX["FAILURES"].items()}
