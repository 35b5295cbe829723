# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

# SYSTEM, the administrators, TrustedInstaller.
$script:TrustedSids = 'S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
# Delete, delete children, change rules or owner, and what implies them.
$script:ExchangeMask = 0x100D0040
# These, write data, append, and write attributes of both kinds.
$script:WriteMask = 0x500D0156
# Users, Everyone, Authenticated Users, Interactive.
$script:EverybodySids = 'S-1-5-32-545', 'S-1-1-0', 'S-1-5-11', 'S-1-5-4'
# Read, write with delete, and execute, each with the right to read attributes and rights.
$script:ModeBits = @{ Bit = 4; Mask = 0x120089 }, @{ Bit = 2; Mask = 0x130116 }, @{ Bit = 1; Mask = 0x1200a0 }

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

function Find-PathIntruder {
    <#
    .SYNOPSIS
    Returns in words who else could change what a directory's path leads to, or nothing. What does not exist yet is
    passed over.
    .PARAMETER HoldsFile
    Nobody else may put a file into the directory itself. Further up anybody may add something of their own.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [switch] $HoldsFile
    )
    $isHolder = [bool] $HoldsFile
    for ($place = $Path; $place -and $place.Length -gt 3; $place = [IO.Path]::GetDirectoryName($place)) {
        if ([IO.File]::Exists($place)) {
            return "$place is not a directory"
        }
        if ([IO.Directory]::Exists($place)) {
            if ([IO.File]::GetAttributes($place) -band [IO.FileAttributes]::ReparsePoint) {
                return "$place leads elsewhere"
            }
            $found = @{ Sddl = [EccopsClosedFile]::ReadSecurity($place); AccountSid = [EccopsClosedFile]::Account() }
            $intruder = Find-Intruder @found -ForAncestor:(-not $isHolder)
            if ($intruder) {
                return "$place can be changed by $intruder"
            }
        }
        $isHolder = $false
    }
}

function Resolve-AccountSid {
    <#
    .SYNOPSIS
    Returns the SID of an account or group that is given by its SID or its name, or nothing. Names differ between
    languages.
    .PARAMETER Name
    The SID, or the name as services have it too: LocalSystem, and .\name for an account of this computer.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Name)

    if ([string]::Equals($Name, 'LocalSystem', [StringComparison]::OrdinalIgnoreCase)) {
        return 'S-1-5-18'
    }
    if ($Name.StartsWith('.\', [StringComparison]::Ordinal)) {
        $Name = [Environment]::MachineName + $Name.Substring(1)
    }
    try {
        if ([regex]::IsMatch($Name, '^[Ss]-1-[0-9-]+\z', [Text.RegularExpressions.RegexOptions]::CultureInvariant)) {
            $kind = 'System.Security.Principal.SecurityIdentifier'
            return (New-Object -TypeName $kind -ArgumentList $Name.ToUpperInvariant()).Value
        }
        $account = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList $Name
        $account.Translate([System.Security.Principal.SecurityIdentifier]).Value
    }
    catch {
        return
    }
}

function ConvertTo-Sddl {
    <#
    .SYNOPSIS
    Returns owner and access rules as SDDL for the mode of a POSIX file: the owner, SYSTEM and the administrators have
    full control, the group has what the second digit says, the group Users what the third one says. Nothing is
    inherited.
    .PARAMETER Mode
    The permissions, as a number.
    .PARAMETER IsDirectory
    What is made below inherits the rules.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [int] $Mode,
        [Parameter(Mandatory = $true)] [string] $OwnerSid,
        [string] $GroupSid,
        [switch] $IsDirectory
    )
    $inheritance = if ($IsDirectory) { 'OICI' } else { '' }
    $rules = "(A;$inheritance;0x1f01ff;;;S-1-5-18)(A;$inheritance;0x1f01ff;;;S-1-5-32-544)"
    if ('S-1-5-18', 'S-1-5-32-544' -notcontains $OwnerSid) {
        $rules += "(A;$inheritance;0x1f01ff;;;$OwnerSid)"
    }
    $digits = @{ Sid = $GroupSid; Digit = ($Mode -shr 3) -band 7 }, @{ Sid = 'S-1-5-32-545'; Digit = $Mode -band 7 }
    foreach ($each in $digits) {
        $mask = 0
        foreach ($bit in $script:ModeBits) {
            if ($each.Digit -band $bit.Bit) {
                $mask = $mask -bor $bit.Mask
            }
        }
        if ($each.Sid -and $mask) {
            $rules += '(A;{0};0x{1:x};;;{2})' -f $inheritance, $mask, $each.Sid
        }
    }
    "O:${OwnerSid}D:P$rules"
}

function Test-SameSecurity {
    <#
    .SYNOPSIS
    Says whether two texts in SDDL mean the same owner and the same rules, whatever their order.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)] [string] $Sddl,
        [Parameter(Mandatory = $true)] [string] $OtherSddl
    )
    $first = Get-SecurityLine -Sddl $Sddl
    $second = Get-SecurityLine -Sddl $OtherSddl
    [string]::Equals($first, $second, [StringComparison]::Ordinal)
}

function Test-ReadableByAll {
    <#
    .SYNOPSIS
    Says whether every user may read what has this security: the content may be shown then.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [string] $Sddl)

    $security = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $Sddl
    if ($null -eq $security.DiscretionaryAcl) {
        return $true
    }
    foreach ($rule in $security.DiscretionaryAcl) {
        $isAllowing = $rule.AceQualifier -eq [System.Security.AccessControl.AceQualifier]::AccessAllowed
        $isEverybody = $script:EverybodySids -contains $rule.SecurityIdentifier.Value
        if ($isAllowing -and $isEverybody -and ($rule.AccessMask -band 1)) {
            return $true
        }
    }
    $false
}

function Get-SecurityLine {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Sddl)

    $security = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $Sddl
    $isProtected = $security.ControlFlags -band [System.Security.AccessControl.ControlFlags]::DiscretionaryAclProtected
    $rules = foreach ($rule in $security.DiscretionaryAcl) {
        $sid = $rule.SecurityIdentifier.Value
        '{0} {1} {2:x} {3}' -f [int] $rule.AceType, [int] $rule.AceFlags, $rule.AccessMask, $sid
    }
    "$($security.Owner.Value) $([bool] $isProtected) $(($rules | Sort-Object) -join ',')"
}

Export-ModuleMember -Function ConvertTo-Sddl, Find-Intruder, Find-PathIntruder, Resolve-AccountSid, Test-ReadableByAll,
    Test-SameSecurity
