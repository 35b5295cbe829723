# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs functions of the Windows program by a real PowerShell (7, on Linux): the table of cases, what -File makes of arguments, the listener."""

import http.client
import json
import shutil
import socket
import subprocess

import powershell
import program_under_test
import pytest
from test_windows_decisions import CASES, OTHER, TWINS

pytestmark = pytest.mark.skipif(not shutil.which("pwsh"), reason="PowerShell is not installed: no pwsh in PATH")
CALLS = r"""
function ConvertTo-Argument($Value) {
    if ($Value -is [System.Collections.IDictionary]) {
        $table = @{}
        foreach ($key in $Value.Keys) { $table[$key] = ConvertTo-Argument $Value[$key] }
        return $table
    }
    if ($Value -is [array]) {
        $list = [System.Collections.Generic.List[object]]::new()
        foreach ($each in $Value) { $list.Add((ConvertTo-Argument $each)) }
        return , $list.ToArray()
    }
    return $Value
}
$answers = @()
foreach ($call in (Get-Content -Raw -LiteralPath $args[0] | ConvertFrom-Json -AsHashtable -NoEnumerate)) {
    $given = ConvertTo-Argument $call['given']
    try { $answers += , @{ gives = (& $call['name'] @given) } }
    catch { $answers += , @{ raises = [string]$_.Exception.Data['Kind']; says = [string]$_ } }
}
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answers -Depth 9 -Compress))
"""
PROBE = r"""
$asked = Read-CommandLine ([string[]]@($args))
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $asked -Compress))
"""
LISTEN = r"""
$StartSeconds = 0.0
$listener = New-Listener
[System.Console]::Out.WriteLine($listener.Port)
$visitor = Wait-Visitor $listener 'GET' '/right' 60
Send-Answer $listener $visitor (Get-RedirectAnswer 'https://portal.example/?access_token=t' $false)
Close-Listener $listener
"""


@pytest.fixture(scope="module", name="script")
def fixture_script(tmp_path_factory):
    """Returns a function that writes a script of the program's functions and what is to be done with them."""
    functions, end, _start = powershell.PROGRAM.read_text(encoding="ascii").partition("$StartSeconds = [")
    assert end
    directory = tmp_path_factory.mktemp("powershell")

    def write(name, body, culture="en-US"):
        path = directory / name
        path.write_text(f"[cultureinfo]::CurrentCulture = '{culture}'\n" + functions + body, encoding="ascii")
        return path

    return write


def command(path, *arguments):
    return ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(path), *arguments]


