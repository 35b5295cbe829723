# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: the launcher in Windows PowerShell 5.1, application control, how it is called, its window.

Set-StrictMode -Version 2

function Test-LauncherVersion {
    # The program starts, and prints the hash that Windows computes of its file.
    $done = Invoke-Shell -Arguments "-File `"$Launcher`" --version"
    $sum = (Get-FileHash -LiteralPath $Launcher -Algorithm SHA256).Hash.ToLowerInvariant()
    Assert-True -Condition ($done.Code -eq 0 -and $done.Output.Contains("sha256 $sum")) -Otherwise (
        "exit code $($done.Code): $($done.Output) $($done.Error)")
    $done.Output.Trim()
}

function Test-ConstrainedLanguage {
    # In constrained language mode the program says what to allow by which hash, and runs nothing else.
    $said = 'constrained language mode'
    $done = Invoke-Shell -Arguments "-File `"$Launcher`" --check" -Environment @{ __PSLockdownPolicy = '4' }
    if ($done.Error -notmatch $said) {
        # The variable of the machine counts, not always that of a process.
        $mode = "`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"
        $done = Invoke-Shell -Arguments "-Command `"$mode; & '$Launcher' --check; exit `$LASTEXITCODE`""
    }
    Assert-True -Condition ($done.Code -eq 3 -and $done.Error -match $said) -Otherwise (
        "exit code $($done.Code): $($done.Output) $($done.Error)")
}

