# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Answers calls of a script's functions in a culture, until standard input ends: answer.ps1 PATH CULTURE. See
# calls.psm1.

Set-StrictMode -Version 2
[cultureinfo]::CurrentCulture = $args[1]
Import-Module -Name "$PSScriptRoot/calls.psm1"
. ([scriptblock]::Create((Get-Declaration -Path $args[0])))

$calls = New-Object -TypeName System.IO.StreamReader -ArgumentList ([System.Console]::OpenStandardInput())
$answers = New-Object -TypeName System.IO.StreamWriter -ArgumentList ([System.Console]::OpenStandardOutput())
$answers.AutoFlush = $true
while ($null -ne ($line = $calls.ReadLine())) {
    try {
        $call = ConvertFrom-CallText -Text $line
        $name = $call['Name']
        $given = $call['Given']
        if ($name[0] -eq '$') {
            $gives = Get-Variable -Name $name.Substring(1) -ValueOnly
        }
        else {
            $gives = & $name @given
        }
        $answer = ConvertTo-CallText -Value @{ gives = $gives }
    }
    catch {
        # What is not a failure of the script's own is a mistake, whose text helps.
        $kind = $_.Exception.Data['Kind']
        if (-not $kind) {
            $kind = "$_ $($_.ScriptStackTrace)"
        }
        $answer = ConvertTo-CallText -Value @{ raises = $kind; says = $_.Exception.Message }
    }
    $answers.WriteLine($answer)
}
