# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
<#
.SYNOPSIS
Compares scripts, modules and C# with what Windows PowerShell 5.1 and .NET Framework 4.8 have.
.DESCRIPTION
It writes a line for each mistake. PowerShell 7 runs it: its parser knows what is new in 7. Commands and their
parameters, types, members, numbers of arguments, operators, escapes, variables, assemblies that 5.1 does not load by
itself, C# 5.
.PARAMETER DataDirectory
Where powershell-5.1-commands.json and net-framework-4.8-api.json are.
.PARAMETER ListPath
A JSON list of {path, name, style}: the file, how to call it, and whether the rules of style hold for it.
#>
using namespace System.Management.Automation.Language

param([Parameter(Mandatory = $true)] [string] $DataDirectory, [Parameter(Mandatory = $true)] [string] $ListPath)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
foreach ($each in 'types', 'expressions', 'commands', 'csharp', 'syntax', 'style') {
    Import-Module -Name "$PSScriptRoot/windows_$each.psm1"
}

$pester = 'Describe', 'Context', 'It', 'Should', 'BeforeAll', 'BeforeEach', 'AfterAll', 'AfterEach', 'BeforeDiscovery',
    'Mock', 'InModuleScope', 'Invoke-Pester', 'New-PesterConfiguration', 'Set-ItResult', 'Invoke-ScriptAnalyzer',
    'Install-Module'
$loaded = 'mscorlib', 'System', 'System.Core', 'System.Xml', 'System.Management.Automation', 'System.Management',
    'System.DirectoryServices', 'System.Configuration', 'System.Numerics', 'Microsoft.CSharp', 'own'
$newEncodings = 'utf8NoBOM', 'utf8BOM', 'ansi', 'bigendianutf32'

function Write-Mistake {
    param($Ast, [string] $Text)

    $script:mistakes += 1
    $line = if ($Ast) { $Ast.Extent.StartLineNumber } else { 1 }
    [Console]::Out.WriteLine("$($script:name):${line}: $Text")
}

function Test-Command {
    param([CommandAst] $Ast)

    $called = $Ast.GetCommandName()
    if (-not $called -or $called -match '[\\/]|\.(exe|cmd|bat|com|ps1)$') {
        return
    }
    $known = if ($functions[$called]) { $functions[$called] } else { $commands[$called] }
    if (-not $known) {
        if (-not ($name -match '\.Tests\.ps1$|^\.github/' -and $pester -contains $called)) {
            Write-Mistake $Ast "command: $called is not a command of Windows PowerShell 5.1"
        }
        return
    }
    $places = 0
    $isValue = $false
    $elements = $Ast.CommandElements
    for ($index = 1; $index -lt $elements.Count -and -not $known.IsAny; $index++) {
        $element = $elements[$index]
        if ($element -is [CommandParameterAst]) {
            Test-Parameter -Ast $element -Command $called -Known $known -Parameter $element.ParameterName
            $next = if ($index + 1 -lt $elements.Count) { $elements[$index + 1] }
            $isNew = $next -and $newEncodings -contains ($next.Extent.Text -replace "'", '')
            if ($isNew -and 'Encoding' -eq $element.ParameterName) {
                Write-Mistake $element "command: 5.1 knows no encoding $($next.Extent.Text)"
            }
            $isValue = $null -eq $element.Argument
        }
        elseif ($element -is [VariableExpressionAst] -and $element.Splatted) {
            $key = "$(Get-Scope $element)|$($element.VariablePath.UserPath)"
            foreach ($value in @(if ($variables[$key]) { $variables[$key].Values })) {
                if ($value -isnot [string] -and $value.Expression -is [HashtableAst]) {
                    foreach ($pair in $value.Expression.KeyValuePairs) {
                        $given = $pair.Item1.Value
                        Test-Parameter -Ast $element -Command $called -Known $known -Parameter $given
                    }
                }
            }
            $isValue = $false
        }
        elseif ($isValue) {
            $isValue = $false
        }
        else {
            $places++
        }
    }
    if ($places -gt $known.Places) {
        Write-Mistake $Ast "command: $called takes $($known.Places) arguments by position, not $places"
    }
    elseif ($places -gt 2 -and $file.HasStyle) {
        Write-Mistake $Ast "style: name the arguments of $called, which are $places by position"
    }
}

