# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

# SYSTEM, the administrators, TrustedInstaller.
$script:TrustedSids = 'S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
# Delete, delete children, change rules or owner, and what implies them.
$script:ExchangeMask = 0x100D0040
# These, write data, append, and write attributes of both kinds.
$script:WriteMask = 0x500D0156

function Find-Intruder {
    <#
    .SYNOPSIS
    Returns the SID of an account that could change what has this security, or nothing.
    .PARAMETER Sddl
    The owner and the access rules.
    .PARAMETER AccountSid
    The SID of the account that may, beside SYSTEM and the administrators.
    .PARAMETER ForAncestor
    Looks only for the rights by which what lies below could be exchanged. Anybody may add something of their own.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [string] $Sddl,
        [Parameter(Mandatory = $true)] [string] $AccountSid,
        [switch] $ForAncestor
    )
    $mask = if ($ForAncestor) { $script:ExchangeMask } else { $script:WriteMask }
    $trusted = $script:TrustedSids + $AccountSid
    $security = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $Sddl
    if ($null -eq $security.DiscretionaryAcl) {
        return 'S-1-1-0'
    }
    if ($trusted -notcontains $security.Owner.Value) {
        return $security.Owner.Value
    }
    foreach ($rule in $security.DiscretionaryAcl) {
        $isAllowing = $rule.AceQualifier -eq [System.Security.AccessControl.AceQualifier]::AccessAllowed
        if ($rule.AceFlags -band [System.Security.AccessControl.AceFlags]::InheritOnly) {
            continue  # it is for what will be made below
        }
        if ($isAllowing -and ($rule.AccessMask -band $mask) -and $trusted -notcontains $rule.SecurityIdentifier.Value) {
            return $rule.SecurityIdentifier.Value
        }
    }
}

Export-ModuleMember -Function Find-Intruder
