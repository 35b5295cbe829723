# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: the machine's certificate store, keys of CNG and their rights, client certificates by SChannel.

Set-StrictMode -Version 2

function New-TestCertificate {
    # Returns a certificate of LocalMachine\My with a key of the CNG key storage provider that cannot be exported.
    $wanted = @{
        Subject = 'CN=eccops-verify-' + [guid]::NewGuid().ToString('N')
        DnsName = 'localhost'
        CertStoreLocation = 'Cert:\LocalMachine\My'
        Provider = 'Microsoft Software Key Storage Provider'
        KeyExportPolicy = 'NonExportable'
        KeyAlgorithm = 'RSA'
        KeyLength = 2048
        NotAfter = [DateTime]::Now.AddHours(1)
        TextExtension = , '2.5.29.37={text}1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2'
    }
    $made = New-SelfSignedCertificate @wanted
    # PowerShell 7 is given a copy without the key.
    Get-Item -LiteralPath "Cert:\LocalMachine\My\$($made.Thumbprint)"
}

function Get-KeyPath {
    # Returns the file of a certificate's CNG key.
    param($Certificate)

    $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
    Assert-True -Condition ($key -is [Security.Cryptography.RSACng]) -Otherwise "the key is a $($key.GetType().Name)"
    "$env:ProgramData\Microsoft\Crypto\Keys\$($key.Key.UniqueName)"
}

function Test-MachineKey {
    # A key of CNG signs, is not exported, takes a rule for one account by SID, and leaves with its certificate.
    $certificate = New-TestCertificate
    $path = $null
    try {
        $path = Get-KeyPath -Certificate $certificate
        Assert-True -Condition ([IO.File]::Exists($path)) -Otherwise "there is no key file $path"
        $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
        $padding = [Security.Cryptography.RSASignaturePadding]::Pkcs1
        $signed = $key.SignData([byte[]] (1, 2, 3), [Security.Cryptography.HashAlgorithmName]::SHA256, $padding)
        Assert-True -Condition ($signed.Length -eq 256) -Otherwise 'the key signs nothing'
        $isExported = $true
        try { $null = $key.ExportParameters($true) }
        catch { $isExported = $false }
        Assert-True -Condition (-not $isExported) -Otherwise 'the key can be exported'
        $service = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList 'S-1-5-20'
        $rule = New-Object -TypeName System.Security.AccessControl.FileSystemAccessRule -ArgumentList @(
            $service, 'Read', 'Allow')
        $security = Get-Acl -LiteralPath $path
        $security.AddAccessRule($rule)
        Set-Acl -LiteralPath $path -AclObject $security
        $sddl = (Get-Acl -LiteralPath $path).Sddl
        Assert-True -Condition ($sddl -cmatch '\(A;;FR;;;NS\)') -Otherwise "the rule is not there: $sddl"
        "$($key.Key.Provider.Provider)"
    }
    finally {
        Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($certificate.Thumbprint)" -DeleteKey
    }
    Assert-True -Condition (-not [IO.File]::Exists($path)) -Otherwise "the key file $path is still there"
}

function Test-ClientCertificate {
    # SChannel presents a certificate of the machine's store whose key is of CNG, and the module's proof says so.
    Import-Requirement -Module win_rapidauth_sac_installation
    if (-not ('EccopsVerify.TlsServer' -as [type])) {
        Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;

namespace EccopsVerify
{
    /// <summary>Answers every request on this machine as RapidAuth does, and wants a client certificate.</summary>
    public sealed class TlsServer : IDisposable
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;

        public TlsServer(X509Certificate2 certificate)
        {
            this.certificate = certificate;
            Seen = Problem = "";
            listener.Start();
            Thread thread = new Thread(Serve);
            thread.IsBackground = true;
            thread.Start();
        }

        public int Port { get { return ((IPEndPoint)listener.LocalEndpoint).Port; } }

        /// <summary>The thumbprint of the client certificate of the last request.</summary>
        public string Seen { get; private set; }

        /// <summary>What went wrong in the last one.</summary>
        public string Problem { get; private set; }

        public void Dispose() { listener.Stop(); }

        private void Serve()
        {
            try { while (true) Answer(listener.AcceptTcpClient()); }
            catch (SocketException) { }
        }

        private void Answer(TcpClient client)
        {
            try
            {
                using (client)
                using (SslStream stream = new SslStream(client.GetStream(), false, delegate { return true; }))
                {
                    stream.ReadTimeout = stream.WriteTimeout = 20000;
                    stream.AuthenticateAsServer(certificate, true, SslProtocols.Tls12, false);
                    X509Certificate shown = stream.RemoteCertificate;
                    Seen = shown == null ? "" : new X509Certificate2(shown).Thumbprint;
                    stream.Read(new byte[8192], 0, 8192);
                    const string body = "{\"AnonId\": \"verify\", \"Status\": \"Uncollected\"}";
                    byte[] answer = Encoding.ASCII.GetBytes(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                        "Content-Length: " + body.Length + "\r\n\r\n" + body);
                    stream.Write(answer, 0, answer.Length);
                }
            }
            catch (Exception failure) { Problem = failure.Message; }
        }
    }
}
'@
    }
    $certificate = New-TestCertificate
    $trusted = $server = $null
    $roots = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Store -ArgumentList @(
        'Root', 'LocalMachine')
    try {
        $server = New-Object -TypeName EccopsVerify.TlsServer -ArgumentList $certificate
        $url = "https://localhost:$($server.Port)"
        $verdict = Get-Proof -Certificate $certificate -Url $url -TimeoutSeconds 20
        Assert-True -Condition ([string]::Equals($verdict.Kind, 'server_not_trusted')) -Otherwise (
            "a server that is not trusted: $($verdict.Kind) $($verdict.Message)")
        # The client is to trust that server, for as long as this item lasts.
        $roots.Open('ReadWrite')
        $trusted = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(
            , $certificate.RawData)
        $roots.Add($trusted)
        $verdict = Get-Proof -Certificate $certificate -Url $url -TimeoutSeconds 20
        Assert-True -Condition (-not $verdict.Kind) -Otherwise (
            "$($verdict.Kind) $($verdict.Message); the server says '$($server.Problem)'")
        Assert-True -Condition ([string]::Equals($server.Seen, $certificate.Thumbprint)) -Otherwise (
            "the server was shown '$($server.Seen)'")
    }
    finally {
        if ($trusted) {
            $roots.Remove($trusted)
        }
        $roots.Close()
        if ($server) {
            $server.Dispose()
        }
        Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($certificate.Thumbprint)" -DeleteKey
    }
}

[pscustomobject] @{ Name = 'machine-key'; Needs = , 'administrator'; Test = ${function:Test-MachineKey} }
[pscustomobject] @{ Name = 'client-certificate'; Needs = , 'administrator'; Test = ${function:Test-ClientCertificate} }
