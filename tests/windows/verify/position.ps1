# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: the shell itself, processes, services.

Set-StrictMode -Version 2

function Test-Shell {
    # Windows PowerShell 5.1 parses every script and compiles every C# file of the collection.
    $names = Get-ChildItem -Path "$Root/plugins", "$Root/roles" -Recurse -File |
        Where-Object -FilterScript { '.ps1', '.psm1', '.cs' -contains $_.Extension } |
        ForEach-Object -Process { $_.FullName }
    $script = @'
foreach ($path in $args) {
    if ($path.EndsWith('.cs')) {
        try { Add-Type -TypeDefinition ([IO.File]::ReadAllText($path)) }
        catch { "$path`: $($_.Exception.Message)" }
        continue
    }
    $tokens = $errors = $null
    $null = [System.Management.Automation.Language.Parser]::ParseFile($path, [ref] $tokens, [ref] $errors)
    foreach ($each in $errors) { "$path`: $($each.Message)" }
}
"version $($PSVersionTable.PSVersion)"
'@
    $place = New-Place
    try {
        [IO.File]::WriteAllText("$place\parse.ps1", $script)
        $done = Invoke-Shell -Arguments ("-File `"$place\parse.ps1`" " + ($names.ForEach({ "`"$_`"" }) -join ' '))
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse
    }
    Assert-True -Condition ($done.Output.Trim() -match '^version 5\.1\.\S+$') -Otherwise (
        "$($done.Output) $($done.Error)")
    "$($names.Count) files, $($done.Output.Trim())"
}

function Test-ProcessTree {
    # The time limit ends what the program has started too.
    Import-Requirement -Module win_workstation_files
    $line = 'cmd.exe /d /c "start /b ping.exe -n 600 127.0.0.1 & ping.exe -n 600 127.0.0.1"'
    $before = @(Get-Process -Name PING -ErrorAction SilentlyContinue | ForEach-Object -Process { $_.Id })
    $ended = [EccopsJobProcess]::Run([Environment]::SystemDirectory + '\cmd.exe', $line, 2000, 1000)
    Assert-True -Condition $ended.IsTimedOut -Otherwise 'the program ended by itself'
    $isGone = Wait-Condition -Condition {
        $now = @(Get-Process -Name PING -ErrorAction SilentlyContinue)
        -not @($now | Where-Object -FilterScript { $before -notcontains $_.Id })
    }
    Assert-True -Condition $isGone -Otherwise 'a process of the tree is left'
}

function Test-OwnService {
    # A service is made, found by its name, and deleted.
    $name = 'eccops-verify-' + [guid]::NewGuid().ToString('N').Substring(0, 8)
    try {
        $program = "$env:SystemRoot\System32\svchost.exe -k $name"
        $null = New-Service -Name $name -BinaryPathName $program -StartupType Manual
        Assert-True -Condition ((Get-Service -Name $name).Status -eq 'Stopped') -Otherwise 'the service is not stopped'
        # It is no service program, so that starting it fails, and that must be said.
        $isRefused = $false
        try { Start-Service -Name $name }
        catch { $isRefused = $true }
        Assert-True -Condition $isRefused -Otherwise 'a service without a program was started'
    }
    finally {
        $null = & "$env:SystemRoot\System32\sc.exe" delete $name
    }
    Assert-True -Condition (Wait-Condition -Condition { -not (Get-Service -Name "$name*") }) -Otherwise (
        'the service is still there')
}

[pscustomobject] @{ Name = 'shell'; Needs = , 'administrator'; Test = ${function:Test-Shell} }
[pscustomobject] @{ Name = 'process-tree'; Needs = , 'Windows'; Test = ${function:Test-ProcessTree} }
[pscustomobject] @{ Name = 'service'; Needs = , 'administrator'; Test = ${function:Test-OwnService} }
