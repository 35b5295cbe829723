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
    # SChannel presents a certificate of the machine's store whose key is of CNG, and the module's proof says so.
    Import-Requirement -Module win_rapidauth_sac_installation
    $certificate = New-TestCertificate
    $trusted = $server = $null
    $roots = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Store -ArgumentList @(
        'Root', 'LocalMachine')
    try {
        $server = New-TlsServer -Certificate $certificate -Asking
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
