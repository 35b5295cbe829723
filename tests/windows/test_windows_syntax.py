# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what a syntax tree can prove of the PowerShell that no machine here can run."""

import re

import powershell
import pytest
from powershell import nodes, parse, text_of

PROGRAM = powershell.PROGRAM.read_text(encoding="ascii")
SCRIPTS = dict(powershell.task_scripts(), **{"portal-launcher.ps1": PROGRAM})
OURS = {name: script for name, script in SCRIPTS.items() if name.startswith("portal")}

#: What the program may call beside its own functions, all of PowerShell 5.1. The second set is for constrained language mode.
CMDLETS = {"Get-Acl", "Set-StrictMode", "Start-Process"}
CONSTRAINED_CMDLETS = {"Get-FileHash", "Join-Path", "Start-Process", "Write-Error"}
#: Names of what is or holds a secret: no cmdlet is ever given one of them.
SECRETS = re.compile(r"(?i)token|account|password|secret|sealed|text|fields|location|answer|body|visitor|pair|entry")
#: Methods that return nothing; what others return would become output of the function that calls them.
SILENT_METHODS = {
    "Add", "Close", "DeleteSubKeyTree", "DeleteValue", "Dispose", "GetBytes", "Kill", "ReleaseMutex", "SetValue", "Shutdown", "Sleep", "Start", "Stop",
    "Write", "WriteEntry", "WriteLine"}
AUTOMATIC = {"_", "args", "executioncontext", "false", "null", "pscommandpath", "psscriptroot", "true", "matches", "ansible", "env", "lastexitcode"}
SEVENTH = {"??", "??=", "&&", "||", "?.", "?["}


def commands(root):
    return [(text_of(node.children[0]), node) for node in nodes(root, "command")]


def name_of(variable):
    return text_of(variable).lstrip("$").strip("{}").lower()


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_script_is_whole_powershell(name):
    broken = [text_of(node)[:100] for node in nodes(parse(SCRIPTS[name])) if node.type == "ERROR" or node.is_missing]
    assert broken == []


def seventh(script):
    """Returns what of a script is PowerShell 7 only."""
    found = [node.type for node in nodes(parse(script)) if node.type in SEVENTH or "ternary" in node.type or "null_coal" in node.type]
    return found + re.findall(r"-Parallel\b|\bclean\s*\{", script)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_nothing_needs_more_than_powershell_5_1(name):
    assert seventh(SCRIPTS[name]) == []


@pytest.mark.parametrize("script", ("Get-X && Get-Y", "Get-X || Get-Y"))
def test_what_needs_powershell_7_is_noticed(script):
    assert seventh(script) != []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_nothing_is_run_that_is_put_together_from_text(name):
    root = parse(SCRIPTS[name])
    called = {command.lower() for command, _node in commands(root)}
    assert called & {"invoke-expression", "iex", "invoke-command", "write-host", "invoke-webrequest", "invoke-restmethod"} == set()
    assert not re.search(r"(?i)ScriptBlock\]::Create|EncodedCommand|DownloadString|ServerCertificateValidationCallback|FromInsecure", SCRIPTS[name])


def test_the_file_can_be_signed_and_listed_by_its_hash():
    """Fixed bytes, ASCII (no question of encoding between PowerShell versions), nothing that a site's deployment fills in."""
    content = powershell.PROGRAM.read_bytes()
    assert content.isascii() and b"\r" not in content and content.endswith(b"\n") and not content.endswith(b"\n\n")
    assert b"{{" not in content and b"{%" not in content


def test_constrained_language_mode_is_asked_for_first_and_answered_with_cmdlets_only():
    statements = next(nodes(parse(PROGRAM), "statement_list")).children
    first = [node for node in statements if node.type != "comment"][0]
    assert first.type == "if_statement" and "$ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage'" in text_of(first).split("\n")[0]
    assert list(nodes(first, "invokation_expression", "type_literal")) == []
    assert {name for name, _node in commands(first)} == CONSTRAINED_CMDLETS
    assert text_of(first).rstrip("}\n ").endswith("exit 3")


