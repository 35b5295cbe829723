# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

# SYSTEM, the administrators, TrustedInstaller; CREATOR OWNER stands for whoever makes something in a directory.
$script:TrustedSids = 'S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464', 'S-1-3-0'
# Write data, append, write attributes (both kinds), delete, delete children, change rules or owner, and what implies them.
$script:WriteMask = 0x500D0156

function Find-Intruder {
    <#
    .SYNOPSIS
    Returns the SID of an account that could change what has this security, or nothing.
    .PARAMETER Sddl
    The owner and the access rules.
    .PARAMETER AccountSid
    The SID of the account that may, beside SYSTEM and the administrators.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [string] $Sddl,
        [Parameter(Mandatory = $true)] [string] $AccountSid
    )
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
        if ($isAllowing -and ($rule.AccessMask -band $script:WriteMask) -and $trusted -notcontains $rule.SecurityIdentifier.Value) {
            return $rule.SecurityIdentifier.Value
        }
    }
}

Export-ModuleMember -Function Find-Intruder
