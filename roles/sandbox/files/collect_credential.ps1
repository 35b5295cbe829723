# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
<#
.SYNOPSIS
Has a Windows position collect its credential from the sandbox: the twin of collect_credential.py.
.DESCRIPTION
Reads what was delivered, {"request_id", "anon_id"}, makes a key, asks the sandbox to sign it, and stores
certificate.cer and collected.json. The key is stored first, sealed for this computer, so that a lost answer loses no
key. For rehearsals only.
#>
param(
    [Parameter(Mandatory = $true)] [string] $RequestFile,
    [Parameter(Mandatory = $true)] [string] $DeviceUrl,
    [Parameter(Mandatory = $true)] [string] $CaPath,
    [string] $Store
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# PowerShell 7 refers to it of its own accord.
$references = @{}
if ($PSVersionTable.PSVersion.Major -lt 6) {
    $references.ReferencedAssemblies = 'System.Net.Http'
}
Add-Type @references -TypeDefinition @'
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

public static class RapidSandbox
{
    /// <summary>Returns {status, answer}. Speaks only to servers whose certificate the authority has signed.</summary>
    public static string[] Post(string url, string body, X509Certificate2 authority)
    {
        HttpClientHandler handler = new HttpClientHandler();
        handler.UseProxy = false;
        handler.ServerCertificateCustomValidationCallback = (message, certificate, chain, errors) =>
        {
            if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
            X509Chain own = new X509Chain();
            own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            own.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
            own.ChainPolicy.ExtraStore.Add(authority);
            if (!own.Build(certificate)) return false;
            return own.ChainElements[own.ChainElements.Count - 1].Certificate.Thumbprint == authority.Thumbprint;
        };
        using (HttpClient client = new HttpClient(handler))
        using (StringContent content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"))
        using (HttpResponseMessage answer = client.PostAsync(url, content).GetAwaiter().GetResult())
        {
            string text = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            return new string[] { ((int)answer.StatusCode).ToString(), text };
        }
    }
}
'@

function New-Key {
    param([string] $Path)

    $key = New-Object -TypeName System.Security.Cryptography.RSACryptoServiceProvider -ArgumentList 2048
    if ([IO.File]::Exists($Path)) {
        $sealed = [IO.File]::ReadAllBytes($Path)
        $key.ImportCspBlob([System.Security.Cryptography.ProtectedData]::Unprotect($sealed, $null, 'LocalMachine'))
    }
    else {
        $blob = $key.ExportCspBlob($true)
        $sealed = [System.Security.Cryptography.ProtectedData]::Protect($blob, $null, 'LocalMachine')
        [IO.File]::WriteAllBytes($Path, $sealed)
    }
    $key
}

Add-Type -AssemblyName System.Security
$delivered = [IO.File]::ReadAllText($RequestFile) | ConvertFrom-Json
if (-not $Store) {
    $Store = [IO.Path]::GetDirectoryName($RequestFile) + '\credential'
}
$null = [IO.Directory]::CreateDirectory($Store)
$collectedPath = "$Store\collected.json"
if ([IO.File]::Exists($collectedPath)) {
    $earlier = [IO.File]::ReadAllText($collectedPath) | ConvertFrom-Json
    if ($earlier.request_id -eq $delivered.request_id) {
        exit 0
    }
}
$key = New-Key -Path "$Store\key-$($delivered.request_id).dpapi"
$name = New-Object -TypeName System.Security.Cryptography.X509Certificates.X500DistinguishedName -ArgumentList ''
$request = New-Object -TypeName System.Security.Cryptography.X509Certificates.CertificateRequest -ArgumentList @(
    $name, $key, [System.Security.Cryptography.HashAlgorithmName]::SHA256,
    [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
$body = ConvertTo-Json -Depth 3 -InputObject @{
    Identifier = $delivered.request_id
    Device = @{ SerialNumber = [Environment]::MachineName; DeviceTypeName = 'Windows' }
    Certificate = @{
        ContainerName = 'RapidContainer'
        PKCS10 = [Convert]::ToBase64String($request.CreateSigningRequest())
    }
}
$certificateType = 'System.Security.Cryptography.X509Certificates.X509Certificate2'
$authority = New-Object -TypeName $certificateType -ArgumentList $CaPath
$status, $answer = [RapidSandbox]::Post($DeviceUrl.TrimEnd('/') + '/1.0/CollectCredential', $body, $authority)
if ($status -ne '200') {
    [Console]::Error.WriteLine("collect_credential: the sandbox did not issue the credential: HTTP $status, $answer")
    exit 1
}
$signed = [Convert]::FromBase64String(($answer | ConvertFrom-Json).Certificate)
$certificate = New-Object -TypeName $certificateType -ArgumentList @(, $signed)
[IO.File]::WriteAllBytes("$Store\certificate.cer", $certificate.RawData)
[IO.File]::WriteAllText($collectedPath, (ConvertTo-Json -Compress -InputObject @{
    request_id = $delivered.request_id; anon_id = $delivered.anon_id; serial = $certificate.SerialNumber }))