function Test-Parameter {
    param($Ast, [string] $Command, [hashtable] $Known, [string] $Parameter)

    if ($Known.Parameters -notcontains $Parameter) {
        Write-Mistake $Ast "command: $Command has no parameter -$Parameter in Windows PowerShell 5.1"
    }
}

function Test-TypeName {
    param($Ast, $TypeName)

    if ($classes -contains "$TypeName" -or ("$TypeName" -eq 'ordered' -and $Ast.Parent.Child -is [HashtableAst])) {
        return
    }
    $type = if ($TypeName -is [string]) { Resolve-Name $TypeName } else { Resolve-Type $TypeName }
    if ($null -eq $type) {
        Write-Mistake $Ast "type: $TypeName is not in .NET Framework 4.8"
    }
    elseif ($type -and $loaded -notcontains ($assembly = Get-Assembly $type)) {
        # By its name, or by its full name.
        if (-not ($constants | Where-Object { $_ -eq $assembly -or $_.StartsWith("$assembly, ") })) {
            Write-Mistake $Ast ("type: $type is in $assembly, which Windows PowerShell 5.1 does not load by itself: " +
                "Add-Type -AssemblyName $assembly")
        }
    }
}

function Test-MemberUse {
    param($Ast)

    $member = $Ast.Member
    $isType = $Ast.Expression -is [TypeExpressionAst]
    $of = $Ast.Expression
    if ($member -isnot [StringConstantExpressionAst] -or ($isType -and $classes -contains $of.TypeName.Name)) {
        return
    }
    $type = if ($isType) { Resolve-Type $of.TypeName } else { Get-ExpressionType $of $variables }
    $isCall = $Ast -is [InvokeMemberExpressionAst]
    $isOpen = $Open -contains $type -or $type -like 'System.Xml.Xml*'
    if (-not $type -or ($isOpen -and -not $isType -and -not $isCall)) {
        return
    }
    $anything = 'System.Object', 'System.Management.Automation.PSObject'
    if (-not $Ast.Static -and ($Added -contains $member.Value -or $anything -contains $type)) {
        return
    }
    $found = Find-Member $type ($member.Value -replace '^(get|set|add|remove)_', '')
    if ($null -eq $found) {
        $isFine = if ($Ast.Static) {
            $member.Value -eq 'new' -and ($type -eq 'System.Array' -or $Ast.Arguments.Count -eq 0)
        }
        else {
            # A property of a collection is that of its elements.
            $isMany = -not $isCall -and $type -ne 'System.String' -and (Find-Member $type 'GetEnumerator')
            $isMany -or (Test-Derived $type $member.Value)
        }
        if (-not $isFine) {
            Write-Mistake $Ast "member: $type has no member $($member.Value) in .NET Framework 4.8"
        }
        return
    }
    if ($found.Count -gt 0 -and $Ast.Static -and $member.Value -ne 'new' -and -not ($found -match '^(static |=)')) {
        Write-Mistake $Ast "member: $($member.Value) is not a static member of $type in .NET Framework 4.8"
    }
    if ($isCall -and $found.Count -gt 0) {
        $given = @($Ast.Arguments).Where({ $_ }).Count
        $counts = @(Get-ArgumentCount $found)
        $fitting = $counts | Where-Object { $_.Count -eq $given -or ($_.IsOpen -and $given -ge $_.Count - 1) }
        if ($counts -and -not $fitting) {
            $name = "$type.$($member.Value)"
            Write-Mistake $Ast "member: no overload of $name takes $given arguments in .NET Framework 4.8"
        }
    }
}

