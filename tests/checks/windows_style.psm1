# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# What a script has to be beside working: those rules of PSScriptAnalyzerSettings.psd1 that need no PSScriptAnalyzer.

using namespace System.Management.Automation.Language

Set-StrictMode -Version 2

$script:Verbs = (Get-Verb).Verb | Where-Object { 'Build', 'Deploy' -notcontains $_ }  # these two are of PowerShell 7
$script:Singular = '(ss|us|is|[^s]*[^aeiou]ics|Access|Address|Process|Status)$'

function Test-Style {
    # Returns objects with Line and Text.
    param(
        [Parameter(Mandatory = $true)] [ScriptBlockAst] $Ast,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string[]] $Line
    )

    for ($number = 1; $number -le $Line.Count; $number++) {
        if ($Line[$number - 1].Length -gt 120) {
            $text = "style: the line has $($Line[$number - 1].Length) characters, more than 120"
            [pscustomobject] @{ Line = $number; Text = $text }
        }
    }
    $strict = $Ast.FindAll({ $args[0] -is [CommandAst] -and $args[0].GetCommandName() -eq 'Set-StrictMode' }, $false)
    if (-not @($strict)) {
        [pscustomobject] @{ Line = 1; Text = 'style: Set-StrictMode is missing' }
    }
    foreach ($function in $Ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true)) {
        $verb, $noun = $function.Name -split '-', 2
        $problem = if ($script:Verbs -cnotcontains $verb -or $noun -cnotmatch '^[A-Z][A-Za-z0-9]*$') {
            'is not an approved Verb-Noun'
        }
        elseif ($noun -match 's$' -and $noun -notmatch $script:Singular) {
            'has a plural noun'
        }
        if ($problem) {
            $text = "style: the function $($function.Name) $problem"
            [pscustomobject] @{ Line = $function.Extent.StartLineNumber; Text = $text }
        }
    }
}

Export-ModuleMember -Function Test-Style
