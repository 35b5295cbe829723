# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: what Windows records: events, transcripts, and keys of the registry that are in memory only.

Set-StrictMode -Version 2

function Use-EventSource {
    # Runs a block with an event source of ours registered as the role does; one that was there before stays.
    param([string] $Name, [scriptblock] $Block)

    Import-Requirement -Module win_workstation_files
    $wanted = New-EventSourceKey -Name $Name
    $before = @(Read-RegistryTree -Path $wanted.Path)
    if ($before.Count -eq 0) {
        Write-RegistryTree -Path $wanted.Path -Value $wanted.Values
    }
    try {
        & $Block
    }
    finally {
        if ($before.Count -eq 0) {
            Write-RegistryTree -Path $wanted.Path -Value @()
        }
    }
}

function Find-Event {
    # Returns the events of a source in the application log since a time, waiting for the first.
    param([string] $Source, [DateTime] $Began)

    $script:found = @()
    $null = Wait-Condition -Condition {
        $wanted = @{ LogName = 'Application'; StartTime = $Began }
        $script:found = @(Get-WinEvent -FilterHashtable $wanted -ErrorAction SilentlyContinue |
                Where-Object -FilterScript { [string]::Equals($_.ProviderName, $Source) })
        $script:found.Count -gt 0
    }
    $script:found
}

function Test-EventLog {
    # A source is registered as the role does it, an event of it is read back with its own words, and it is removed.
    $source = 'eccops-verify-' + [guid]::NewGuid().ToString('N')
    $began = [DateTime]::Now
    Use-EventSource -Name $source -Block {
        [Diagnostics.EventLog]::WriteEntry($source, "event of $source", [Diagnostics.EventLogEntryType]::Warning, 101)
        $found = @(Find-Event -Source $source -Began $began)
        Assert-True -Condition ($found.Count -eq 1) -Otherwise 'the event is not in the log'
        # Without the file of messages, Windows says that it knows no description.
        Assert-True -Condition ([string]::Equals($found[0].Message, "event of $source")) -Otherwise (
            "the event says '$($found[0].Message)'")
    }
    Assert-True -Condition (-not [Diagnostics.EventLog]::SourceExists($source)) -Otherwise 'the source is still there'
}

function New-LauncherSetting {
    # Writes the configuration of a position whose account is planted, and whose browser shows nothing.
    param([string] $Place, [string] $Marker)

    # The program takes a configuration that administrators own, and no other.
    $rights = 'O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)'
    $account = [Text.Encoding]::ASCII.GetBytes("{`"email`": `"a@b.example`", `"password`": `"$Marker`"}")
    [EccopsClosedFile]::WriteNew("$Place\account.json", $account, $rights)
    $system, $here = [Environment]::SystemDirectory, $Place | ForEach-Object -Process { $_.Replace('\', '\\') }
    $command = "`"$system\\cmd.exe`" /d /c type `"$here\\account.json`""
    # Nothing listens on that port: the login fails, after the account was read.
    $lines = '[portal]', 'api_url = https://localhost:1', 'query_url = https://localhost:1',
        'login_url = https://localhost:1', '[account]', 'source = command', "command = $command",
        '[browser]', "command = `"$system\\curl.exe`" -s -o NUL", ''
    [EccopsClosedFile]::WriteNew("$Place\launcher.ini", [Text.Encoding]::ASCII.GetBytes($lines -join "`r`n"), $rights)
}

function Use-Logging {
    # Runs a block with module logging, script block logging and transcription on.
    param([string] $Place, [scriptblock] $Block)

    $key = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    Use-Registry -Key "$key\ModuleLogging" -Name 'EnableModuleLogging' -Value 1 -Block {
        Use-Registry -Key "$key\ModuleLogging\ModuleNames" -Name '*' -Value '*' -Block {
            Use-Registry -Key "$key\ScriptBlockLogging" -Name 'EnableScriptBlockLogging' -Value 1 -Block {
                Use-Registry -Key "$key\Transcription" -Name 'EnableTranscripting' -Value 1 -Block {
                    Use-Registry -Key "$key\Transcription" -Name 'OutputDirectory' -Value $Place -Block $Block
                }
            }
        }
    }
}

function Confirm-Transcript {
    # Each transcript ends as one that was flushed does, and holds no marker.
    param([string] $Place, [string] $Marker)

    $paths = @(Get-ChildItem -LiteralPath $Place -Recurse -File -Filter 'PowerShell_transcript*')
    Assert-True -Condition ($paths.Count -eq 2) -Otherwise "$($paths.Count) transcripts of 2 runs"
    foreach ($path in $paths) {
        $text = [IO.File]::ReadAllText($path.FullName)
        Assert-True -Condition (-not $text.Contains($Marker)) -Otherwise "$($path.Name) holds the password"
        # Two lines of asterisks frame the beginning, two the end.
        $lines = @($text.Split("`n") | ForEach-Object -Process { $_.Trim() } | Where-Object -FilterScript { $_ })
        $frames = @($lines | Where-Object -FilterScript { $_ -match '^\*{10,}$' })
        Assert-True -Condition ($frames.Count -ge 4 -and $lines[-1] -match '^\*{10,}$') -Otherwise (
            "$($path.Name) has no end: exit did not flush it")
    }
}