$mistakes = 0
$commands = Import-Command -Path "$DataDirectory/powershell-5.1-commands.json"
Import-Api -Path "$DataDirectory/net-framework-4.8-api.json"
$aliases = (Get-Alias).Name
$files = foreach ($entry in Get-Content -Raw -LiteralPath $ListPath | ConvertFrom-Json) {
    $tokens = $errors = $null
    $text = [IO.File]::ReadAllText($entry.path)
    $file = @{ Name = $entry.name; HasStyle = $entry.style; Text = $text; Ast = $null; Tokens = $null }
    if ($entry.path.EndsWith('.cs')) {
        $script:name = $entry.name
        $lines = [regex]::Matches($text, '(?m)^//AssemblyReference -Name (\S+?)(\.dll)?\s')
        $references = $lines.ForEach({ $_.Groups[1].Value })
        foreach ($problem in Test-CSharp -Code $text -Reference $references) {
            Write-Mistake $null "c#: $problem"
        }
        continue
    }
    $file.Ast = [Parser]::ParseInput($text, [ref] $tokens, [ref] $errors)
    $file.Tokens = $tokens
    foreach ($each in $errors) {
        $script:name = $entry.name
        Write-Mistake $each "syntax: $($each.Message)"
    }
    $file
}
# What a module exports, or a script defines for its tests.
$shared = @{}
foreach ($file in $files | Where-Object { $_.Name -match '\.psm1$' }) {
    $own = Get-Function $file.Ast -Known $shared
    foreach ($each in $own.Keys) {
        $shared[$each] = $own[$each]
    }
}
foreach ($file in $files) {
    $script:name = $file.Name
    $ast = $file.Ast
    $functions = $shared.Clone()
    foreach ($other in $files | Where-Object { $_.Name -eq $file.Name -or $file.Name.EndsWith('.Tests.ps1') }) {
        $own = Get-Function $other.Ast
        foreach ($each in $own.Keys) {
            $functions[$each] = $own[$each]
        }
    }
    $classes = @($ast.FindAll({ $args[0] -is [TypeDefinitionAst] }, $true) | ForEach-Object { $_.Name })
    $constants = @($ast.FindAll({ $args[0] -is [StringConstantExpressionAst] }, $true) | ForEach-Object { $_.Value })
    $isAdding = { $args[0] -is [CommandAst] -and $args[0].GetCommandName() -eq 'Add-Type' }
    foreach ($each in $ast.FindAll($isAdding, $true)) {
        $texts = $each.CommandElements | Where-Object { $_ -is [StringConstantExpressionAst] }
        foreach ($code in $texts | Where-Object { "$($_.StringConstantType)" -like '*HereString' }) {
            foreach ($problem in Test-CSharp -Code $code.Value -Reference $constants) {
                Write-Mistake $each "c#: $problem"
            }
        }
    }
    $variables = Get-Assignment $ast
    foreach ($found in Get-NewSyntax -Ast $ast -Tokens $file.Tokens) {
        Write-Mistake $found.At "syntax: PowerShell 5.1 has no $($found.Text)"
    }
    foreach ($each in $ast.FindAll({ $true }, $true)) {
        switch ($each.GetType().Name) {
            'CommandAst' {
                Test-Command $each
                $type = Get-NewObjectType $each
                if ($type) {
                    Test-TypeName $each $type
                }
            }
            { 'TypeExpressionAst', 'TypeConstraintAst', 'AttributeAst' -contains $_ } {
                Test-TypeName $each $each.TypeName
            }
            { 'MemberExpressionAst', 'InvokeMemberExpressionAst' -contains $_ } { Test-MemberUse $each }
        }
    }
    if ($file.HasStyle) {
        foreach ($found in Test-Style -Ast $ast -Line ($file.Text -split "`r?`n")) {
            Write-Mistake @{ Extent = @{ StartLineNumber = $found.Line } } $found.Text
        }
    }
}
exit [int] ($mistakes -gt 0)
