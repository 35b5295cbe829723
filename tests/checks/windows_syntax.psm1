# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# What of a script only PowerShell 7 reads: operators, escapes, numbers, variables.

using namespace System.Management.Automation.Language

Set-StrictMode -Version 2

$script:NewVariables = 'IsWindows', 'IsLinux', 'IsMacOS', 'IsCoreCLR', 'PSStyle', 'EnabledExperimentalFeatures'

function Get-NewSyntax {
    # Returns objects with At and Text for what the parser of 7 reads and that of 5.1 does not.
    param([ScriptBlockAst] $Ast, [Token[]] $Tokens)

    foreach ($each in $Ast.FindAll({ $true }, $true)) {
        $new = switch ($each.GetType().Name) {
            'TernaryExpressionAst' { '? :' }
            'PipelineChainAst' { '&& and ||' }
            'PipelineAst' { if ($each.Background) { '& at the end' } }
            'BinaryExpressionAst' { if ($each.Operator -eq 'QuestionQuestion') { '??' } }
            'AssignmentStatementAst' { if ($each.Operator -eq 'QuestionQuestionEquals') { '??=' } }
            { 'MemberExpressionAst', 'InvokeMemberExpressionAst', 'IndexExpressionAst' -contains $_ } {
                if ($each.NullConditional) { '?. and ?[]' }
            }
            'ScriptBlockAst' { if ($each.CleanBlock) { 'clean' } }
            'VariableExpressionAst' {
                if ($script:NewVariables -contains $each.VariablePath.UserPath) { "`$$($each.VariablePath.UserPath)" }
            }
        }
        if ($new) {
            [pscustomobject] @{ At = $each; Text = $new }
        }
    }
    for ($index = 0; $index -lt $Tokens.Count; $index++) {
        $token = $Tokens[$index]
        $new = if ($token -is [StringExpandableToken] -and $token.Text -match '(?<!`)(``)*`(u\{|e)') {
            'escape `u{} or `e'
        }
        elseif ($token -is [NumberToken] -and $token.Text -match '^(0b|.*[0-9](u|y|n|s|us|uy|ul)$)') {
            "number $($token.Text)"
        }
        elseif ($token.Kind -eq 'Pipe' -and $index -gt 0 -and $Tokens[$index - 1].Kind -eq 'NewLine') {
            'line that begins with |'
        }
        if ($new) {
            [pscustomobject] @{ At = $token; Text = $new }
        }
    }
}

Export-ModuleMember -Function Get-NewSyntax
