# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Of which type an expression of PowerShell is, as far as its text says so.

using namespace System.Management.Automation.Language

Set-StrictMode -Version 2

# Their members are what they hold, or come from elsewhere.
$script:Open = 'System.Object', 'System.Array', 'System.Void', 'System.Collections.Hashtable',
    'System.Management.Automation.PSObject', 'System.Management.Automation.PSCustomObject',
    'System.Collections.Specialized.OrderedDictionary', 'System.Collections.IDictionary',
    'System.Management.ManagementObject', 'System.DirectoryServices.DirectoryEntry',
    'System.Collections.Generic.Dictionary`2'

function Get-ExpressionType {
    # Returns the name of the type of an expression, '' where its text does not say.
    param($Ast, [hashtable] $Variables)

    switch ($Ast.GetType().Name) {
        'StringConstantExpressionAst' { return 'System.String' }
        'ExpandableStringExpressionAst' { return 'System.String' }
        'CommandExpressionAst' { return Get-ExpressionType $Ast.Expression $Variables }
        'ParenExpressionAst' { return Get-ExpressionType $Ast.Pipeline $Variables }
        'PipelineAst' {
            if ($Ast.PipelineElements.Count -eq 1) {
                return Get-ExpressionType $Ast.PipelineElements[0] $Variables
            }
        }
        'BinaryExpressionAst' {
            if ('Format', 'Join' -contains $Ast.Operator) {
                return 'System.String'
            }
        }
        'ConvertExpressionAst' { return [string] (Resolve-Type $Ast.Type.TypeName) }
        'CommandAst' {
            $type = Get-NewObjectType $Ast
            return [string] $(if ($type) { Resolve-Name $type } else { '' })
        }
        'VariableExpressionAst' {
            $key = Get-Scope $Ast
            foreach ($scope in $key, '') {
                if ($Variables["$scope|$($Ast.VariablePath.UserPath)"]) {
                    return Get-VariableType $Variables "$scope|$($Ast.VariablePath.UserPath)"
                }
            }
            return ''
        }
        { 'MemberExpressionAst', 'InvokeMemberExpressionAst' -contains $_ } {
            if ($Ast.Member -isnot [StringConstantExpressionAst]) {
                return ''
            }
            $isType = $Ast.Expression -is [TypeExpressionAst]
            $of = $Ast.Expression
            $type = if ($isType) { Resolve-Type $of.TypeName } else { Get-ExpressionType $of $Variables }
            if (-not $type -or ($script:Open -contains $type -and -not $isType)) {
                return ''
            }
            if ($Ast.Static -and $Ast.Member.Value -eq 'new') {
                return $type
            }
            return Get-Result (Find-Member $type $Ast.Member.Value)
        }
    }
    ''
}

function Get-NewObjectType {
    param([CommandAst] $Command)

    if ($Command.GetCommandName() -eq 'New-Object') {
        foreach ($each in $Command.CommandElements | Select-Object -Skip 1) {
            if ($each -is [StringConstantExpressionAst]) {
                return $each.Value
            }
            if ($each -isnot [CommandParameterAst] -or $each.ParameterName -ne 'TypeName') {
                return
            }
        }
    }
}

function Get-Scope {
    # Returns what stands for the function that an expression is in, '' for the script.
    param($Ast)

    for ($above = $Ast.Parent; $above; $above = $above.Parent) {
        if ($above -is [FunctionDefinitionAst]) {
            return '{0}:{1}' -f $above.Name, $above.Extent.StartOffset
        }
    }
    ''
}

function Get-VariableType {
    # Returns the type that all assignments of a variable agree on, or ''.
    param([hashtable] $Variables, [string] $Key)

    $seen = $Variables[$Key]
    if ($null -eq $seen.Type) {
        $seen.Type = ''  # what depends on itself is not known
        $types = foreach ($each in $seen.Values) {
            if ($each -is [string]) { $each } else { Get-ExpressionType $each $Variables }
        }
        $types = @($types | Sort-Object -Unique)
        $seen.Type = if ($types.Count -eq 1) { $types[0] } else { '' }
    }
    $seen.Type
}

Export-ModuleMember -Function * -Variable Open