function Test-ApplicationControl {
    # With a policy enforced: the program runs in full language, or says that it is not allowed.
    if (-not (Get-Command -Name Get-AppLockerPolicy -ErrorAction SilentlyContinue)) {
        Skip-Item -Reason 'this edition of Windows has no AppLocker'
    }
    $rules = [xml] (Get-AppLockerPolicy -Effective -Xml)
    $isEnforced = @($rules.AppLockerPolicy.ChildNodes |
            Where-Object -FilterScript { $_.Type -eq 'Script' -and $_.EnforcementMode -eq 'Enabled' }).Count -gt 0
    $guard = Get-CimInstance -Namespace 'root\Microsoft\Windows\DeviceGuard' -ClassName Win32_DeviceGuard
    if (-not $isEnforced -and $guard.UsermodeCodeIntegrityPolicyEnforcementStatus -ne 2) {
        Skip-Item -Reason 'no AppLocker rule for scripts and no App Control policy is enforced here'
    }
    $done = Invoke-Shell -Arguments "-File `"$Launcher`" --version"
    Assert-True -Condition (0, 3 -contains $done.Code) -Otherwise "exit code $($done.Code): $($done.Error)"
    if ($done.Code -eq 0) { 'the policy allows the program' } else { 'the policy constrains it, and it says so' }
}

function Test-CommandFile {
    # The .cmd gives the program its standard input, and keeps the exit codes 1 and 3.
    $place = New-Place
    $source = Split-Path -Path $Launcher -Parent
    $command = [Environment]::SystemDirectory + '\cmd.exe'
    try {
        foreach ($name in 'program', 'stand-in') {
            $null = [IO.Directory]::CreateDirectory("$place\$name")
            [IO.File]::Copy("$source\portal-launcher.cmd", "$place\$name\portal-launcher.cmd")
        }
        [IO.File]::Copy($Launcher, "$place\program\portal-launcher.ps1")
        $line = "/d /s /c `"`"$place\program\portal-launcher.cmd`" --check --configuration `"$place\none.ini`"`""
        $done = Invoke-Program -Path $command -Arguments $line
        Assert-True -Condition ($done.Code -eq 3) -Otherwise "3 became $($done.Code): $($done.Output) $($done.Error)"
        # What stands in for the program ends unexpectedly, and says what reached it.
        [IO.File]::WriteAllText("$place\stand-in\portal-launcher.ps1", '"$args " + [Console]::In.ReadLine(); exit 101')
        $line = "/d /s /c `"`"$place\stand-in\portal-launcher.cmd`" --stdin`""
        $done = Invoke-Program -Path $command -Arguments $line -InputText "5555555555`r`n"
        Assert-True -Condition ($done.Code -eq 1) -Otherwise "1 became $($done.Code): $($done.Output) $($done.Error)"
        Assert-True -Condition ([string]::Equals($done.Output.Trim(), '--stdin 5555555555')) -Otherwise (
            "the program was given '$($done.Output.Trim())'")
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-ExecutionPolicy {
    # Under AllSigned the program, which is not signed, does not run; powershell.exe ends with 1, as the .cmd expects.
    $machine, $user = 'MachinePolicy', 'UserPolicy' | ForEach-Object -Process { Get-ExecutionPolicy -Scope $_ }
    if ("$machine $user" -ne 'Undefined Undefined') {
        Skip-Item -Reason "a group policy sets the execution policy: $machine $user"
    }
    if ((Get-AuthenticodeSignature -LiteralPath $Launcher).Status -ne 'NotSigned') {
        Skip-Item -Reason 'this copy of the program is signed'
    }
    $done = Invoke-Shell -Arguments "-File `"$Launcher`" --version" -Policy 'AllSigned'
    Assert-True -Condition ($done.Code -eq 1 -and -not $done.Output.Contains('sha256')) -Otherwise (
        "exit code $($done.Code): $($done.Output)")
}

function Test-UntrustedServer {
    # A server whose certificate this computer does not trust is reported as that, and is sent nothing.
    $place = New-Place
    $certificate = New-TestCertificate
    $server = $null
    try {
        $server = New-TlsServer -Certificate $certificate
        $address = "https://localhost:$($server.Port)"
        [IO.File]::WriteAllLines("$place\launcher.ini", [string[]] (
                '[portal]', "api_url = $address", "query_url = $address", '[account]', 'source = user'))
        $done = Invoke-Shell -Arguments "-File `"$Launcher`" --configuration `"$place\launcher.ini`" --check"
        $said = '(?m)^FAILED +connection: .* is not trusted: its certificate is not one that this computer trusts'
        Assert-True -Condition ($done.Output -match $said) -Otherwise "$($done.Output) $($done.Error)"
        Assert-True -Condition ($server.Received -eq 0) -Otherwise 'the server was sent something'
    }
    finally {
        if ($server) {
            $server.Dispose()
        }
        Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($certificate.Thumbprint)" -DeleteKey
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-HiddenWindow {
    # Started through conhost.exe, PowerShell shows no window, whatever the default terminal is.
    $place = New-Place
    $ended = "$place\ended"
    try {
        [IO.File]::WriteAllText("$place\wait.ps1", "[IO.File]::WriteAllText('$place\pid', `$PID)`n" +
            "while (-not [IO.File]::Exists('$ended')) { [Threading.Thread]::Sleep(50) }`n")
        $shell = [Environment]::SystemDirectory + '\WindowsPowerShell\v1.0\powershell.exe'
        $before = @(Get-Process | Where-Object -FilterScript { $_.MainWindowHandle -ne 0 }).ForEach({ $_.Id })
        $null = Start-Process -FilePath "$env:SystemRoot\System32\conhost.exe" -ArgumentList @(
            "`"$shell`"", '-NoProfile', '-ExecutionPolicy', 'RemoteSigned', '-WindowStyle', 'Hidden',
            '-File', "`"$place\wait.ps1`"")
        $isStarted = Wait-Condition -Condition { [IO.File]::Exists("$place\pid") }
        Assert-True -Condition $isStarted -Otherwise (
            'PowerShell did not start')
        $new = @(Get-Process -Name powershell, conhost, WindowsTerminal, OpenConsole -ErrorAction SilentlyContinue |
                Where-Object -FilterScript { $_.MainWindowHandle -ne 0 -and $before -notcontains $_.Id })
        Assert-True -Condition ($new.Count -eq 0) -Otherwise (
            "a window of $(@($new | ForEach-Object -Process { $_.Name })) is open")
    }
    finally {
        [IO.File]::WriteAllText($ended, '')
        $number = if ([IO.File]::Exists("$place\pid")) { [int] [IO.File]::ReadAllText("$place\pid") } else { 0 }
        $null = Wait-Condition -Condition {
            $number -eq 0 -or -not (Get-Process -Id $number -ErrorAction SilentlyContinue)
        }
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

[pscustomobject] @{ Name = 'launcher-version'; Needs = , 'Windows'; Test = ${function:Test-LauncherVersion} }
[pscustomobject] @{ Name = 'constrained-language'; Needs = , 'Windows'; Test = ${function:Test-ConstrainedLanguage} }
$test = ${function:Test-ApplicationControl}
[pscustomobject] @{ Name = 'application-control'; Needs = , 'administrator'; Test = $test }
[pscustomobject] @{ Name = 'command-file'; Needs = , 'administrator'; Test = ${function:Test-CommandFile} }
[pscustomobject] @{ Name = 'execution-policy'; Needs = , 'Windows'; Test = ${function:Test-ExecutionPolicy} }
[pscustomobject] @{ Name = 'untrusted-server'; Needs = , 'administrator'; Test = ${function:Test-UntrustedServer} }
[pscustomobject] @{ Name = 'hidden-window'; Needs = 'administrator', 'desktop'; Test = ${function:Test-HiddenWindow} }
