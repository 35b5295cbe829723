# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Proves what the text of the launcher for Windows shows, by PowerShell's own parser: what it hands to cmdlets, what it
# does in constrained language mode, and that it can be signed.

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0.0' }

Set-StrictMode -Version 2

BeforeAll {
    Set-StrictMode -Version 2
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot)
    $Path = [System.IO.Path]::Combine($root, 'roles', 'portal_launcher', 'files', 'windows', 'portal-launcher.ps1')
    $Text = [System.IO.File]::ReadAllText($Path)
    $problems = $null
    $Tree = [System.Management.Automation.Language.Parser]::ParseInput($Text, [ref] $null, [ref] $problems)

    # Returns the parts of a tree that are of this type.
    function Find-Part {
        param($In, [string] $Type)

        $wanted = [type] "System.Management.Automation.Language.$Type"
        $In.FindAll({ $args[0] -is $wanted }, $true)
    }

    # Returns the names of the variables in a tree.
    function Find-VariableName {
        param($In)

        $found = Find-Part -In $In -Type 'VariableExpressionAst'
        @($found | ForEach-Object -Process { $_.VariablePath.UserPath })
    }

    # Returns a variable's name after that of the function around it.
    function Get-ScopedName {
        param($Variable)

        $around = $Variable.Parent
        while ($around -and $around -isnot [System.Management.Automation.Language.FunctionDefinitionAst]) {
            $around = $around.Parent
        }
        "$(if ($around) { $around.Name }) $($Variable.VariablePath.UserPath)"
    }

    $Functions = @(Find-Part -In $Tree -Type 'FunctionDefinitionAst')
    $Commands = @(Find-Part -In $Tree -Type 'CommandAst')
    $First = $Tree.EndBlock.Statements[0]
}

