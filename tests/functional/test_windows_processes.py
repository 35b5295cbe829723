# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""How a Windows position runs the site's command: a time limit ends the whole tree, output is bounded, standard input is empty."""

import json
import time

import pytest
from harness import REPOSITORY
from windows_position import NEEDS_WINE, windows_path

pytestmark = [pytest.mark.slow, NEEDS_WINE]
SOURCE = REPOSITORY / "plugins" / "module_utils" / "_workstation" / "JobProcess.cs"
CMD = "C:\\windows\\system32\\cmd.exe"
#: name: (program, command line, time limit in ms, (is timed out, exit code or None, what its output ends with))
RUNS = {
    "fails": (CMD, "cmd.exe /d /c echo out& echo err>&2& exit 3", 20000, (False, 3, "out | err")),
    "a large code": (CMD, "cmd.exe /d /c exit -1073741510", 20000, (False, -1073741510, "")),
    "reads": (CMD, "cmd.exe /d /c more& echo done", 20000, (False, 0, "done")),
    "writes without end": (CMD, 'cmd.exe /d /v:on /c "for /l %%i in (1,0,2) do @echo %s"' % ("a" * 60), 3000, (True, None, "aaa")),
    "starts others": (CMD, 'cmd.exe /d /c "start /b ping -n 400 127.0.0.1& start cmd /c ping -n 401 127.0.0.1& ping -n 402 127.0.0.1"', 3000, (True, None, "")),
    "leaves one behind": (CMD, 'cmd.exe /d /c "start /b ping -n 403 127.0.0.1& echo left& exit 0"', 20000, (False, 0, "")),
}
SCRIPT = r"""
$ErrorActionPreference = 'Stop'
$source = [IO.File]::ReadAllText('SOURCE').Replace('//TypeAccelerator', '// ')
$type = (Add-Type -TypeDefinition $source -PassThru | Where-Object -FilterScript { $_.Name -eq 'JobProcess' })
$answers = @{}
foreach ($run in [IO.File]::ReadAllText('RUNS') | ConvertFrom-Json) {
    $ended = $type::Run($run.program, $run.line, $run.limit, 2000)
    $answers[$run.name] = @($ended.IsTimedOut, $ended.ExitCode, $ended.Output)
}
try { $null = $type::Run('C:\no.exe', 'no.exe', 1000, 10) } catch { $answers['missing'] = $_.Exception.GetBaseException().GetType().Name }
[IO.File]::WriteAllText('ANSWERS', (ConvertTo-Json -InputObject $answers -Compress -Depth 4))
"""


def test_what_becomes_of_a_command(windows_position, tmp_path):
    runs = [{"name": name, "program": program, "line": line, "limit": limit} for name, (program, line, limit, unused) in RUNS.items()]
    (tmp_path / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
    script = SCRIPT
    for name, path in (("SOURCE", SOURCE), ("RUNS", tmp_path / "runs.json"), ("ANSWERS", tmp_path / "answers.json")):
        script = script.replace("'%s'" % name, "'%s'" % windows_path(path))
    (tmp_path / "script.ps1").write_text(script, encoding="utf-8")
    windows_position.run("& '%s'" % windows_path(tmp_path / "script.ps1"))
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert answers.pop("missing") == "Win32Exception" and set(answers) == set(RUNS)
    for name, (is_timed_out, code, output) in answers.items():
        expected = RUNS[name][3]
        assert is_timed_out is expected[0] and expected[1] in (None, code) and expected[2] in output and len(output) <= 4100, (name, answers[name])
    assert answers["fails"][2] == "out | err" and len(answers["writes without end"][2]) > 1500
    end = time.monotonic() + 20
    while windows_position.processes("ping"):
        assert time.monotonic() < end, "something that a command started still runs"
        time.sleep(0.1)