def run(path, *arguments):
    """Returns the JSON that a script prints."""
    ended = subprocess.run(command(path, *arguments), capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0 and ended.stderr == "", ended
    return json.loads(ended.stdout)


def given(name, value):
    """Returns an argument of the table as JSON, in the form of the Windows program."""
    value = program_under_test.argument(value)
    if isinstance(value, bytes):
        return value.decode("latin-1") if name == "parsed_request" else value.decode("utf-8", "replace")
    if name == "request_verdict" and isinstance(value, list):
        return {"Method": value[0], "Path": value[1], "Headers": value[2]}
    return value


def outcome(name, answer):
    """Returns what a call came to, in the form of the table's row."""
    if "raises" in answer:
        return {"raises": answer["raises"] or answer["says"]}
    gives = answer["gives"]
    if name == "parsed_request" and gives is not None:
        gives = [gives["Method"], gives["Path"], gives["Headers"]]
    if name == "parsed_arguments":
        gives = [gives["Configuration"] or None, gives["Options"], gives["Number"] if gives["HasNumber"] else None, gives["Problem"] or None]
    return {"gives": gives}


@pytest.mark.parametrize("culture", ("en-US", "de-DE", "tr-TR"))
def test_powershell_decides_as_the_table_says(script, tmp_path, culture):
    rows = [(name, row) for name in sorted(TWINS) for row in CASES[name]]
    calls = [{"name": TWINS[name], "given": [given(name, value) for value in row["given"]]} for name, row in rows]
    calls += [{"name": "ConvertFrom-IniText", "given": [row["text"]]} for row in CASES["parsed_ini"]]
    (tmp_path / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    answers = run(script("calls.ps1", CALLS, culture), tmp_path / "calls.json")
    assert len(answers) == len(calls) > len(rows) > 200 and not OTHER & set(TWINS)
    wrong = []
    for (name, row), answer in zip(rows, answers):
        expected = {key: row[key] for key in ("gives", "raises") if key in row}
        if outcome(name, answer) != expected:
            wrong.append((name, row["given"], expected, outcome(name, answer)))
    for row, answer in zip(CASES["parsed_ini"], answers[len(rows):]):
        values = ["%s=%s" % (name.split(" ", 1)[1], value) for name, value in answer["gives"]["Given"].items()]
        if answer["gives"]["Problems"] != row["problems"] or values != row.get("values", values):
            wrong.append((row, answer))
    assert wrong == []


@pytest.mark.parametrize("path", [
    "launcher.ini", ".\\launcher.ini", "\\launcher.ini", "C:launcher.ini", "\\\\eve\\share\\launcher.ini", "\\\\?\\C:\\launcher.ini", "\\\\.\\C:\\launcher.ini",
    "//eve/share/launcher.ini", "C:\\ProgramData\\x.txt:launcher.ini", "file://C:/x.ini", "/home/eve/launcher.ini", ""])
def test_a_configuration_is_on_a_local_disk(script, tmp_path, path):
    calls = [{"name": "Get-PathProblem", "given": [path]}, {"name": "Read-Configuration", "given": [path]}]
    (tmp_path / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    problem, configuration = run(script("calls.ps1", CALLS), tmp_path / "calls.json")
    assert problem == {"gives": "its path must be absolute, on a disk of this computer"}
    assert configuration["gives"]["Problems"] == [path + ": " + problem["gives"]] and configuration["gives"]["AccountPath"] == ""
    assert configuration["gives"]["Values"]["portal login_url"] == "https://rapidsosportal.com/login"
    assert configuration["gives"]["Values"]["browser command"] == ""


@pytest.mark.parametrize("words", (
    ["eccops-portal:1"], ["-"], ["--"], ["--check"], ["--check", "--log-in"], ["--configuration", "c:\\evil.ini"], ["--configuration=c:\\evil.ini"],
    ["eccops-portal:1", "--configuration", "c:\\evil.ini"], ["-Command", "calc"], ["-File", "x.ps1"], ["-x:--check"], ["-x:$true"], ["-x:"], ["-?"],
    ["-verbose"], ["\u2013check"], ["@args"], ["$(calc)"], ["--%"], [""]))
def test_no_text_after_number_becomes_an_option(script, words):
    """powershell.exe reads what comes after -File in a way of its own: it parts -x:y, and takes every kind of dash for a hyphen."""
    probe = script("probe.ps1", PROBE)
    asked = run(probe, "--number", *words)
    assert asked["HasNumber"] and (asked["Configuration"], asked["Options"], asked["Problem"]) == ("", [], ""), asked
    asked = run(probe, "--number=" + words[0], *words[1:])  # of which it may leave out the end
    assert (asked["Configuration"], asked["Options"], asked["Problem"]) == ("", [], ""), asked


def ask(port, source):
    """Returns the status that a program at this address is answered, None where the connection ends without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        connection.request("GET", "/right")
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def test_the_listener_answers_127_0_0_1_only(script):
    process = subprocess.Popen(command(script("listen.ps1", LISTEN)), stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        idle = socket.create_connection(("127.0.0.1", port), source_address=("127.66.66.66", 0))
        assert [ask(port, source) for source in ("127.66.66.66", "127.0.0.2", "127.0.0.1")] == [None, None, 302]
        idle.close()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
