# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: a SAC on its way into the machine's store and out of it, by the module's own functions.

Set-StrictMode -Version 2

function New-Sac {
    # Returns what the controller sends, for a certificate with a key of this algorithm: Thumbprint, Certificate (PEM),
    # Bundle (PEM) and Passphrase. No store has it any more.
    param([string] $Algorithm)

    $wanted = @{
        Subject = 'CN=eccops-verify-' + [guid]::NewGuid().ToString('N')
        CertStoreLocation = 'Cert:\LocalMachine\My'
        # Windows names it in the PKCS#12, as the controller does: without that name the key is none of CNG's.
        Provider = 'Microsoft Software Key Storage Provider'
        KeyExportPolicy = 'Exportable'
        KeyAlgorithm = $Algorithm
        NotAfter = [DateTime]::Now.AddHours(1)
    }
    $path = "Cert:\LocalMachine\My\$((New-SelfSignedCertificate @wanted).Thumbprint)"
    try {
        $certificate = Get-Item -LiteralPath $path
        $passphrase = [guid]::NewGuid().ToString('N')
        $bytes = $certificate.Export([Security.Cryptography.X509Certificates.X509ContentType]::Pfx, $passphrase)
        $encoded = [Convert]::ToBase64String($certificate.RawData)
        [pscustomobject] @{
            Thumbprint = $certificate.Thumbprint
            Passphrase = $passphrase
            Certificate = "-----BEGIN CERTIFICATE-----`n$encoded`n-----END CERTIFICATE-----`n"
            Bundle = "-----BEGIN PKCS12-----`n$([Convert]::ToBase64String($bytes))`n-----END PKCS12-----`n"
        }
    }
    finally {
        Remove-Item -LiteralPath $path -DeleteKey
    }
}

function New-Call {
    # Returns what the module's functions read of a task.
    param([string] $State)

    [pscustomobject] @{
        CheckMode = $false
        Params = @{
            state = $State; sac_content = ''; sac_passphrase = ''; owner = 'S-1-5-20'; kept_versions = 2; probe = $false
            probe_in_check_mode = $false; reloaded_service = ''; api_url = ''; timeout_seconds = 30
        }
    }
}

function Protect-Passphrase {
    # Returns the passphrase as the controller sends it to the position that made this key.
    param([string] $Passphrase, [string] $Modulus)

    $parameters = New-Object -TypeName System.Security.Cryptography.RSAParameters
    $parameters.Modulus = [Convert]::FromBase64String($Modulus)
    $parameters.Exponent = [byte[]] (1, 0, 1)
    $key = New-Object -TypeName System.Security.Cryptography.RSACryptoServiceProvider
    $key.ImportParameters($parameters)
    [Convert]::ToBase64String($key.Encrypt([Text.Encoding]::ASCII.GetBytes($Passphrase), $true))
    $key.Dispose()
}

function Get-Transport {
    # Returns the key by which the passphrase travels, or nothing where there is none.
    $parameters = New-Object -TypeName System.Security.Cryptography.CspParameters -ArgumentList 24
    $parameters.KeyContainerName = 'eccops.rapid SAC transport'
    $parameters.Flags = 'UseMachineKeyStore, UseExistingKey'
    try { New-Object -TypeName System.Security.Cryptography.RSACryptoServiceProvider -ArgumentList $parameters }
    catch { return }
}

