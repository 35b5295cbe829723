# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
<#
.SYNOPSIS
Tries on a real Windows what nothing else can show of this collection, and prints what passed, failed and was not tried.
.DESCRIPTION
Run it in a checkout of the repository, in Windows PowerShell 5.1 as an administrator, in a desktop session:

    powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File tests\windows\verify.ps1

It needs no Ansible and no service. All that it makes has a name with eccops-verify and is removed at the end of its
item, and each setting that it changes is put back, failure or not. The exit code is 1 if an item failed.
.PARAMETER Only
The names of the items to try; all without it.
.PARAMETER List
Prints the names and what each needs.
.PARAMETER Require
The names of items of which "not tried" counts as a failure too: those that a build machine is known to be fit for.
#>
param([string[]] $Only = @(), [switch] $List, [string[]] $Require = @())

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module -Name "$PSScriptRoot/verify/support.psm1" -Force
Import-Module -Name "$PSScriptRoot/verify/tls.psm1" -Force

# Each file of items defines its functions and returns objects with Name, Needs and Test.
$items = foreach ($file in Get-ChildItem -Path "$PSScriptRoot/verify" -Filter '*.ps1' | Sort-Object -Property Name) {
    . $file.FullName
}
# From a command line all names are one text.
$Only = @($Only | ForEach-Object -Process { $_.Split(',') })
$Require = @($Require | ForEach-Object -Process { $_.Split(',') })
$unknown = @($Only + $Require | Where-Object -FilterScript { @($items.Name) -notcontains $_ })
if ($unknown.Count -gt 0) {
    [Console]::Error.WriteLine("verify: no item is named $($unknown -join ', '); -List prints the names")
    exit 2
}
$chosen = @($items | Where-Object -FilterScript { $Only.Count -eq 0 -or $Only -contains $_.Name })
if ($List) {
    foreach ($item in $chosen) {
        [Console]::Out.WriteLine($item.Name.PadRight(26) + 'needs ' + ($item.Needs -join ', '))
    }
    exit 0
}

$counts = @{ 'passed' = 0; 'FAILED' = 0; 'not tried' = 0 }
foreach ($item in $chosen) {
    $verdict, $text = 'not tried', (Find-MissingNeed -Need $item.Needs)
    if (-not $text) {
        try {
            $text = @(& $item.Test) -join '; '
            $verdict = 'passed'
        }
        catch [System.OperationCanceledException] {
            $text = $_.Exception.Message
        }
        catch {
            $verdict = 'FAILED'
            $place = [regex]::Match($_.ScriptStackTrace, '[\w-]+\.ps1: line \d+').Value
            $text = "$($_.Exception.Message) ($place)"
        }
    }
    if ($verdict -eq 'not tried' -and $Require -contains $item.Name) {
        $verdict = 'FAILED'
        $text = "is required, and was not tried: $text"
    }
    $counts[$verdict]++
    [Console]::Out.WriteLine($verdict.PadRight(11) + $item.Name.PadRight(26) + [regex]::Replace($text, '\s+', ' '))
}
[Console]::Out.WriteLine("passed $($counts['passed']), failed $($counts['FAILED']), not tried $($counts['not tried'])")
exit [int] ($counts['FAILED'] -gt 0)
