# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: the launcher in Windows PowerShell 5.1, application control, what Windows records, its window.

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

function Test-EventLog {
    # A source is made, an event of it is read back, and the source is deleted.
    $source = 'eccops-verify-' + [guid]::NewGuid().ToString('N')
    [Diagnostics.EventLog]::CreateEventSource($source, 'Application')
    try {
        [Diagnostics.EventLog]::WriteEntry($source, "event of $source", [Diagnostics.EventLogEntryType]::Warning, 1)
        $isThere = Wait-Condition -Condition {
            $wanted = @{ LogName = 'Application'; ProviderName = $source }
            Get-WinEvent -FilterHashtable $wanted -ErrorAction SilentlyContinue |
                Where-Object -FilterScript { $_.Message.Contains($source) }
        }
        Assert-True -Condition $isThere -Otherwise 'the event is not in the log'
    }
    finally {
        [Diagnostics.EventLog]::DeleteEventSource($source)
    }
}

function Test-ModuleLogging {
    # With module and script block logging on, a login with a marker as its password leaves no marker behind.
    $marker = 'marker' + [guid]::NewGuid().ToString('N')
    $log = 'Microsoft-Windows-PowerShell/Operational'
    $policies = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    $place = New-Place
    try {
        [IO.File]::WriteAllText("$place\account.json", "{`"email`": `"a@b.example`", `"password`": `"$marker`"}")
        # Nothing listens on that port: the login fails, after the account was read.
        $command = "`"$env:SystemRoot/System32/cmd.exe`" /d /c type `"$($place.Replace('\', '\\'))\\account.json`""
        [IO.File]::WriteAllLines("$place\launcher.ini", [string[]] (
                '[portal]', 'api_url = https://localhost:1', 'query_url = https://localhost:1',
                '[account]', 'source = command', "command = $command"))
        $began = [DateTime]::Now
        $done = Use-Registry -Key "$policies\ModuleLogging" -Name 'EnableModuleLogging' -Value 1 -Block {
            Use-Registry -Key "$policies\ModuleLogging\ModuleNames" -Name '*' -Value '*' -Block {
                Use-Registry -Key "$policies\ScriptBlockLogging" -Name 'EnableScriptBlockLogging' -Value 1 -Block {
                    Invoke-Shell -Arguments (
                        "-File `"$Launcher`" --configuration `"$place\launcher.ini`" --check --log-in")
                }
            }
        }
        Assert-True -Condition ($done.Output -match '(?m)^ok +account') -Otherwise (
            "the account was not read: $($done.Output)")
        $isLogged = Wait-Condition -Condition {
            $script:events = @(Get-WinEvent -ErrorAction SilentlyContinue -FilterHashtable @{
                    LogName = $log; Id = 4103, 4104; StartTime = $began })
            @($script:events | Where-Object -FilterScript { $_.Id -eq 4103 }).Count -gt 0
        }
        if (-not $isLogged) {
            Skip-Item -Reason 'Windows wrote no event 4103 of the call'
        }
        $found = @($script:events | Where-Object -FilterScript { $_.Message.Contains($marker) })
        Assert-True -Condition ($found.Count -eq 0) -Otherwise "$($found.Count) events hold the password"
        Assert-True -Condition (-not ($done.Output + $done.Error).Contains($marker)) -Otherwise (
            'the output holds the password')
        "$($script:events.Count) events without it"
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-UntrustedServer {
    # A server whose certificate this computer does not trust is reported as that, and is sent nothing.
    if (-not ('EccopsVerify.UntrustedServer' -as [type])) {
        Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;

namespace EccopsVerify
{
    public sealed class UntrustedServer
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;
        private volatile int received;

        public UntrustedServer(X509Certificate2 certificate)
        {
            this.certificate = certificate;
            listener.Start();
            Thread thread = new Thread(Serve);
            thread.IsBackground = true;
            thread.Start();
        }

        public int Port { get { return ((IPEndPoint)listener.LocalEndpoint).Port; } }

        /// <summary>Bytes that came through TLS.</summary>
        public int Received { get { return received; } }

        public void Stop() { listener.Stop(); }

        private void Serve()
        {
            while (true)
            {
                try
                {
                    using (TcpClient client = listener.AcceptTcpClient())
                    using (SslStream stream = new SslStream(client.GetStream(), false))
                    {
                        stream.AuthenticateAsServer(certificate, false, SslProtocols.Tls12, false);
                        received += stream.Read(new byte[8192], 0, 8192);
                    }
                }
                catch (SocketException) { return; }
                catch (Exception) { }
            }
        }
    }
}
'@
    }
    $place = New-Place
    $certificate = New-TestCertificate
    $server = New-Object -TypeName EccopsVerify.UntrustedServer -ArgumentList $certificate
    try {
        $address = "https://localhost:$($server.Port)"
        [IO.File]::WriteAllLines("$place\launcher.ini", [string[]] (
                '[portal]', "api_url = $address", "query_url = $address", '[account]', 'source = user'))
        $done = Invoke-Shell -Arguments "-File `"$Launcher`" --configuration `"$place\launcher.ini`" --check"
        $said = '(?m)^FAILED +connection: .* is not trusted: its certificate is not one that this computer trusts'
        Assert-True -Condition ($done.Output -match $said) -Otherwise "$($done.Output) $($done.Error)"
        Assert-True -Condition ($server.Received -eq 0) -Otherwise 'the server was sent something'
    }
    finally {
        $server.Stop()
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
[pscustomobject] @{ Name = 'event-log'; Needs = , 'administrator'; Test = ${function:Test-EventLog} }
[pscustomobject] @{ Name = 'module-logging'; Needs = , 'administrator'; Test = ${function:Test-ModuleLogging} }
[pscustomobject] @{ Name = 'untrusted-server'; Needs = , 'administrator'; Test = ${function:Test-UntrustedServer} }
[pscustomobject] @{ Name = 'hidden-window'; Needs = 'administrator', 'desktop'; Test = ${function:Test-HiddenWindow} }
