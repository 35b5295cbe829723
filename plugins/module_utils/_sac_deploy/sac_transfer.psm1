# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# What the controller sends: certificates, and the key as PKCS#12 under a passphrase that a key of this position
# opens. Nothing secret is a
# parameter of a function here: parameters may be logged.
Set-StrictMode -Version 2

$script:SealingContainer = 'eccops.rapid SAC transport'
$script:BlockPattern = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    '-----BEGIN (CERTIFICATE|PKCS12)-----([A-Za-z0-9+/=\r\n]+)-----END \1-----',
    [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)

function Read-SacContent {
    <#
    .SYNOPSIS
    Returns Certificate, Issuers and Fingerprint of what the controller sent, and HasKey.
    .PARAMETER Module
    The module, whose option sac_content is read here, so that it is no parameter.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)] [object] $Module)

    $certificates, $hasKey = @(), $false
    foreach ($match in $script:BlockPattern.Matches([string] $Module.Params.sac_content)) {
        if ([string]::Equals($match.Groups[1].Value, 'PKCS12', [StringComparison]::Ordinal)) {
            $hasKey = $true
        }
        else {
            $bytes = [Convert]::FromBase64String($match.Groups[2].Value)
            $certificates += [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes)
        }
    }
    if ($certificates.Count -eq 0) {
        throw 'the position received no certificate; run the task by the name eccops.rapid.rapidauth_sac_installation'
    }
    [pscustomobject] @{
        Certificate = $certificates[0]; Issuers = @($certificates | Select-Object -Skip 1); HasKey = $hasKey
        Fingerprint = Get-Fingerprint -Certificate $certificates[0]
    }
}

function Get-SealingParameter {
    # Returns the parameters of the key by which the controller seals a passphrase on its way: one that lasts from
    # one task to the next.
    param([switch] $Existing)

    # 24 is PROV_RSA_AES.
    $parameters = New-Object -TypeName System.Security.Cryptography.CspParameters -ArgumentList 24
    $parameters.KeyContainerName = $script:SealingContainer
    $parameters.Flags = if ($Existing) { 'UseMachineKeyStore, UseExistingKey' } else { 'UseMachineKeyStore' }
    $parameters
}

function Remove-SealingKey {
    <#
    .SYNOPSIS
    Deletes the key by which a passphrase travels, if it is there.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param()

    if (-not $PSCmdlet.ShouldProcess($script:SealingContainer)) {
        return
    }
    try {
        $parameters = Get-SealingParameter -Existing
        $key = [System.Security.Cryptography.RSACryptoServiceProvider]::new($parameters)
        $key.PersistKeyInCsp = $false
        $key.Clear()
    }
    catch [System.Security.Cryptography.CryptographicException] {
        $null = $_  # it is not there
    }
}

function New-SealingKey {
    <#
    .SYNOPSIS
    Makes the key by which a passphrase travels, and returns its modulus in base64; the exponent is 65537.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([string])]
    param()

    Remove-SealingKey
    if ($PSCmdlet.ShouldProcess($script:SealingContainer)) {
        $parameters = Get-SealingParameter
        $key = [System.Security.Cryptography.RSACryptoServiceProvider]::new(2048, $parameters)
        [Convert]::ToBase64String($key.ExportParameters($false).Modulus)
        $key.Dispose()
    }
}

function Import-Sac {
    <#
    .SYNOPSIS
    Imports key and certificate into the machine's key store, not exportable, and returns the certificate, which no
    store holds yet.
    .PARAMETER Module
    The module, whose options sac_content and sac_passphrase are read here, so that they are no parameters.
    #>
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param([Parameter(Mandatory = $true)] [object] $Module)

    $passphrase = New-Object -TypeName System.Security.SecureString
    $bundle = $opened = $key = $null
    try {
        $parameters = Get-SealingParameter -Existing
        $key = [System.Security.Cryptography.RSACryptoServiceProvider]::new($parameters)
        $opened = $key.Decrypt([Convert]::FromBase64String($Module.Params.sac_passphrase), $true)
        foreach ($byte in $opened) {
            $passphrase.AppendChar([char] $byte)
        }
        foreach ($match in $script:BlockPattern.Matches($Module.Params.sac_content)) {
            if ([string]::Equals($match.Groups[1].Value, 'PKCS12', [StringComparison]::Ordinal)) {
                $bundle = [Convert]::FromBase64String($match.Groups[2].Value)
            }
        }
        # Without the flag Exportable, Windows keeps the key to itself.
        $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]'MachineKeySet, PersistKeySet'
        [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($bundle, $passphrase, $flags)
    }
    finally {
        foreach ($bytes in $opened, $bundle) {
            if ($null -ne $bytes) {
                [Array]::Clear($bytes, 0, $bytes.Length)
            }
        }
        $passphrase.Dispose()
        if ($null -ne $key) {
            $key.Dispose()
        }
        Remove-SealingKey
    }
}

Export-ModuleMember -Function Read-SacContent, New-SealingKey, Import-Sac