def test_the_script_has_no_parameters_of_its_own():
    """-File would bind a CAD's text to them, and start a script that has some in a way that constrained language refuses."""
    assert [node.type for node in next(nodes(parse(PROGRAM), "program")).children if node.type == "param_block"] == []
    assert "[CmdletBinding" not in PROGRAM.partition("\nfunction ")[0]


def test_no_cmdlet_is_given_a_secret_and_few_are_used():
    root = parse(PROGRAM)
    functions = {text_of(node.children[1]) for node in nodes(root, "function_statement")}
    used = [(name, node) for name, node in commands(root) if name not in functions]
    assert {name for name, _node in used} - CONSTRAINED_CMDLETS - CMDLETS == {"&"}  # Invoke-Check calls the block it was given
    assert len(list(nodes(root, "pipeline_chain"))) and not [node for node in nodes(root, "pipeline_chain") if "|" in [each.type for each in node.children]]
    for name, node in used:
        given = {name_of(each) for each in nodes(node, "variable", "braced_variable")}
        assert not [each for each in given if SECRETS.search(each)], text_of(node)


def test_the_event_log_gets_failures_and_accounts_and_nothing_else():
    reported = [node for name, node in commands(parse(PROGRAM)) if name == "Write-Event"]
    assert len(reported) == 3
    for node in reported:
        named = {name_of(each) for each in nodes(node, "variable", "braced_variable")}
        assert named <= {"failure", "code", "api_url", "email", "kind"} and ("email" not in named or "(Get-AccountName $email)" in text_of(node)), text_of(node)


def test_functions_are_called_as_they_are_declared():
    root = parse(PROGRAM)
    declared = {text_of(node.children[1]): len(list(nodes(node, "script_parameter"))) for node in nodes(root, "function_statement")}
    for name, node in commands(root):
        if name in declared:
            written = node.children[1].children if len(node.children) > 1 else []
            given = [each for each in written if each.type not in ("command_argument_sep", "command_parameter")]
            assert len(given) <= declared[name], text_of(node)
            assert "argument_list" not in [each.type for each in given], "put it in parentheses: " + text_of(node)
    used = {name for name, _node in commands(root)}
    assert set(declared) - used == set()


def test_arguments_of_methods_hold_no_format_operator():
    """Inside a method's arguments the comma parts the arguments, not the values of -f."""
    for name, script in OURS.items():
        assert [text_of(node) for node in nodes(parse(script), "format_argument_expression") if len(node.children) > 1] == [], name


def assigned(root, is_outside_functions=False):
    """Returns the names of the variables that a tree sets; those of functions may be left out."""
    names = set()
    for node in nodes(root, "left_assignment_expression", "foreach_statement", "script_parameter"):
        if node.type == "left_assignment_expression":
            variables = list(nodes(node, "variable", "braced_variable"))[:1]
        else:
            variables = [each for each in node.children if each.type == "variable"]
        outer = node.parent
        while is_outside_functions and outer is not None and outer.type != "function_statement":
            outer = outer.parent
        if not is_outside_functions or outer is None:
            names |= {name_of(variable) for variable in variables}
    return names


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_that_is_read_was_set(name):
    """By the function that reads it, or by the script itself: what a caller has set is a surprise."""
    root = parse(OURS[name])
    constants = assigned(root, is_outside_functions=True)
    for part in [root] + list(nodes(root, "function_statement")):
        known = constants | assigned(part) | AUTOMATIC
        read = {name_of(node) for node in nodes(part, "variable", "braced_variable")}
        assert {each for each in read if not each.startswith("env:")} - known == set(), text_of(part)[:60]


def test_no_function_leaks_what_a_method_returns():
    leaks = []
    for node in nodes(parse(PROGRAM), "statement_list", "statement_block"):
        for statement in node.children:
            inner = statement
            while len(inner.children) == 1:
                inner = inner.children[0]
            if inner.type == "invokation_expression" and text_of(inner.children[2]) not in SILENT_METHODS:
                leaks.append(text_of(inner))
    assert leaks == []
