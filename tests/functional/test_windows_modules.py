# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the PowerShell modules of Windows positions decide: command lines, programs, batch files, paths, and whose directory it is."""

import json
import random

import pytest
from harness import REPOSITORY
from windows_position import NEEDS_WINE, windows_path

pytestmark = [pytest.mark.slow, NEEDS_WINE]
UTILITIES = REPOSITORY / "plugins" / "module_utils"
SCRIPT = r"""
$ErrorActionPreference = 'Stop'
foreach ($path in 'COMMAND_LINE', 'ACCESS_RULES') {
    $text = [IO.File]::ReadAllText($path)
    $null = New-Module -Name ([IO.Path]::GetFileNameWithoutExtension($path)) -ScriptBlock ([scriptblock]::Create($text)) | Import-Module
}
Add-Type -TypeDefinition @'
using System;
using System.Runtime.InteropServices;
public static class Reader
{
    [DllImport("shell32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr CommandLineToArgvW(string line, out int count);
    public static string[] Read(string line)
    {
        int count;
        IntPtr found = CommandLineToArgvW(line, out count);
        string[] all = new string[count];
        for (int index = 0; index < count; index++) all[index] = Marshal.PtrToStringUni(Marshal.ReadIntPtr(found, index * IntPtr.Size));
        return all;
    }
}
'@
$answers = [System.Collections.Generic.List[object]]::new()
$calls = [IO.File]::ReadAllText('CALLS') | ConvertFrom-Json -NoEnumerate
foreach ($call in $calls) {
    $name, $given = $call
    if ($name -eq 'Read-Back') {
        $answers.Add([Reader]::Read('program ' + (ConvertTo-CommandLine -Argument $given[0])))
        continue
    }
    $parameters = @{}
    foreach ($each in $given.PSObject.Properties) { $parameters[$each.Name] = $each.Value }
    $answers.Add((& $name @parameters))
}
[IO.File]::WriteAllText('ANSWERS', (ConvertTo-Json -InputObject $answers.ToArray() -Compress -Depth 4))
"""
ACCOUNT = "S-1-5-21-1-2-3-1000"
CLOSED = "O:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%s)" % ACCOUNT
#: (function, parameters, what it returns)
CALLS = [
    *[("Find-Intruder", {"Sddl": sddl, "AccountSid": ACCOUNT}, intruder) for sddl, intruder in (
        (CLOSED, None), (CLOSED + "(A;;0x1200a9;;;BU)", None), (CLOSED + "(D;;FA;;;WD)", None), (CLOSED + "(A;OICIIO;FA;;;CO)", None),
        (CLOSED + "(A;OICIIO;FA;;;AU)", None),
        (CLOSED.replace("O:SY", "O:BA"), None), (CLOSED.replace("O:SY", "O:" + ACCOUNT), None),
        (CLOSED.replace("O:SY", "O:S-1-5-21-1-2-3-1001"), "S-1-5-21-1-2-3-1001"), (CLOSED + "(A;;FA;;;BU)", "S-1-5-32-545"),
        (CLOSED + "(A;;0x2;;;WD)", "S-1-1-0"), (CLOSED + "(A;;0x4;;;AU)", "S-1-5-11"), (CLOSED + "(A;;SD;;;BU)", "S-1-5-32-545"),
        (CLOSED + "(A;;WD;;;BU)", "S-1-5-32-545"), (CLOSED + "(A;;GA;;;IU)", "S-1-5-4"), (CLOSED + "(A;;GW;;;IU)", "S-1-5-4"), ("O:SY", "S-1-1-0"))],
    *[("Find-Intruder", {"Sddl": sddl, "AccountSid": ACCOUNT, "ForAncestor": True}, intruder) for sddl, intruder in (
        ("O:SYD:(A;OICI;FA;;;SY)(A;CI;0x116;;;BU)(A;OICI;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)", None), (CLOSED + "(A;;0x40;;;BU)", "S-1-5-32-545"),
        (CLOSED + "(A;;SD;;;BU)", "S-1-5-32-545"), (CLOSED + "(A;;GA;;;IU)", "S-1-5-4"), (CLOSED.replace("O:SY", "O:BU"), "S-1-5-32-545"))],
    *[("ConvertTo-Sddl", {"Mode": mode, "OwnerSid": owner, "GroupSid": ACCOUNT, "IsDirectory": is_directory}, "O:%sD:P" % owner + rules) for
      mode, owner, is_directory, rules in (
        (0o640, "S-1-5-32-544", False, "(A;;0x1f01ff;;;S-1-5-18)(A;;0x1f01ff;;;S-1-5-32-544)(A;;0x120089;;;%s)" % ACCOUNT),
        (0o755, "S-1-5-32-544", True, "(A;OICI;0x1f01ff;;;S-1-5-18)(A;OICI;0x1f01ff;;;S-1-5-32-544)(A;OICI;0x1200a9;;;%s)(A;OICI;0x1200a9;;;S-1-5-32-545)"
         % ACCOUNT),
        (0o600, ACCOUNT, False, "(A;;0x1f01ff;;;S-1-5-18)(A;;0x1f01ff;;;S-1-5-32-544)(A;;0x1f01ff;;;%s)" % ACCOUNT))],
    *[("Test-SameSecurity", {"Sddl": CLOSED, "OtherSddl": other}, expected) for other, expected in (
        (CLOSED, True), ("O:SYD:PAI(A;OICI;0x1f01ff;;;S-1-5-32-544)(A;OICI;FA;;;%s)(A;OICI;FA;;;SY)" % ACCOUNT, True), (CLOSED.replace("D:P", "D:"), False),
        (CLOSED.replace("O:SY", "O:BA"), False), (CLOSED + "(A;;FR;;;BU)", False), (CLOSED.replace("(A;OICI;FA;;;SY)", ""), False),
        (CLOSED.replace("OICI", "OICIID"), False))],
    *[("Test-ReadableByAll", {"Sddl": sddl}, expected) for sddl, expected in (
        (CLOSED, False), (CLOSED + "(A;;FR;;;BU)", True), (CLOSED + "(A;;0x1200a9;;;WD)", True), (CLOSED + "(A;;FW;;;BU)", False), ("O:SY", True))],
    *[("Resolve-AccountSid", {"Name": name}, expected) for name, expected in (
        ("S-1-5-32-545", "S-1-5-32-545"), ("s-1-1-0", "S-1-1-0"), ("BUILTIN\\Administrators", "S-1-5-32-544"), ("no-such", None), ("S-1-", None))],
    *[("Test-AbsolutePath", {"Path": path}, expected) for path, expected in (
        ("C:\\a\\b.json", True), ("c:\\Program Files\\x", True), ("C:\\", False), ("C:\\a\\", False), ("C:\\a\\\\b", False), ("C:a", False),
        ("\\\\server\\share\\a", False), ("\\a", False), ("a", False), ("", False), ("C:\\a\\..\\b", False), ("C:\\a\\.\\b", False), ("C:\\a.\\b", False),
        ("C:\\a \\b", False), ("C:/a", False), ("C:\\a/b", False), ("C:\\a:stream", False), ("C:\\a\nb", False), ("C:\\a*", False), ("1:\\a", False),
        ("\\\\?\\C:\\a", False), ("C:\\\u0131", True))],
    *[("Test-BatchFile", {"Path": path}, expected) for path, expected in (
        ("C:\\a.cmd", True), ("C:\\a.BAT", True), ("C:\\a.bat. .", True), ("C:\\a.exe", False), ("C:\\a.cmd.exe", False), ("C:\\a.b\u0131t", False))],
    *[("Test-ReadByCmd", {"Argument": ["a", argument]}, expected) for argument, expected in (
        ("plain text-1_2", False), ("50%", True), ("a&b", True), ("a|b", True), ("a^b", True), ("a<b", True), ("a>b", True), ('a"b', True), ("a!b", True),
        ("(a)", True), ("a\nb", True), ("", False))],
    *[("Find-Program", {"Name": name}, expected) for name, expected in (
        ("C:\\windows\\system32\\cmd.exe", "C:\\windows\\system32\\cmd.exe"), ("C:\\windows\\system32\\cmd", "C:\\windows\\system32\\cmd.exe"),
        ("C:\\windows\\win.ini", None), ("C:\\windows", None), ("no-such-program", None), ("..\\cmd.exe", None))],
]


def test_what_the_modules_decide(windows_position, tmp_path):
    draw = random.Random(7)
    lists = [["".join(draw.choice('ab" \\\\\\\t\'%^&\u00e4\U0001f600') for unused in range(draw.randrange(7))) for unused in range(draw.randrange(1, 5))]
             for unused in range(400)]
    calls = [("Read-Back", [each], ["program", *each]) for each in lists] + CALLS
    script = SCRIPT
    for name, path in (("COMMAND_LINE", UTILITIES / "_workstation" / "command_line.psm1"), ("ACCESS_RULES", UTILITIES / "_files" / "access_rules.psm1"),
                       ("CALLS", tmp_path / "calls.json"), ("ANSWERS", tmp_path / "answers.json")):
        script = script.replace("'%s'" % name, "'%s'" % windows_path(path))
    (tmp_path / "calls.json").write_text(json.dumps([call[:2] for call in calls]), encoding="utf-8")
    (tmp_path / "script.ps1").write_text(script, encoding="utf-8")
    windows_position.run("& '%s'" % windows_path(tmp_path / "script.ps1"))
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    wrong = [(call, answer) for call, answer in zip(calls, answers) if answer != call[2]]
    assert len(answers) == len(calls) and not wrong
