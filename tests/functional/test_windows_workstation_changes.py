# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What workstation_files promises on Windows positions alone: the registry and a sealed account belong to the change, nothing that somebody
planted is put back, a killed run is completed or reverted by the next, and files that other programs hold open stay whole."""

import json
import time

import harness
import pytest
from powershell_modules import ModuleProcess
from test_windows_workstation_files import changed_in
from windows_position import NEEDS_WINE, windows_path

pytestmark = [pytest.mark.slow, NEEDS_WINE]
MARKER = "Planted-Secret-9b2e"
PROGRAM, ACCOUNT = "C:\\one\\ours\\program.ps1", "C:\\one\\ours\\account"
SCHEME, SOURCE = "HKLM\\SOFTWARE\\Classes\\one-portal", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\One"
CMD = ["C:\\windows\\system32\\cmd.exe", "/d", "/c"]
POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell"


def options(version, verify="exit 0", scheme="one-portal", **changed):
    secret = json.dumps({"account": "%s %s" % (MARKER, version)})
    scheme = {"name": scheme, "description": "URL:One", "command": "\"%s\" \"%%1\" %s" % (PROGRAM, version)}
    return {
        "directories": [{"path": "C:\\one\\ours"}], "secrets": secret, "verify_command": [*CMD, verify], "url_schemes": [scheme], "event_sources": ["One"],
        "user_registry_keys": ["Software\\One"], "trace_patterns": ["C:\\one\\traces\\*.log"],
        "files": [{"path": PROGRAM, "content": "program %s" % version, "mode": "0755"},
                  {"path": ACCOUNT, "secret": "account", "sealed_for": "one", "mode": "0640", "group": "S-1-5-32-545"},
                  {"path": "C:\\one\\ours\\leftover"}], **changed}


#: What of the set is there, in one line.
LOOK = r"""
$classes = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SOFTWARE\Classes')
$found = foreach ($name in 'one-portal', 'two-portal') { $key = $classes.OpenSubKey("$name\shell\open\command"); if ($key) { $key.GetValue('') } }
$found = @($found)
if ([IO.File]::Exists('C:\one\ours\program.ps1')) { $found += [IO.File]::ReadAllText('C:\one\ours\program.ps1') }
if ([IO.File]::Exists('C:\one\ours\account')) {
    $opened = Unprotect-Content -Content ([IO.File]::ReadAllBytes('C:\one\ours\account')) -Purpose 'one'
    $found += [Text.Encoding]::UTF8.GetString($opened)
}
$found += @([IO.Directory]::GetFileSystemEntries('C:\one', '*', 'AllDirectories') | Where-Object { $_ -match '(new|previous|unfinished|lock|leftover)$' })
$found -join '; '
"""
FIRST = '"%s" "%%1" 1; program 1; %s 1' % (PROGRAM, MARKER)
SECOND = '"%s" "%%1" 2; program 2; %s 2' % (PROGRAM, MARKER)
#: Opens the program as a virus scanner or an editor may, and closes it after some time.
HOLD = r"""
$global:held = [IO.File]::Open('%s', 'Open', 'Read', 'Read')
$global:shell = [powershell]::Create().AddScript('param($held) [Threading.Thread]::Sleep(%d); $held.Dispose()').AddArgument($held)
$null = $global:shell.BeginInvoke()
"""
LOCK = HOLD.replace("[IO.File]::Open('%s', 'Open', 'Read', 'Read')", r"[EccopsClosedFile]::TryLock('C:\one\.ours.lock')") % 1500
STAMP = r"[Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SOFTWARE\Classes\one-portal', $true)"
PLANT = r"""
$entry = @{ path = 'C:\one\ours\program.ps1'; key = $null; copy = 'C:\one\ours\.unfinished\0.previous'; sddl = 'O:BAD:P(A;;FA;;;WD)' }
$text = [System.Management.Automation.PSSerializer]::Serialize(@{ directories = @(); entries = @([pscustomobject] $entry) }, 9)
[IO.File]::WriteAllText('C:\one\ours\.unfinished\journal.xml', $text)
"""


def test_what_only_windows_has(windows_position, tmp_path):
    process = ModuleProcess(windows_position, "win_workstation_files", tmp_path)
    steps = {
        "install": (options(1), False), "installed": LOOK, "again": (options(1), False),
        "fail": (options(2, "exit 3", "two-portal"), False), "put back": LOOK, "check": (options(2), True), "checked": LOOK,
        "clone": "[IO.File]::WriteAllBytes('%s', [byte[]] (1..99))" % ACCOUNT, "seal again": (options(1), False), "sealed": LOOK,
        "other program": r"[Microsoft.Win32.Registry]::LocalMachine.CreateSubKey('SOFTWARE\Classes\theirs').SetValue('', 'x')",
        "their scheme": (options(1, scheme="theirs"), False),
        "hold": HOLD % (PROGRAM, 1500), "replace a held file": (options(2), False), "replaced": LOOK,
        "rename the scheme": (options(2, scheme="two-portal"), False), "renamed": LOOK, "and back": (options(2), False),
        "a policy": "$null = New-Item -Force '%s'; Set-ItemProperty '%s' EnableScripts 1; Set-ItemProperty '%s' ExecutionPolicy AllSigned" % ((POLICY,) * 3),
        "unsigned": (options(3), False), "no policy": "Remove-Item '%s'" % POLICY,
        "hold for long": HOLD % (PROGRAM, 60000), "held": (options(3), False), "let go": "$held.Dispose()", "as it was": LOOK,
        "lock": LOCK, "wait for the other": (options(2), False), "the other": "$held.SafeFileHandle.IsClosed",
        "traces": r"$null = mkdir C:\one\traces, HKCU:\Software\One, C:\one\ours\leftover\x; 'x' > C:\one\traces\a.log; 'x' > C:\one\traces\b.txt",
        "a leftover": (options(2), False), "without it": LOOK,
        "remove": (options(1, state="absent", secrets="{}"), False),
        "removed": LOOK + "; [IO.Directory]::GetFileSystemEntries('C:\\one\\traces'); Test-Path HKCU:\\Software\\One",
        "remove again": (options(1, state="absent"), False),
        "no drive": (options(1, files=[{"path": "Q:\\a", "content": ""}], directories=[{"path": "Q:\\b"}]), False),
        "an empty group": (options(1, files=[{"path": PROGRAM, "content": "", "group": ""}]), True)}
    found = dict(zip(steps, process.run(list(steps.values()))))
    assert set(found["install"]["changed_paths"]) == {"C:\\one\\ours", PROGRAM, ACCOUNT, SCHEME, SOURCE}
    assert found["installed"]["says"] == FIRST
    assert changed_in(found["again"]) == set() and SCHEME not in found["again"]["changed_paths"]
    assert found["fail"]["error_kind"] == "not_verified" and found["put back"]["says"] == FIRST
    assert {PROGRAM, ACCOUNT, SCHEME} == changed_in(found["check"]) and found["checked"]["says"] == FIRST
    assert changed_in(found["seal again"]) == {ACCOUNT} and found["sealed"]["says"] == FIRST
    assert "the URL scheme 'theirs' already belongs to another program" in found["their scheme"]["msg"]
    assert changed_in(found["replace a held file"]) == {PROGRAM, ACCOUNT, SCHEME} and found["replaced"]["says"] == SECOND
    assert changed_in(found["rename the scheme"]) == {SCHEME, SCHEME.replace("one", "two")} and found["renamed"]["says"] == SECOND
    assert "there is no drive Q: on this position" in found["no drive"]["msg"] and found["no drive"]["error_kind"] == "invalid_input"
    assert "there is no group '' on this position" in found["an empty group"]["msg"]
    assert "allows signed scripts only, or none (AllSigned)" in found["unsigned"]["msg"] and found["unsigned"]["error_kind"] == "invalid_input"
    assert found["held"]["error_kind"] == "not_written" and "everything was put back as it was" in found["held"]["msg"], found["held"]
    assert PROGRAM + ": " in found["held"]["msg"] and found["as it was"]["says"] == SECOND
    assert changed_in(found["wait for the other"]) == set() and found["the other"]["says"] == "True"
    assert "C:\\one\\ours\\leftover" in found["a leftover"]["changed_paths"] and found["without it"]["says"] == SECOND
    assert {"C:\\one\\traces\\a.log", "C:\\one\\ours", SCHEME, SOURCE} < set(found["remove"]["changed_paths"])
    assert found["removed"]["says"] == " C:\\one\\traces\\b.txt False" and not found["remove again"]["changed"]
    assert MARKER not in json.dumps([answer for name, answer in found.items() if "says" not in answer])
    stored = [path for path in windows_position.prefix.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]
    assert not stored


def test_a_killed_run_and_what_somebody_planted(windows_position, tmp_path):
    process = ModuleProcess(windows_position, "win_workstation_files", tmp_path)
    installed, looked, unused_said = process.run([(options(1), False), LOOK, STAMP + ".SetValue('stamp', '2026-01-02T03:04:05Z')"])
    assert installed["changed"] and looked["says"] == FIRST
    journal = windows_position.path("C:\\one\\ours\\.unfinished")
    hanging = windows_position.begin_file(tmp_path / "hanging.ps1", process.write([(options(2, "ping -n 60 127.0.0.1"), False)]))
    end = time.monotonic() + 120
    while windows_position.path(PROGRAM).read_bytes() != b"program 2":
        assert time.monotonic() < end and hanging.poll() is None
        time.sleep(0.05)
    assert (journal / "journal.xml").exists()
    windows_position.stop()
    hanging.wait(60)
    # The next run would make another change, which fails: what was there before the killed run comes back.
    killed, reverted, looked, stamp, completed, last = process.run([
        (options(2), True), (options(3, "exit 3"), False), LOOK, STAMP + ".GetValue('stamp')", (options(2), False), LOOK])
    assert killed["was_unfinished"] and killed["changed"]
    assert reverted["error_kind"] == "not_verified" and looked["says"] == FIRST and stamp["says"] == "2026-01-02T03:04:05Z"
    assert not completed["was_unfinished"] and last["says"] == SECOND

    # A journal that everybody can write is not read, and does not stay.
    journal.mkdir(mode=0o777)
    journal.chmod(0o777)
    (journal / "0.previous").write_text("planted", encoding="ascii")
    unused_said, ignored, looked = process.run([PLANT, (options(3, "exit 3"), False), LOOK])
    assert ignored["error_kind"] == "not_verified" and looked["says"] == SECOND

    # Others could replace what is installed here.
    windows_position.path("C:\\one").chmod(0o777)
    refused, removed = process.run([(options(3), False), r"$null = [Diagnostics.Process]::GetCurrentProcess()"])
    assert "others could replace what is installed: C:\\one can be changed by S-1-1-0" in refused["msg"] and not removed["says"]
    windows_position.path("C:\\one").chmod(0o755)
    assert process.run([(options(1, state="absent"), False)])[0]["changed"]


def test_a_place_that_reads_like_one_of_ours_is_judged_too(windows_position, tmp_path):
    theirs = windows_position.path("C:\\op\u00aden")  # with a soft hyphen
    theirs.mkdir(mode=0o777)
    theirs.chmod(0o777)
    given = options(1, directories=[{"path": "C:\\open"}], files=[{"path": "C:\\op\u00aden\\program.ps1", "content": ""}])
    (refused,) = ModuleProcess(windows_position, "win_workstation_files", tmp_path).run([(given, True)])
    assert refused["error_kind"] == "invalid_input" and "others could replace what is installed: C:\\op\u00aden can be changed by S-1-1-0" in refused["msg"]


def test_constrained_language_is_refused_before_anything_else(windows_position):
    module = windows_path(harness.REPOSITORY / "plugins" / "modules" / "win_workstation_files.ps1")
    said = windows_position.run("$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; & '%s'; exit 0" % module)
    result = json.loads(said)
    assert result["failed"] and result["error_kind"] == "invalid_input" and "PowerShell runs in ConstrainedLanguage mode" in result["msg"]
