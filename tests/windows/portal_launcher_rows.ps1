# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Sets $Program, the launcher; $Cases, the tables of tests/launcher/cases.json; $Tables, their names and those of
# Windows' own. Get-TwinRow, Get-ConfigurationRow and Get-OwnRow return the rows that the program has to answer. Values
# are written down at once (see calls.psm1): PowerShell would take lists of lists apart.

Set-StrictMode -Version 2
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'calls.psm1') -Force
$root = Split-Path -Path (Split-Path -Path $PSScriptRoot)
$Program = [System.IO.Path]::Combine($root, 'roles', 'portal_launcher', 'files', 'windows', 'portal-launcher.ps1')
$table = [System.IO.Path]::Combine($root, 'tests', 'launcher', 'cases.json')
$Cases = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($table))

$twins = @{
    number_text = 'Get-NumberText'
    apply_pattern = 'Get-PatternText'
    normalise_number = 'Get-NormalisedNumber'
    formatted_number = 'Get-FormattedNumber'
    shown_text = 'Get-ShownText'
    escaped = 'Get-EscapedText'
    token_of_answer = 'Get-AnswerToken'
    token_expiry = 'Get-TokenExpiry'
    cached_token = 'Get-CachedToken'
    is_refusal_in_force = 'Test-RefusalInForce'
    failure_of_status = 'Get-StatusFailure'
    query_location = 'Get-QueryLocation'
    redirect_target = 'Get-RedirectTarget'
    origin_of = 'Get-OriginOf'
    parsed_request = 'ConvertFrom-RequestHead'
    request_verdict = 'Get-RequestVerdict'
    parsed_arguments = 'Read-CommandLine'
    access_problem = 'Get-AccessProblem'
    account_of_form = 'ConvertFrom-FormText'
    failure_of_answer = 'Get-AnswerFailure'
    line_failure = 'Get-LineFailure'
    pause_seconds = 'Get-PauseTime'
    split_command = 'Split-Command'
}

$Tables = @($twins.Keys) + 'parsed_ini', 'parsed_configuration', 'exit_codes', 'paths of the configuration',
    'arguments of programs' | Sort-Object

# Returns an argument of a table: see tests/launcher/program_under_test.py.
function Get-Argument($Value, [string] $Table) {
    $form = ''
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $form = @($Value.PSObject.Properties | ForEach-Object -Process { $_.Name }) -join ' '
    }
    if ($form -ceq 'repeat') {
        return $Value.repeat[0] * $Value.repeat[1]
    }
    if ($form -ceq 'bytes') {
        $content = Get-Argument $Value.bytes $Table
        if ('token_of_answer', 'failure_of_answer' -ccontains $Table) {
            return , [System.Text.Encoding]::GetEncoding(28591).GetBytes($content)
        }
        return $content
    }
    if ($form -ceq 'each') {
        return , @($Value.each | ForEach-Object -Process { Get-Argument $_ $Table })
    }
    if ($Value -is [array] -and $Table -ceq 'request_verdict') {
        return @{ Method = $Value[0]; Path = $Value[1]; Headers = $Value[2] }
    }
    , $Value
}

# Returns what the Windows program answers to a row.
function Get-Expected($Row, [string] $Table) {
    $gives = $Row.PSObject.Properties['gives']
    if (-not $gives) {
        return ConvertTo-CallText -Value @{ raises = $Row.raises }
    }
    $gives = $gives.Value
    if ($Table -ceq 'parsed_request' -and $null -ne $gives) {
        $gives = @{ Method = $gives[0]; Path = $gives[1]; Headers = $gives[2] }
    }
    if ($Table -ceq 'parsed_arguments') {
        $gives = @{
            Configuration = [string] $gives[0]; Options = $gives[1]; HasNumber = $null -ne $gives[2]
            Number = [string] $gives[2]; Problem = [string] $gives[3]
        }
    }
    ConvertTo-CallText -Value @{ gives = $gives }
}

# Returns the rows of the tables that both programs have in the same form.
function Get-TwinRow {
    foreach ($table in $twins.Keys) {
        foreach ($case in $Cases.$table) {
            $given = foreach ($value in $case.given) {
                ConvertTo-CallText -Value (Get-Argument $value $table)
            }
            New-Row -Table $table -Name $twins[$table] -Given $given -Expected (Get-Expected $case $table)
        }
    }
}