Describe 'The text of the program' {
    It 'is whole PowerShell that can be signed and listed by its hash' {
        # ASCII, so that no encoding between versions of PowerShell matters, and nothing that a deployment fills in.
        $problems | Should -BeNullOrEmpty
        [regex]::Match($Text, '[^\x00-\x7f]|\r|\{\{|\{%|\n\n\z|[^\n]\z').Value | Should -BeExactly ''
    }

    It 'runs nothing that is put together from text' {
        $forbidden = 'ScriptBlock\]::Create|EncodedCommand|DownloadString|FromInsecure|' +
            'ServerCertificateValidationCallback'
        [regex]::Match($Text, $forbidden, 'IgnoreCase, CultureInvariant').Value | Should -BeExactly ''
    }

    It 'answers constrained language mode first, by cmdlets only' {
        $First | Should -BeOfType ([System.Management.Automation.Language.IfStatementAst])
        $First.Clauses[0].Item1.Extent.Text |
            Should -BeExactly '$ExecutionContext.SessionState.LanguageMode -ne ''FullLanguage'''
        Find-Part -In $First -Type 'InvokeMemberExpressionAst' | Should -BeNullOrEmpty
        Find-Part -In $First -Type 'TypeExpressionAst' | Should -BeNullOrEmpty
        Find-Part -In $First -Type 'ConvertExpressionAst' | Should -BeNullOrEmpty
        $used = Find-Part -In $First -Type 'CommandAst' | ForEach-Object -Process { $_.GetCommandName() }
        $used | Sort-Object -Unique | Should -BeExactly 'Get-FileHash', 'Join-Path', 'Start-Process', 'Write-Error'
        $First.Clauses[0].Item2.Statements[-1].Extent.Text | Should -BeExactly 'exit 3'
    }

    It 'has no parameters of its own' {
        # -File would bind a CAD's text to them, and start a script that has some in a way that constrained language
        # mode refuses.
        $Tree.ParamBlock | Should -BeNullOrEmpty
    }

    It 'gives no cmdlet a secret, and uses few' {
        # Names of what is or holds a secret.
        $secrets = 'token|account|password|secret|sealed|text|fields|location|answer|body|visitor|pair|entry'
        $known = 'Get-Acl', 'Set-StrictMode', 'Start-Process', 'Get-FileHash', 'Join-Path', 'Write-Error'
        $own = @($Functions | ForEach-Object -Process { $_.Name })
        $used = @($Commands | Where-Object -FilterScript { $own -cnotcontains $_.GetCommandName() })
        foreach ($command in $used) {
            if ($command.GetCommandName()) {
                $known | Should -Contain $command.GetCommandName()
            }
            else {
                # Invoke-Check calls the block that it was given.
                $command.Extent.Text | Should -BeExactly '& $Check'
            }
            Find-VariableName -In $command | Where-Object -FilterScript { $_ -match $secrets } |
                Should -BeNullOrEmpty -Because $command.Extent.Text
        }
        $used.Count | Should -BeGreaterThan 5
        Find-Part -In $Tree -Type 'PipelineAst' | Where-Object -FilterScript { $_.PipelineElements.Count -gt 1 } |
            Should -BeNullOrEmpty
    }

    It 'gives the event log failures and names of accounts, and nothing else' {
        $reports = @($Commands | Where-Object -FilterScript { $_.GetCommandName() -ceq 'Write-Event' })
        $reports.Count | Should -Be 3
        foreach ($report in $reports) {
            $named = Find-VariableName -In $report
            $named | Where-Object -FilterScript { 'failure', 'code', 'api_url', 'email' -notcontains $_ } |
                Should -BeNullOrEmpty -Because $report.Extent.Text
            if ($named -contains 'email') {
                $report.Extent.Text.Replace('$(Get-AccountName $email)', '') | Should -Not -Match '\$email'
            }
        }
    }

    It 'uses every function, and calls none as a method' {
        $used = @($Commands | ForEach-Object -Process { $_.GetCommandName() })
        $Functions | Where-Object -FilterScript { $used -cnotcontains $_.Name } | Should -BeNullOrEmpty
        foreach ($command in $Commands) {
            $elements = $command.CommandElements
            $isMethod = $elements.Count -gt 1 -and $elements[1].Extent.StartOffset -eq $elements[0].Extent.EndOffset
            $isMethod | Should -BeFalse -Because $command.Extent.Text
        }
    }

    It 'has no format operator in the arguments of a method' {
        # There the comma parts the arguments, not the values of -f.
        $calls = Find-Part -In $Tree -Type 'InvokeMemberExpressionAst'
        $arguments = $calls | ForEach-Object -Process { $_.Arguments } | Where-Object -FilterScript { $_ }
        $binary = $arguments | Where-Object -FilterScript { $_.GetType().Name -ceq 'BinaryExpressionAst' }
        $binary | Where-Object -FilterScript { $_.Operator -eq 'Format' } | Should -BeNullOrEmpty
    }

    It 'reads no variable that a caller has set' {
        $set = @{}
        $targets = @(Find-Part -In $Tree -Type 'AssignmentStatementAst' | ForEach-Object -Process { $_.Left })
        $targets += @(Find-Part -In $Tree -Type 'ForEachStatementAst' | ForEach-Object -Process { $_.Variable })
        $targets += @(Find-Part -In $Tree -Type 'ParameterAst' | ForEach-Object -Process { $_.Name })
        foreach ($target in $targets) {
            while ($target -is [System.Management.Automation.Language.AttributedExpressionAst]) {
                $target = $target.Child
            }
            if ($target -is [System.Management.Automation.Language.VariableExpressionAst]) {
                $set[(Get-ScopedName -Variable $target)] = $true
            }
        }
        $automatic = '_', 'args', 'ExecutionContext', 'false', 'null', 'PSCommandPath', 'PSScriptRoot', 'true'
        $unknown = foreach ($variable in Find-Part -In $Tree -Type 'VariableExpressionAst') {
            $name = $variable.VariablePath.UserPath
            $scoped = Get-ScopedName -Variable $variable
            if ($automatic -notcontains $name -and -not $set[" $name"] -and -not $set[$scoped]) {
                $scoped
            }
        }
        $unknown | Should -BeNullOrEmpty
        $set.Count | Should -BeGreaterThan 300
    }

    It 'has no function that leaks what a method returns' {
        # Those that return nothing; what others return would become output of the function that calls them.
        $silent = 'Add', 'Close', 'DeleteSubKeyTree', 'DeleteValue', 'Dispose', 'GetBytes', 'Kill', 'ReleaseMutex',
            'SetValue', 'Shutdown', 'Sleep', 'Start', 'Stop', 'Write', 'WriteEntry', 'WriteLine'
        $statements = 'CommandExpressionAst PipelineAst StatementBlockAst',
            'CommandExpressionAst PipelineAst NamedBlockAst'
        $leaks = foreach ($call in Find-Part -In $Tree -Type 'InvokeMemberExpressionAst') {
            $around = $call.Parent, $call.Parent.Parent, $call.Parent.Parent.Parent
            $kinds = @($around | ForEach-Object -Process { $_.GetType().Name }) -join ' '
            if ($statements -contains $kinds -and $silent -cnotcontains $call.Member.Extent.Text) {
                $call.Extent.Text
            }
        }
        $leaks | Should -BeNullOrEmpty
    }
}
