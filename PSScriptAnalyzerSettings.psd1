# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Invoke-ScriptAnalyzer -Path . -Recurse -Settings ./PSScriptAnalyzerSettings.psd1 -EnableExit
@{
    IncludeDefaultRules = $true
    Severity = @('Error', 'Warning', 'Information')
    ExcludeRules = @(
        # A module's check mode and a program's command line decide, not -WhatIf.
        'PSUseShouldProcessForStateChangingFunctions'
        # The files are ASCII or begin without a mark; nothing in them is read by the system's code page.
        'PSUseBOMForUnicodeEncodedFile'
    )
    Rules = @{
        PSAlignAssignmentStatement = @{ Enable = $false }
        PSAvoidLongLines = @{ Enable = $true; MaximumLineLength = 120 }
        PSAvoidSemicolonsAsLineTerminators = @{ Enable = $true }
        PSAvoidUsingDoubleQuotesForConstantString = @{ Enable = $true }
        PSAvoidUsingPositionalParameters = @{ Enable = $true }
        PSPlaceCloseBrace = @{ Enable = $true; NoEmptyLineBefore = $true; IgnoreOneLineBlock = $true; NewLineAfter = $true }
        PSPlaceOpenBrace = @{ Enable = $true; OnSameLine = $true; NewLineAfter = $true; IgnoreOneLineBlock = $true }
        PSUseConsistentIndentation = @{
            Enable = $true; Kind = 'space'; IndentationSize = 4; PipelineIndentation = 'IncreaseIndentationForFirstPipeline'
        }
        PSUseConsistentWhitespace = @{ Enable = $true; CheckPipe = $true; CheckOperator = $true; CheckSeparator = $true }
        PSUseCorrectCasing = @{ Enable = $true }
        PSUseCompatibleCmdlets = @{ Compatibility = @('desktop-5.1.14393.206-windows') }
        PSUseCompatibleSyntax = @{ Enable = $true; TargetVersions = @('5.1', '7.0') }
        PSUseCompatibleTypes = @{
            Enable = $true
            TargetProfiles = @('win-48_x64_10.0.17763.0_5.1.17763.316_x64_4.0.30319.42000_framework')
            # They come with Ansible, or are compiled from C# beside the scripts.
            IgnoreTypes = @('Ansible.Basic.AnsibleModule', 'EccopsClosedFile', 'EccopsJobProcess',
                'EccopsVerify.Handshake', 'EccopsVerify.PacServer', 'RapidSandbox')
        }
    }
}