function Get-NameElsewhere {
    # Returns the friendly name of a certificate as another process finds it in the store; '-' where it is not there.
    param([string] $Thumbprint)

    $path = "Cert:\LocalMachine\My\$Thumbprint"
    $script = "if (Test-Path -Path $path) { (Get-Item -Path $path).FriendlyName } else { '-' }"
    (Invoke-Shell -Arguments "-Command `"$script`"").Output.Trim()
}

function Get-Stored {
    # Returns the certificate of the machine's store with this thumbprint.
    param([string] $Thumbprint)

    @(Select-Thumbprint -Certificate @(Get-StoreEntry) -Thumbprint $Thumbprint)[0]
}

function Confirm-Transport {
    # The key of the transport is there, and no user may open its file.
    $key = Get-Transport
    Assert-True -Condition ($null -ne $key) -Otherwise 'no key of the transport was made'
    $name = $key.CspKeyContainerInfo.UniqueKeyContainerName
    $key.Dispose()
    $sddl = [EccopsClosedFile]::ReadSecurity("$env:ProgramData\Microsoft\Crypto\RSA\MachineKeys\$name")
    Import-Requirement -Module win_rapidauth_collection
    Assert-True -Condition (-not (Test-ReadableByAll -Sddl $sddl)) -Otherwise "the key of the transport has $sddl"
}

function Confirm-StoredKey {
    # The key is one of CNG that cannot be exported, and its file has exactly the rights that are wanted.
    param([string] $Thumbprint)

    $stored = Get-Stored -Thumbprint $Thumbprint
    $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($stored)
    if ($null -eq $key) {
        $key = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPrivateKey($stored)
    }
    Assert-True -Condition ($key.GetType().Name.EndsWith('Cng')) -Otherwise "is a $($key.GetType().Name)"
    $provider = $key.Key.Provider.Provider
    Assert-True -Condition ([string]::Equals($provider, 'Microsoft Software Key Storage Provider')) -Otherwise (
        "the key is in $provider")
    $policy = [string] $key.Key.ExportPolicy
    Assert-True -Condition ([string]::Equals($policy, 'None')) -Otherwise "the key can be exported: $policy"
    $key.Dispose()
    $path = Get-KeyFile -Certificate $stored
    Assert-True -Condition ([bool] $path) -Otherwise 'the file of the key is not found'
    $sddl = Get-FileAccess -Path $path
    $wanted = 'D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;NS)'
    Assert-True -Condition (Test-SameAccess -Sddl $sddl -Wanted $wanted) -Otherwise "the key's file has $sddl"
    Assert-True -Condition ((Test-Key -Certificate $stored) -eq 0) -Otherwise 'the key does not sign'
    $path
}

function Confirm-Removal {
    # Without its key a certificate is found to be unusable, and both leave.
    param([string] $Thumbprint, [string] $Path)

    $stored = Get-Stored -Thumbprint $Thumbprint
    Remove-Key -Certificate $stored -Confirm:$false
    Assert-True -Condition (-not [IO.File]::Exists($Path)) -Otherwise "the key file $Path is still there"
    $code = Test-Key -Certificate (Get-Stored -Thumbprint $Thumbprint)
    Assert-True -Condition ($code -ne 0) -Otherwise 'a key that was deleted signs'
    $result = Invoke-SacOperation -Module (New-Call -State absent)
    Assert-True -Condition ([string]::Equals($result.outcome, 'removed')) -Otherwise "is $($result.outcome)"
    $name = Get-NameElsewhere -Thumbprint $Thumbprint
    Assert-True -Condition ([string]::Equals($name, '-')) -Otherwise "another process still finds '$name'"
    'without its key: 0x{0:x8}' -f $code
}

function Test-Installation {
    # A SAC is installed in two calls, as the controller does it, is not touched by a third one, and is removed.
    param([string] $Algorithm)

    Import-Requirement -Module win_rapidauth_sac_installation
    $roles = @(Get-StoreEntry; Get-StoreEntry -Issuer) | ForEach-Object -Process {
        (Get-SacRole -FriendlyName $_.FriendlyName).Role
    }
    if (@($roles | Where-Object -FilterScript { $_ -ne 'other' }).Count -gt 0 -or (Test-Unfinished)) {
        Skip-Item -Reason 'this machine has a SAC that this collection installed, which stays as it is'
    }
    $sac = New-Sac -Algorithm $Algorithm
    $call = New-Call -State present
    try {
        $call.Params.sac_content = $sac.Certificate
        $result = Invoke-SacOperation -Module $call
        Assert-True -Condition ($result.ContainsKey('sealing_key')) -Otherwise 'the position does not ask for the key'
        Confirm-Transport
        $call.Params.sac_content += $sac.Bundle
        $sealed = Protect-Passphrase -Passphrase $sac.Passphrase -Modulus $result.sealing_key
        $call.Params.sac_passphrase = $sealed
        $result = Invoke-SacOperation -Module $call
        Assert-True -Condition ([string]::Equals($result.outcome, 'installed')) -Otherwise "is $($result.outcome)"
        Assert-True -Condition ($null -eq (Get-Transport)) -Otherwise 'the key of the transport is still there'
        $path = Confirm-StoredKey -Thumbprint $sac.Thumbprint
        $name = Get-NameElsewhere -Thumbprint $sac.Thumbprint
        Assert-True -Condition ([string]::Equals($name, 'eccops.rapid SAC')) -Otherwise (
            "another process finds the name '$name'")
        $call.Params.sac_content = $sac.Certificate
        $result = Invoke-SacOperation -Module $call
        Assert-True -Condition ([string]::Equals($result['outcome'], 'unchanged')) -Otherwise (
            "a second run is $($result['outcome']): $($result['reason'])")
        Confirm-Removal -Thumbprint $sac.Thumbprint -Path $path
    }
    finally {
        $null = Invoke-SacOperation -Module (New-Call -State absent)
        $key = Get-Transport
        if ($key) {
            $key.PersistKeyInCsp = $false
            $key.Clear()
        }
    }
}

function Test-RsaInstallation {
    # A SAC with an RSA key.
    Test-Installation -Algorithm 'RSA'
}

function Test-EcInstallation {
    # A SAC with a key on an elliptic curve.
    Test-Installation -Algorithm 'ECDSA_nistP256'
}

[pscustomobject] @{ Name = 'sac-rsa'; Needs = , 'administrator'; Test = ${function:Test-RsaInstallation} }
[pscustomobject] @{ Name = 'sac-ec'; Needs = , 'administrator'; Test = ${function:Test-EcInstallation} }
