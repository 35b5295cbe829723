# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# The commands of Windows PowerShell 5.1, and what a script itself declares: functions and variables.

using namespace System.Management.Automation.Language

Set-StrictMode -Version 2

$script:Common = 'Verbose', 'Debug', 'ErrorAction', 'WarningAction', 'InformationAction', 'ErrorVariable',
    'WarningVariable', 'InformationVariable', 'OutVariable', 'OutBuffer', 'PipelineVariable'
# The providers of the registry, of files and of certificates add them.
$script:OfProviders = @{
    'Get-ChildItem' = 'CodeSigningCert', 'DocumentEncryptionCert', 'DnsName', 'EKU', 'ExpiringInDays',
        'SSLServerAuthentication'
    'Remove-Item' = , 'DeleteKey'
    'Set-ItemProperty' = , 'Type'
}

function Import-Command {
    # Returns each command of 5.1 with its parameters and how many it takes by position.
    param([Parameter(Mandatory = $true)] [string] $Path)

    $commands = @{}
    $data = Get-Content -Raw -LiteralPath $Path | ConvertFrom-Json -AsHashtable
    foreach ($command in $data.Modules.ExportedCommands | Where-Object { $_ }) {
        $sets = $command.ParameterSets -join ' [<CommonParameters>] '
        $commands[$command.Name] = @{
            Parameters = @([regex]::Matches($sets, '(?<=^|[ \[])-(\w+)').ForEach({ $_.Groups[1].Value })) +
                $script:Common + $script:OfProviders[$command.Name]
            Places = ($sets -split '\[<CommonParameters>\]' |
                    ForEach-Object { [regex]::Matches($_, '\[-\w+\] <').Count } |
                    Measure-Object -Maximum).Maximum
            IsAny = $sets -eq ''
        }
    }
    $commands
}

function Get-Function {
    # Returns the functions of a script in the same form, and what others of the same name take.
    param([ScriptBlockAst] $Ast, [hashtable] $Known = @{})

    $functions = @{}
    foreach ($function in $Ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true)) {
        $block = $function.Body.ParamBlock
        $parameters = @($function.Parameters) + @(if ($block) { $block.Parameters }) -ne $null
        $isAdvanced = $function.Extent.Text -match '\[CmdletBinding|\[Parameter'
        $names = @($parameters | ForEach-Object { $_.Name.VariablePath.UserPath })
        $isRest = { $args[0] -is [VariableExpressionAst] -and $args[0].VariablePath.UserPath -eq 'args' }
        $same = $Known[$function.Name]
        $functions[$function.Name] = @{
            Parameters = $names + $(if ($isAdvanced) { $script:Common + 'WhatIf', 'Confirm' }) +
                $(if ($same) { $same.Parameters })
            Places = [Math]::Max($names.Count, $(if ($same) { $same.Places } else { 0 }))
            IsAny = [bool] @($function.Body.FindAll($isRest, $false)) -or ($same -and $same.IsAny)
        }
    }
    $functions
}

function Get-Assignment {
    # Returns what is assigned to each variable, by the function and the name.
    param([ScriptBlockAst] $Ast)

    $variables = @{}
    $note = {
        param($At, [string] $Variable, $Value)
        $key = "$(Get-Scope $At)|$Variable"
        if (-not $variables[$key]) {
            $variables[$key] = @{ Type = $null; Values = [System.Collections.ArrayList]::new() }
        }
        $null = $variables[$key].Values.Add($Value)
    }
    foreach ($each in $Ast.FindAll({ $args[0] -is [AssignmentStatementAst] }, $true)) {
        $left = $each.Left
        $value = if ($each.Operator -eq 'Equals') { $each.Right } else { '' }
        while ($left -is [AttributedExpressionAst]) {
            if ($left -is [ConvertExpressionAst]) {
                $value = [string] (Resolve-Type $left.Type.TypeName)
            }
            $left = $left.Child
        }
        foreach ($variable in @($left) + @(if ($left -is [ArrayLiteralAst]) { $left.Elements })) {
            if ($variable -is [VariableExpressionAst] -and ($value -is [string] -or $value.Extent.Text -ne '$null')) {
                & $note $each $variable.VariablePath.UserPath $(if ($left -is [ArrayLiteralAst]) { '' } else { $value })
            }
        }
    }
    foreach ($each in $Ast.FindAll({ $args[0] -is [ParameterAst] -or $args[0] -is [ForEachStatementAst] }, $true)) {
        if ($each -is [ForEachStatementAst]) {
            & $note $each $each.Variable.VariablePath.UserPath ''
        }
        else {
            $types = @($each.Attributes |
                    Where-Object { $_ -is [TypeConstraintAst] } |
                    ForEach-Object { [string] (Resolve-Type $_.TypeName) })
            & $note $each $each.Name.VariablePath.UserPath $(if ($types) { $types[0] } else { '' })
        }
    }
    $variables
}

Export-ModuleMember -Function Get-Assignment, Get-Function, Import-Command
