# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# The machine's stores of certificates: what is there, and each change with the way back. Nothing secret is a
# parameter of a function here.
Set-StrictMode -Version 2

$script:My = [System.Security.Cryptography.X509Certificates.StoreName]::My
$script:Issuers = [System.Security.Cryptography.X509Certificates.StoreName]::CertificateAuthority
$script:MarkPath = 'SOFTWARE\eccops.rapid SAC installation'

function Open-MachineStore {
    # Returns an open store of the machine.
    param([System.Security.Cryptography.X509Certificates.StoreName] $Name, [switch] $ReadOnly)

    $place = [System.Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine
    $store = [System.Security.Cryptography.X509Certificates.X509Store]::new($Name, $place)
    $flag = if ($ReadOnly) { 'ReadOnly' } else { 'ReadWrite' }
    $store.Open([System.Security.Cryptography.X509Certificates.OpenFlags] $flag)
    Write-Output -InputObject $store -NoEnumerate
}

function Find-Certificate {
    # Returns the certificate of an open store with a thumbprint, or nothing. What is not disposed of keeps the
    # store open.
    param([System.Security.Cryptography.X509Certificates.X509Store] $Store, [string] $Thumbprint)

    foreach ($each in $Store.Certificates) {
        if ([string]::Equals($each.Thumbprint, $Thumbprint, [StringComparison]::OrdinalIgnoreCase)) {
            $each
        }
        else {
            $each.Dispose()
        }
    }
}

function Get-Fingerprint {
    <#
    .SYNOPSIS
    Returns the SHA-256 of a certificate in hexadecimal digits.
    .PARAMETER Certificate
    The certificate.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $algorithm = [System.Security.Cryptography.SHA256]::Create()
    try {
        [BitConverter]::ToString($algorithm.ComputeHash($Certificate.RawData)).Replace('-', '').ToLowerInvariant()
    }
    finally {
        $algorithm.Dispose()
    }
}

function Remove-Sac {
    <#
    .SYNOPSIS
    Removes a certificate from the machine's personal store, its key first.
    .PARAMETER Thumbprint
    The thumbprint.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([Parameter(Mandatory = $true)] [string] $Thumbprint)

    $store = Open-MachineStore -Name $script:My
    $found = $null
    try {
        $found = Find-Certificate -Store $store -Thumbprint $Thumbprint
        if ($null -ne $found -and $PSCmdlet.ShouldProcess($Thumbprint)) {
            Remove-Key -Certificate $found -Confirm:$false
            Remove-Entry -Store $store -Certificate $found -Confirm:$false
        }
    }
    finally {
        if ($null -ne $found) {
            $found.Dispose()
        }
        $store.Close()
    }
}

function Set-SacName {
    <#
    .SYNOPSIS
    Gives a certificate of the machine's personal store another friendly name.
    .PARAMETER Thumbprint
    The thumbprint.
    .PARAMETER Name
    The friendly name.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [string] $Thumbprint,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Name
    )
    $store = Open-MachineStore -Name $script:My
    $found = $null
    try {
        $found = Find-Certificate -Store $store -Thumbprint $Thumbprint
        if ($PSCmdlet.ShouldProcess($Thumbprint)) {
            Set-FriendlyName -Store $store -Certificate $found -Name $Name -Confirm:$false
        }
    }
    finally {
        if ($null -ne $found) {
            $found.Dispose()
        }
        $store.Close()
    }
}

function Add-Certificate {
    <#
    .SYNOPSIS
    Puts a certificate into a store of the machine, in place of one that is the same.
    .PARAMETER Certificate
    The certificate; a key that belongs to it is in the key store already.
    .PARAMETER Name
    Its friendly name.
    .PARAMETER Issuer
    Into the store of intermediate authorities instead of the personal one; never into that of roots.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Name,
        [switch] $Issuer
    )
    $where = if ($Issuer) { $script:Issuers } else { $script:My }
    $store = Open-MachineStore -Name $where
    $found = $null
    try {
        if ($PSCmdlet.ShouldProcess($Certificate.Thumbprint)) {
            $found = Find-Certificate -Store $store -Thumbprint $Certificate.Thumbprint
            if ($null -ne $found) {
                Remove-Entry -Store $store -Certificate $found -Confirm:$false
            }
            $Certificate.FriendlyName = $Name
            $store.Add($Certificate)
        }
    }
    finally {
        if ($null -ne $found) {
            $found.Dispose()
        }
        $store.Close()
    }
}

function Remove-Issuer {
    <#
    .SYNOPSIS
    Removes the intermediate certificates that were put there here: those with these thumbprints, or all.
    .PARAMETER Thumbprint
    The thumbprints; without them all.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([int])]
    param([string[]] $Thumbprint)

    $store = Open-MachineStore -Name $script:Issuers
    $count = 0
    try {
        foreach ($each in $store.Certificates) {
            $role = (Get-SacRole -FriendlyName $each.FriendlyName).Role
            $isOurs = [string]::Equals($role, 'issuer', [StringComparison]::Ordinal)
            $isMeant = -not $PSBoundParameters.ContainsKey('Thumbprint') -or $Thumbprint -contains $each.Thumbprint
            if ($isOurs -and $isMeant -and $PSCmdlet.ShouldProcess($each.Thumbprint)) {
                Remove-Entry -Store $store -Certificate $each -Confirm:$false
                $count++
            }
            $each.Dispose()
        }
    }
    finally {
        $store.Close()
    }
    $count
}

function Get-StoreEntry {
    <#
    .SYNOPSIS
    Returns the certificates of the machine's personal store, or of its store of intermediate authorities.
    .PARAMETER Issuer
    Of intermediate authorities.
    #>
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param([switch] $Issuer)

    $where = if ($Issuer) { $script:Issuers } else { $script:My }
    $store = Open-MachineStore -Name $where -ReadOnly
    try {
        foreach ($each in $store.Certificates) {
            $each
        }
    }
    finally {
        $store.Close()
    }
}

function Select-Thumbprint {
    <#
    .SYNOPSIS
    Returns those of the certificates that have a thumbprint.
    .PARAMETER Certificate
    The certificates.
    .PARAMETER Thumbprint
    The thumbprint.
    #>
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param(
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [AllowNull()] [object[]] $Certificate,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Thumbprint
    )
    foreach ($each in $Certificate) {
        if ([string]::Equals($each.Thumbprint, $Thumbprint, [StringComparison]::OrdinalIgnoreCase)) {
            $each
        }
    }
}

function Test-Unfinished {
    <#
    .SYNOPSIS
    Says whether a run ended between a switch to another SAC and the restart of the service.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($script:MarkPath)
    if ($null -ne $key) {
        $key.Close()
    }
    $null -ne $key
}

function Set-Unfinished {
    <#
    .SYNOPSIS
    Records that a service still has to be restarted, or that it was.
    .PARAMETER IsUnfinished
    Whether it still has to be.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([Parameter(Mandatory = $true)] [bool] $IsUnfinished)

    if (-not $PSCmdlet.ShouldProcess($script:MarkPath)) {
        return
    }
    if ($IsUnfinished) {
        [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey($script:MarkPath).Close()
    }
    else {
        [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKey($script:MarkPath, $false)
    }
}

Export-ModuleMember -Function Get-Fingerprint, Remove-Sac, Set-SacName, Add-Certificate, Remove-Issuer, Get-StoreEntry,
    Select-Thumbprint, Test-Unfinished, Set-Unfinished
