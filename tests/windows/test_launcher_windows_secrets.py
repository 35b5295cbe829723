# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Password and token are planted, and searched for in processes, transcript, events, registry files and all other files of a Windows position.

Module and script block logging (events 4103, 4104) cannot be read back under wine. In their place PowerShell's own trace shows what each command is
given: cmdlets, which those logs write down, never get a secret. The events that the program writes are shown by wine as they are written.
"""

import json
import re
import time

import pytest
from launcher_position import SCRIPT, STAND_IN
from position import NUMBER
from secret_search import Watch, assert_nowhere
from windows_position import windows_path

pytestmark = pytest.mark.slow
POLICY = "HKLM\\Software\\Policies\\Microsoft\\PowerShellCore"
PLANTED = "Planted-4712"
#: The last line of the trace is known to be there; a secret that a cmdlet does get is found.
TRACE = """
Set-TraceSource -Name ParameterBinding -Option All -FilePath '%s' -Force
[void](ConvertTo-SecureString -String 'Planted-4712' -AsPlainText -Force)
"""
END = "[void](Get-Date -Date '2020-01-02')\n[System.Diagnostics.Trace]::Flush()\nSet-TraceSource -Name ParameterBinding -RemoveFileListener *\n"


def given(trace):
    """Returns {name of a cmdlet: all that it was given, by parameter or pipeline}. What a function of the script is given is not indented."""
    found = {}
    for name, text in re.findall(r": BIND NAMED cmd line args \[([^\]]+)\](.*?)(?=: CALLING EndProcessing|: BIND arg \[|\Z)", trace, re.DOTALL):
        found[name] = found.get(name, "") + text
    return found


def written(directory, since, secrets):
    """Returns the files of a prefix that were written since then and hold a secret in UTF-8, UTF-16 or base64."""
    forms = {form for secret in secrets for form in (secret.encode(), secret.encode("utf-16-le"), json.dumps(secret)[1:-1].encode())}
    found = []
    for path in directory.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= since and any(form in path.read_bytes() for form in forms):
                found.append(path)
        except OSError:
            pass  # of a program that ended meanwhile
    return found


@pytest.fixture(name="watched")
def fixture_watched(position):
    """A position whose policy records all that PowerShell can record, and whose calls are traced."""
    transcripts = position.directory / "transcripts"
    transcripts.mkdir(exist_ok=True)
    values = (("Transcription", "EnableTranscripting", "1"), ("Transcription", "EnableInvocationHeader", "1"),
              ("ScriptBlockLogging", "EnableScriptBlockLogging", "1"), ("ModuleLogging", "EnableModuleLogging", "1"))
    for key, name, value in values:
        position.wine("reg", "add", f"{POLICY}\\{key}", "/v", name, "/t", "REG_DWORD", "/d", value, "/f")
    position.wine("reg", "add", f"{POLICY}\\ModuleLogging\\ModuleNames", "/v", "*", "/d", "*", "/f")
    position.wine("reg", "add", f"{POLICY}\\Transcription", "/v", "OutputDirectory", "/d", windows_path(transcripts), "/f")
    position.transcripts, position.trace = transcripts, position.directory / "trace.txt"
    position.trace.unlink(missing_ok=True)
    stand_in = STAND_IN % (TRACE % windows_path(position.trace), SCRIPT)
    position.stand_in.write_text(stand_in.replace("exit $LASTEXITCODE", "$code = $LASTEXITCODE\n" + END + "exit $code"), encoding="utf-8")
    position.environment["WPWSH_WINEDEBUG"] = "-all,+eventlog"
    yield position
    position.wine("reg", "delete", POLICY, "/f")


@pytest.mark.parametrize("account, code", [("good", 0), ("wrong", 4)])
def test_nothing_secret_is_anywhere_else(watched, sandbox, account, code):
    """``late`` is a browser that gives time to look."""
    watched.use_account(account)
    watched.configure(manner="late")
    since = time.time() - 1
    with Watch() as watch:
        ended = watched.call(NUMBER, count=1 if code == 0 else 2)
    assert ended.code == code, ended
    locations = [note["answer"]["headers"].pop("Location", "") for note in ended.opened if "answer" in note]
    secrets = [watched.account["password"], *(each.partition("access_token=")[2] for each in locations if each)]
    assert len(secrets) == (2 if code == 0 else 1) and all(len(secret) > 8 for secret in secrets)
    assert any(b"stand-in.ps1" in text for text in watch.seen)  # the launcher was seen
    assert_nowhere(secrets, watch.seen)
    assert_nowhere(secrets, [ended.stdout.encode(), ended.stderr.encode(), json.dumps(ended.opened, ensure_ascii=False).encode()])

    events = [line for line in ended.stderr.splitlines() if ":eventlog:" in line]
    outcome = f"logged in at {watched.values['rapidsos_api_url']} as {watched.account['email']}" if code == 0 else "failed (login_refused)"
    assert any(outcome in line for line in events) and not any(NUMBER in line for line in events)

    trace = watched.trace.read_text(encoding="utf-8-sig", errors="replace")
    cmdlets = given(trace)
    assert PLANTED in cmdlets["ConvertTo-SecureString"] and "2020" in cmdlets["Get-Date"] and "Start-Process" in cmdlets
    assert any(secret in trace for secret in secrets)  # in what functions are given: the trace shows what it should
    assert_nowhere(secrets, [text.encode() for text in cmdlets.values()])

    (transcript,) = (path for path in watched.transcripts.rglob("*.txt") if path.stat().st_mtime >= since)
    assert "stand-in.ps1" in transcript.read_text(encoding="utf-8-sig")
    assert_nowhere(secrets, [transcript.read_bytes()])

    # The memory is sealed, and gone from the registry's files as soon as Windows ends.
    assert watched.kept("token" if code == 0 else "refusal")
    watched.windows.stop()
    for name in ("system.reg", "user.reg", "userdef.reg"):
        hive = (watched.windows.prefix / name).read_text(encoding="utf-8", errors="replace")
        assert "Software\\\\PortalLauncher" not in hive
        assert_nowhere(secrets, [hive.encode()])
    assert written(watched.windows.prefix, since, [*secrets, "Mark-4711"]) == []
    (watched.windows.path("C:\\windows\\temp") / "planted").write_text(secrets[0], encoding="utf-16-le")
    assert [path.name for path in written(watched.windows.prefix, since, secrets)] == ["planted"]
    (watched.windows.path("C:\\windows\\temp") / "planted").unlink()


def test_a_key_that_somebody_made_before_does_not_bring_the_token_to_disk(position, sandbox, logins):
    """What is kept below an ordinary key would be written into the registry's file."""
    position.wine("reg", "add", "HKCU\\Software\\PortalLauncher", "/v", "made", "/d", "before", "/f")
    assert position.call(NUMBER).code == 0 and position.call(NUMBER).code == 0 and logins() == ["login"]
    position.windows.stop()
    assert "PortalLauncher" not in (position.windows.prefix / "user.reg").read_text(encoding="utf-8", errors="replace")


def test_failures_do_not_quote_the_account(position, sandbox):
    """An account in a form that the program cannot use."""
    position.use_account("malformed")
    ended = position.call(NUMBER, count=2)
    assert ended.code == 3 and "it does not hold an email address and a password" in ended.stderr
    assert_nowhere(["Mark-4711"], [ended.stderr.encode(), json.dumps(ended.opened, ensure_ascii=False).encode()])
