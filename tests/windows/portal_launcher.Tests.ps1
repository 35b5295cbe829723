# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Proves that the launcher for Windows decides as tests/launcher/cases.json says, which the Linux program is held to as
# well, in three cultures. Needs Pester 5 and no Python: Invoke-Pester tests/windows

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0.0' }

Set-StrictMode -Version 2

BeforeDiscovery {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'portal_launcher_rows.ps1')
    $Cultures = 'en-US', 'de-DE', 'tr-TR'
    if ($env:PESTER_CULTURES) {
        $Cultures = $env:PESTER_CULTURES.Split(' ')
    }
}

BeforeAll {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'portal_launcher_rows.ps1')
    $Rows = @(Get-TwinRow) + @(Get-ConfigurationRow) + @(Get-OwnRow)
}

Describe 'The tables' {
    It 'are all taken' {
        # Windows itself decides which proxy is bypassed, and its owners and rights are not those of Linux.
        $taken = $Tables + 'change_problem', 'is_proxy_bypassed'
        $names = $Cases.PSObject.Properties | ForEach-Object -Process { $_.Name }
        $names | Where-Object -FilterScript { $taken -cnotcontains $_ } | Should -BeNullOrEmpty
        $filled = @($Rows | ForEach-Object -Process { $_.Table })
        $Tables | Where-Object -FilterScript { $filled -cnotcontains $_ } | Should -BeNullOrEmpty
    }
}

Describe 'The program in <_>' -ForEach $Cultures {
    BeforeAll {
        # One PowerShell answers all rows.
        $mistakes = @(Find-Mistake -Path $Program -Culture $_ -Row $Rows)
    }

    It 'decides as the table <_> says' -ForEach $Tables {
        $table = $_
        $own = $mistakes | Where-Object -FilterScript { $_.Table -ceq $table }
        $own | ForEach-Object -Process { $_.Text } | Should -BeNullOrEmpty
    }
}