function Test-ModuleLogging {
    # With all logging on, a check and a call whose account is a marker leave an event of ours, and no marker.
    $curl = [Environment]::SystemDirectory + '\curl.exe'
    if (-not [IO.File]::Exists($curl)) {
        Skip-Item -Reason 'this Windows has no curl.exe'
    }
    $marker = 'marker' + [guid]::NewGuid().ToString('N')
    Import-Requirement -Module win_workstation_files
    $place = New-Place
    try {
        New-LauncherSetting -Place $place -Marker $marker
        $began = [DateTime]::Now
        $calls = "-File `"$Launcher`" --configuration `"$place\launcher.ini`""
        $done = @(Use-EventSource -Name 'PortalLauncher' -Block {
                Use-Logging -Place $place -Block {
                    Invoke-Shell -Arguments "$calls --check --log-in"
                    Invoke-Shell -Arguments "$calls --number 5555555555"
                }
                # Its text is made while the source is still registered.
                $script:said = @(Find-Event -Source 'PortalLauncher' -Began $began |
                        ForEach-Object -Process { "$($_.Id): $($_.Message)" })
            })
        Assert-True -Condition ($done[0].Output -match '(?m)^ok +account') -Otherwise (
            "the account was not read: $($done[0].Output)")
        Assert-True -Condition ($done[1].Code -eq 5) -Otherwise (
            "the call ended with $($done[1].Code): $($done[1].Error)")
        Assert-True -Condition ($script:said.Count -gt 0 -and $script:said[0].StartsWith('105: ')) -Otherwise (
            "the events of the call: '$($script:said)'")
        Confirm-Transcript -Place $place -Marker $marker
        $isLogged = Wait-Condition -Condition {
            $script:events = @(Get-WinEvent -ErrorAction SilentlyContinue -FilterHashtable @{
                    LogName = 'Microsoft-Windows-PowerShell/Operational'; Id = 4103, 4104; StartTime = $began })
            @($script:events | Where-Object -FilterScript { $_.Id -eq 4103 }).Count -gt 0
        }
        if (-not $isLogged) {
            Skip-Item -Reason 'Windows wrote no event 4103 of the call'
        }
        $all = $script:events + @(Get-WinEvent -ErrorAction SilentlyContinue -FilterHashtable @{
                LogName = 'Application'; StartTime = $began })
        $found = @($all | Where-Object -FilterScript { $_.ToXml().Contains($marker) })
        Assert-True -Condition ($found.Count -eq 0) -Otherwise "$($found.Count) events hold the password"
        $shown = ($done | ForEach-Object -Process { $_.Output + $_.Error }) + $script:said -join ' '
        Assert-True -Condition (-not $shown.Contains($marker)) -Otherwise 'the output holds the password'
        "$($all.Count) events without it"
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-VolatileKey {
    # Windows makes no ordinary key below one in memory, and the launcher tells the two kinds apart by that.
    Import-Module -Name "$Root/tests/windows/calls.psm1"
    . ([scriptblock]::Create((Get-Declaration -Path $Launcher)))
    $judge = ${function:Test-Volatile}
    $path = 'Software\eccops-verify-' + [guid]::NewGuid().ToString('N')
    $user = [Microsoft.Win32.Registry]::CurrentUser
    $check = [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree
    try {
        foreach ($kind in 'Volatile', 'None') {
            $key = $user.CreateSubKey("$path-$kind", $check, [Microsoft.Win32.RegistryOptions] $kind)
            $isVolatile = & $judge $key
            $key.Dispose()
            Assert-True -Condition ($isVolatile -eq ($kind -eq 'Volatile')) -Otherwise (
                "a key with the option $kind is taken for the other kind")
        }
    }
    finally {
        $user.DeleteSubKeyTree("$path-Volatile", $false)
        $user.DeleteSubKeyTree("$path-None", $false)
    }
}

[pscustomobject] @{ Name = 'event-log'; Needs = , 'administrator'; Test = ${function:Test-EventLog} }
[pscustomobject] @{ Name = 'module-logging'; Needs = , 'administrator'; Test = ${function:Test-ModuleLogging} }
[pscustomobject] @{ Name = 'volatile-key'; Needs = , 'Windows'; Test = ${function:Test-VolatileKey} }
