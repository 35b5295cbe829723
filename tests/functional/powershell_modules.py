# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs one PowerShell module many times in one process of a Windows position: compiling Ansible's module object takes longest."""

import json
import pathlib
import re

import ansible
from harness import REPOSITORY
from windows_position import windows_path

CORE = pathlib.Path(ansible.__file__).parent / "module_utils"
UTILITIES = REPOSITORY / "plugins" / "module_utils"
SCRIPT = r"""
$ErrorActionPreference = 'Stop'
$files = [IO.File]::ReadAllText('FILES') | ConvertFrom-Json
foreach ($path in $files.modules) {
    $code = [scriptblock]::Create([IO.File]::ReadAllText($path))
    $null = New-Module -Name ([IO.Path]::GetFileNameWithoutExtension($path)) -ScriptBlock $code | Import-Module -Scope Global -WarningAction SilentlyContinue
}
Add-CSharpType -References @($files.classes | ForEach-Object { [IO.File]::ReadAllText($_) })
[Ansible.Basic.AnsibleModule]::Exit = { throw 'ended' }
[Ansible.Basic.AnsibleModule]::WriteLine = { param([string] $line) $global:said = $line }
$module = [scriptblock]::Create([IO.File]::ReadAllText($files.module))
$answers = [System.Collections.Generic.List[string]]::new()
foreach ($line in [IO.File]::ReadAllLines($files.calls)) {
    $global:complex_args = $line | ConvertFrom-Json -AsHashtable
    $global:said = $null
    try {
        if ($complex_args.Contains('script')) { $global:said = ConvertTo-Json -Compress @{ says = [string] (& ([scriptblock]::Create($complex_args.script))) } }
        else { $null = & $module }
    }
    catch { if ([string] $_ -notlike '*ended*') { $global:said = ConvertTo-Json -Compress @{ broken = "$_ $($_.ScriptStackTrace)" } } }
    [IO.File]::AppendAllText($files.answers, $global:said + "`n")
}
"""


class ModuleProcess:
    """Calls a module of this collection by its file's name, such as win_workstation_files."""

    def __init__(self, position, name, directory):
        self.position, self.directory = position, directory
        module = REPOSITORY / "plugins" / "modules" / (name + ".ps1")
        required = re.findall(r"^#AnsibleRequires -(\w+) (\S+)$", module.read_text(encoding="utf-8"), re.MULTILINE)
        places = {kind: [_place(each) for its_kind, each in required if its_kind == kind] for kind in ("CSharpUtil", "PowerShell")}
        files = {
            "module": module, "modules": [CORE / "powershell" / "Ansible.ModuleUtils.AddType.psm1", *places["PowerShell"]], "classes": places["CSharpUtil"],
            "calls": directory / "calls", "answers": directory / "answers"}
        shown = {kind: [windows_path(each) for each in path] if isinstance(path, list) else windows_path(path) for kind, path in files.items()}
        (directory / "files").write_text(json.dumps(shown), encoding="utf-8")

    def write(self, calls):
        """Returns the script that makes calls, each (options, is check mode) or a script of its own."""
        lines = [json.dumps({"script": each} if isinstance(each, str) else {**each[0], "_ansible_check_mode": each[1], "_ansible_diff": True})
                 for each in calls]
        (self.directory / "calls").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.directory / "answers").write_text("", encoding="utf-8")
        return SCRIPT.replace("FILES", windows_path(self.directory / "files"))

    def run(self, calls):
        """Returns the results of calls, each (options, is check mode), or a script whose output is the result's ``says``."""
        self.position.run_file(self.directory / "script.ps1", self.write(calls))
        answers = [json.loads(line) for line in (self.directory / "answers").read_text(encoding="utf-8-sig").splitlines()]
        assert len(answers) == len(calls) and not [each for each in answers if "broken" in each], answers
        return answers


def _place(name):
    if name.startswith("Ansible."):
        return CORE / "csharp" / (name + ".cs")
    path = UTILITIES.joinpath(*name.replace("..module_utils.", "").split("."))
    return next(each for each in (path.with_suffix(".cs"), path.with_suffix(".psm1")) if each.exists())
