# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: a proxy by PAC, a network logon by WinRM, SSH.

Set-StrictMode -Version 2

function Test-ProxyByPac {
    # The proxy that a PAC file of the user's settings names is the one that .NET uses.
    if (-not ('EccopsVerify.PacServer' -as [type])) {
        Add-Type -TypeDefinition @'
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace EccopsVerify
{
    public sealed class PacServer
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);

        public PacServer()
        {
            listener.Start();
            Thread thread = new Thread(Serve);
            thread.IsBackground = true;
            thread.Start();
        }

        public int Port { get { return ((IPEndPoint)listener.LocalEndpoint).Port; } }

        public void Stop() { listener.Stop(); }

        private void Serve()
        {
            const string body = "function FindProxyForURL(url, host) { return 'PROXY eccops-verify.example:3128'; }";
            byte[] answer = Encoding.ASCII.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-ns-proxy-autoconfig\r\n" +
                "Connection: close\r\nContent-Length: " + body.Length + "\r\n\r\n" + body);
            try
            {
                while (true)
                    using (TcpClient client = listener.AcceptTcpClient())
                    {
                        NetworkStream stream = client.GetStream();
                        stream.Read(new byte[8192], 0, 8192);
                        stream.Write(answer, 0, answer.Length);
                    }
            }
            catch (SocketException) { }
        }
    }
}
'@
    }
    $server = New-Object -TypeName EccopsVerify.PacServer
    $key = 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Internet Settings'
    try {
        $address = "http://127.0.0.1:$($server.Port)/proxy.pac"
        $script = "[Net.WebRequest]::GetSystemWebProxy().GetProxy('https://portal.example/').Authority"
        $done = Use-Registry -Key $key -Name 'AutoConfigURL' -Value $address -Block {
            Invoke-Shell -Arguments "-Command `"$script`""
        }
    }
    finally {
        $server.Stop()
    }
    Assert-True -Condition ([string]::Equals($done.Output.Trim(), 'eccops-verify.example:3128')) -Otherwise (
        "the proxy is '$($done.Output.Trim())' $($done.Error)")
}

function Test-NetworkLogon {
    # A machine key that is imported over WinRM, whose logon has no profile, is there after the connection has ended.
    $session = $null
    try { $session = New-PSSession -ComputerName localhost }
    catch { Skip-Item -Reason "WinRM refuses a session on this machine: $($_.Exception.Message)" }
    $thumbprint = $null
    try {
        # The launcher's --check knows by this that nobody sees a page here.
        $isDesktop = Invoke-Command -Session $session -ScriptBlock { [Environment]::UserInteractive }
        Assert-True -Condition (-not $isDesktop) -Otherwise 'UserInteractive is true over WinRM'
        $thumbprint = Invoke-Command -Session $session -ScriptBlock {
            $parameters = New-Object -TypeName System.Security.Cryptography.CngKeyCreationParameters
            $parameters.KeyCreationOptions = [System.Security.Cryptography.CngKeyCreationOptions]::MachineKey
            $parameters.ExportPolicy = [System.Security.Cryptography.CngExportPolicies]::None
            $name = 'eccops-verify-' + [guid]::NewGuid().ToString('N')
            $rsaAlgorithm = [System.Security.Cryptography.CngAlgorithm]::Rsa
            $key = [System.Security.Cryptography.CngKey]::Create($rsaAlgorithm, $name, $parameters)
            $rsa = New-Object -TypeName System.Security.Cryptography.RSACng -ArgumentList $key
            $certificates = 'System.Security.Cryptography.X509Certificates'
            $request = New-Object -TypeName "$certificates.CertificateRequest" -ArgumentList @(
                "CN=$name", $rsa, [System.Security.Cryptography.HashAlgorithmName]::SHA256,
                [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
            $made = $request.CreateSelfSigned([DateTimeOffset]::Now.AddMinutes(-5), [DateTimeOffset]::Now.AddHours(1))
            $store = New-Object -TypeName "$certificates.X509Store" -ArgumentList 'My', 'LocalMachine'
            $store.Open('ReadWrite')
            $store.Add($made)
            $store.Close()
            $made.Thumbprint
        }
        Remove-PSSession -Session $session
        $session = $null
        $certificate = Get-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint"
        $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
        $padding = [Security.Cryptography.RSASignaturePadding]::Pkcs1
        $null = $key.SignData([byte[]] (1, 2, 3), [Security.Cryptography.HashAlgorithmName]::SHA256, $padding)
    }
    finally {
        if ($session) {
            Remove-PSSession -Session $session
        }
        if ($thumbprint) {
            Remove-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -DeleteKey
        }
    }
}

function Test-Ssh {
    # A command of PowerShell's over SSH: its exit code arrives, standard error is no CLIXML, and there is no desktop.
    $program = "$env:SystemRoot\System32\OpenSSH\ssh.exe"
    if (-not (Get-Service -Name sshd -ErrorAction SilentlyContinue) -or -not [IO.File]::Exists($program)) {
        Skip-Item -Reason 'OpenSSH is not installed'
    }
    $done = Invoke-Program -Path $program -Arguments ('-o BatchMode=yes -o ConnectTimeout=10 localhost ' +
        'powershell.exe -NoProfile -NonInteractive -Command ' +
        '"[Console]::Error.WriteLine([Environment]::UserInteractive); exit 5"')
    if ($done.Code -eq 255) {
        Skip-Item -Reason "this account cannot log on to localhost with a key: $($done.Error.Trim())"
    }
    Assert-True -Condition ($done.Code -eq 5) -Otherwise "the exit code is $($done.Code)"
    Assert-True -Condition (-not $done.Error.Contains('CLIXML')) -Otherwise 'standard error is CLIXML'
    # The launcher's --check knows by this that nobody sees a page here.
    Assert-True -Condition ([string]::Equals($done.Error.Trim(), 'False')) -Otherwise (
        "UserInteractive is '$($done.Error.Trim())'")
}

[pscustomobject] @{ Name = 'proxy-by-pac'; Needs = , 'Windows'; Test = ${function:Test-ProxyByPac} }
[pscustomobject] @{ Name = 'network-logon'; Needs = , 'administrator'; Test = ${function:Test-NetworkLogon} }
[pscustomobject] @{ Name = 'ssh'; Needs = , 'Windows'; Test = ${function:Test-Ssh} }
