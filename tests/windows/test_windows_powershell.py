# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the Windows program by PowerShell 7 on Linux: what -File makes of arguments, and the listener."""

import http.client
import json
import socket
import subprocess

import powershell
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.powershell("pwsh")]
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

    def write(name, body):
        path = directory / name
        path.write_text(functions + body, encoding="ascii")
        return path

    return write


def command(path, *arguments):
    return ["pwsh", "-NoProfile", "-NonInteractive", "-File", str(path), *arguments]


def run(path, *arguments):
    """Returns the JSON that a script prints."""
    ended = subprocess.run(command(path, *arguments), capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0 and ended.stderr == "", ended
    return json.loads(ended.stdout)


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