# Returns the rows of configurations.
function Get-ConfigurationRow {
    foreach ($case in $Cases.parsed_ini) {
        $wanted = @{ Problems = $case.problems }
        $shape = { param($gives) @{ Problems = $gives['Problems'] } }
        if ($case.PSObject.Properties['values']) {
            $wanted['Values'] = @($case.values | Sort-Object)
            $shape = {
                param($gives)
                $values = foreach ($key in $gives['Given'].Keys) {
                    $key.Substring($key.IndexOf(' ') + 1) + '=' + $gives['Given'][$key]
                }
                @{ Problems = $gives['Problems']; Values = @($values | Sort-Object) }
            }
        }
        $given = ConvertTo-CallText -Value $case.text
        $expected = ConvertTo-CallText -Value @{ gives = $wanted }
        New-Row -Table 'parsed_ini' -Name 'ConvertFrom-IniText' -Given $given -Shape $shape -Expected $expected
    }

    # A file of CAs cannot be used on Windows, so that any ca_path is a problem.
    foreach ($case in $Cases.parsed_configuration) {
        $wanted = @($case.problems | Where-Object -FilterScript { -not $_.StartsWith('ca_path') })
        if ($case.text.Contains('ca_path = ')) {
            $wanted += 'ca_path in [portal] cannot be used on Windows; ' +
                'put the CA into the trusted root authorities of this computer'
        }
        $shape = { param($gives) @{ Problems = @($gives['Problems'] | Sort-Object) } }
        $row = @{ Table = 'parsed_configuration'; Name = 'ConvertFrom-ConfigurationText'; Shape = $shape }
        $row['Given'] = ConvertTo-CallText -Value $case.text
        $row['Expected'] = ConvertTo-CallText -Value @{ gives = @{ Problems = @($wanted | Sort-Object) } }
        New-Row @row
    }

    foreach ($path in 'launcher.ini', '.\launcher.ini', '\launcher.ini', 'C:launcher.ini', '\\eve\share\launcher.ini',
        '\\?\C:\launcher.ini', '\\.\C:\launcher.ini', '//eve/share/launcher.ini', 'C:\ProgramData\x.txt:launcher.ini',
        'file://C:/x.ini', '/home/eve/launcher.ini', '') {
        $problem = "${path}: its path must be absolute, on a disk of this computer"
        $wanted = @{ Problems = @($problem); AccountPath = ''; Browser = '' }
        $wanted['Login'] = 'https://rapidsosportal.com/login'
        $shape = {
            param($gives)
            $values = $gives['Values']
            $shown = @{ Problems = $gives['Problems']; AccountPath = $gives['AccountPath'] }
            $shown + @{ Login = $values['portal login_url']; Browser = $values['browser command'] }
        }
        $row = @{ Table = 'paths of the configuration'; Name = 'Read-Configuration'; Shape = $shape }
        $row['Given'] = ConvertTo-CallText -Value $path
        $row['Expected'] = ConvertTo-CallText -Value @{ gives = $wanted }
        New-Row @row
    }
}

# Returns the rows of what only this program has.
function Get-OwnRow {
    $codes = {
        param($gives)
        $codes = @{}
        foreach ($kind in $gives.Keys) {
            $codes[$kind] = $gives[$kind][0]
        }
        $codes
    }
    $expected = ConvertTo-CallText -Value @{ gives = $Cases.exit_codes }
    New-Row -Table 'exit_codes' -Name '$Failures' -Given @() -Shape $codes -Expected $expected

    $written = [ordered] @{
        'plain' = 'plain'; 'a b' = '"a b"'; 'say "hi"' = '"say \"hi\""'; 'c:\x y\' = '"c:\x y\\"'
        '\"' = '"\\\""'; '' = '""'; 'a&b' = '"a&b"'
    }
    foreach ($text in $written.Keys) {
        $row = @{ Table = 'arguments of programs'; Name = 'ConvertTo-WindowsArgument' }
        $row['Given'] = ConvertTo-CallText -Value $text
        $row['Expected'] = ConvertTo-CallText -Value @{ gives = $written[$text] }
        New-Row @row
    }
}
