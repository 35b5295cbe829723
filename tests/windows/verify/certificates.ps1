# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: the machine's certificate store, keys of CNG and their rights, client certificates by SChannel.

Set-StrictMode -Version 2

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
    # SChannel presents a certificate of the machine's store whose key is of CNG, and the server sees it.
    if (-not ('EccopsVerify.Handshake' -as [type])) {
        Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace EccopsVerify
{
    public static class Handshake
    {
        /// <summary>Returns the thumbprint of the certificate that a server on this machine was shown.</summary>
        public static string Run(X509Certificate2 certificate)
        {
            RemoteCertificateValidationCallback accept = delegate { return true; };
            TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            try
            {
                TcpClient client = new TcpClient("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
                using (SslStream near = new SslStream(client.GetStream(), false, accept))
                using (SslStream far = new SslStream(listener.AcceptTcpClient().GetStream(), false, accept))
                {
                    Task serving = far.AuthenticateAsServerAsync(certificate, true, SslProtocols.Tls12, false);
                    X509CertificateCollection shown = new X509CertificateCollection();
                    shown.Add(certificate);
                    Task asking = near.AuthenticateAsClientAsync("localhost", shown, SslProtocols.Tls12, false);
                    if (!Task.WaitAll(new Task[] { serving, asking }, 20000)) throw new TimeoutException();
                    return far.RemoteCertificate == null ? "" : new X509Certificate2(far.RemoteCertificate).Thumbprint;
                }
            }
            finally { listener.Stop(); }
        }
    }
}
'@
    }
    $certificate = New-TestCertificate
    try {
        $seen = [EccopsVerify.Handshake]::Run($certificate)
        Assert-True -Condition ([string]::Equals($seen, $certificate.Thumbprint)) -Otherwise (
            "the server was shown '$seen'")
    }
    finally {
        Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($certificate.Thumbprint)" -DeleteKey
    }
}

[pscustomobject] @{ Name = 'machine-key'; Needs = , 'administrator'; Test = ${function:Test-MachineKey} }
[pscustomobject] @{ Name = 'client-certificate'; Needs = , 'administrator'; Test = ${function:Test-ClientCertificate} }
