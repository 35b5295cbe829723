# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

# How a certificate of ours is called in the machine's store. Programs look for the first name: one certificate has it.
$script:Name = 'eccops.rapid SAC'
$script:RoleNames = @{ current = $script:Name; new = $script:Name + ', not proved'; issuer = $script:Name + ' issuer' }
$script:ReplacedPattern = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    '\Aeccops\.rapid SAC, replaced ([1-9][0-9]{0,8})\z',
    [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
# Whoever is logged on, or a whole kind of accounts: what one of these may read, everybody may.
$script:WideSids = @('S-1-1-0', 'S-1-2-0', 'S-1-2-1', 'S-1-3-0', 'S-1-3-1', 'S-1-5-1', 'S-1-5-2', 'S-1-5-3', 'S-1-5-4',
    'S-1-5-6', 'S-1-5-7', 'S-1-5-11', 'S-1-5-13', 'S-1-5-14', 'S-1-5-15', 'S-1-5-17', 'S-1-5-32-545', 'S-1-5-32-546',
    'S-1-5-32-547', 'S-1-5-32-555', 'S-1-5-80-0', 'S-1-5-113', 'S-1-5-114', 'S-1-15-2-1', 'S-1-15-2-2')
$script:WideDomainPattern = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    '\AS-1-5-21-[0-9-]+-(513|514|515)\z', [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
# Why Windows does not open a key that is there; the text of an error is translated, its number is not.
$script:KeyFailures = @{
    '80070520' = 'Windows keeps the key in a profile, and this logon over the network has none'
    '80090016' = 'the key is not there: Windows kept it in a profile that this logon over the network does not load'
    '8009000d' = 'the key is not there'
    '80090011' = 'the key is not there'
    '80070002' = 'the key is not there'
    '8009000b' = 'the key was made on another computer or before this one was copied'
    '80070005' = 'this account may not read it'
    '80090010' = 'this account may not read it'
}

function Get-SacName {
    <#
    .SYNOPSIS
    Returns the friendly name of a certificate with this role: current, new, issuer or replaced.
    .PARAMETER Role
    The role.
    .PARAMETER Number
    For the role replaced: the higher, the later.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [ValidateSet('current', 'new', 'issuer', 'replaced')] [string] $Role,
        [int] $Number
    )
    if ($script:RoleNames.ContainsKey($Role)) {
        return $script:RoleNames[$Role]
    }
    '{0}, replaced {1}' -f $script:Name, $Number
}

function Get-SacRole {
    <#
    .SYNOPSIS
    Returns Role (current, new, issuer, replaced, or other for what is not ours) and Number of a friendly name.
    .PARAMETER FriendlyName
    The friendly name of a certificate.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([AllowEmptyString()] [AllowNull()] [string] $FriendlyName)

    foreach ($each in $script:RoleNames.GetEnumerator()) {
        if ([string]::Equals($FriendlyName, $each.Value, [StringComparison]::Ordinal)) {
            return [pscustomobject] @{ Role = $each.Key; Number = 0 }
        }
    }
    $match = $script:ReplacedPattern.Match([string] $FriendlyName)
    if ($match.Success) {
        return [pscustomobject] @{ Role = 'replaced'; Number = [int] $match.Groups[1].Value }
    }
    [pscustomobject] @{ Role = 'other'; Number = 0 }
}

function Get-SacPlan {
    <#
    .SYNOPSIS
    Decides what a run does: Outcome and Reason, IsSwitch (another SAC, or the same with another key, comes into use),
    Previous (the
    thumbprint in use before, or an empty text), Replaced (Thumbprint and Name of what gets another name), and Surplus
    (the thumbprints
    that are removed with their keys when all else is done).
    .PARAMETER Entry
    What is in the machine's store: objects with Thumbprint and FriendlyName.
    .PARAMETER Thumbprint
    The SAC that should be in use.
    .PARAMETER IsKeyUsable
    Whether its key is there, opens and signs.
    .PARAMETER KeptVersions
    How many SACs stay, with the current one.
    .PARAMETER Fault
    What else of the current SAC is not as it should be, in words, or an empty text.
    .PARAMETER IsUnfinished
    Whether an earlier run ended before a service was restarted.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Entry,
        [Parameter(Mandatory = $true)] [string] $Thumbprint,
        [Parameter(Mandatory = $true)] [int] $KeptVersions,
        [switch] $IsKeyUsable,
        [AllowEmptyString()] [string] $Fault,
        [switch] $IsUnfinished
    )
    $superseded, $older, $leftovers, $isCurrent, $isAnyCurrent, $highest = @(), @(), @(), $false, $false, 0
    foreach ($each in $Entry) {
        $found = Get-SacRole -FriendlyName $each.FriendlyName
        $isWanted = [string]::Equals($each.Thumbprint, $Thumbprint, [StringComparison]::OrdinalIgnoreCase)
        $highest = [Math]::Max($highest, $found.Number)
        if ([string]::Equals($found.Role, 'current')) {
            $isAnyCurrent = $true
            if ($isWanted) { $isCurrent = $true } else { $superseded += $each.Thumbprint }
        }
        elseif ([string]::Equals($found.Role, 'replaced') -and -not $isWanted) {
            $older += [pscustomobject] @{ Number = $found.Number; Thumbprint = $each.Thumbprint }
        }
        elseif ([string]::Equals($found.Role, 'new') -and -not $isWanted) {
            $leftovers += $each.Thumbprint
        }
    }
    $replaced = @(foreach ($each in $superseded) {
            $highest++
            [pscustomobject] @{ Thumbprint = $each; Name = Get-SacName -Role replaced -Number $highest }
        })
    $all = @(@($older | Sort-Object -Property Number) | ForEach-Object -Process { $_.Thumbprint }) + $superseded
    $count = [Math]::Max(0, $all.Count - ($KeptVersions - 1))
    $surplus = @($all | Select-Object -First $count) + $leftovers
    $isSwitch = $false
    $outcome, $reason = if (-not $isAnyCurrent) {
        $isSwitch = $true
        'installed', 'none is installed'
    }
    elseif (-not $isCurrent) {
        $isSwitch = $true
        'replaced', 'another SAC is wanted'
    }
    elseif (-not $IsKeyUsable) {
        $isSwitch = $true
        'rebuilt', 'its key is missing or cannot be used'
    }
    elseif ($superseded) { 'repaired', 'an earlier run ended while it replaced another SAC' }
    elseif ($Fault) { 'repaired', $Fault }
    elseif ($IsUnfinished) { 'reloaded', 'an earlier run ended before the service was restarted' }
    elseif ($surplus) { 'tidied', 'there is more than the versions that are kept' }
    else { 'unchanged', 'it is there already' }
    $previous = if ($superseded) { $superseded[-1] } elseif ($isCurrent) { $Thumbprint } else { '' }
    [pscustomobject] @{
        Outcome = $outcome; Reason = $reason; IsSwitch = $isSwitch; Previous = $previous
        Replaced = $replaced; Surplus = @($surplus)
    }
}

function Get-KeyAccess {
    <#
    .SYNOPSIS
    Returns who may do what with the file of a key, as SDDL: SYSTEM and the administrators all, one account read,
    nobody else anything.
    .PARAMETER AccountSid
    The SID of the account.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $AccountSid)

    $own = if (@('S-1-5-18', 'S-1-5-32-544') -contains $AccountSid) { '' } else { "(A;;FR;;;$AccountSid)" }
    "D:P(A;;FA;;;SY)(A;;FA;;;BA)$own"
}

function Test-SameAccess {
    <#
    .SYNOPSIS
    Says whether two security descriptors (SDDL) allow the same accounts the same, and inherit nothing.
    .PARAMETER Sddl
    The one that was read.
    .PARAMETER Wanted
    The one that is wanted.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)] [string] $Sddl,
        [Parameter(Mandatory = $true)] [string] $Wanted
    )
    $texts = foreach ($each in $Sddl, $Wanted) {
        $security = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $each
        $isClosed = $security.ControlFlags -band [System.Security.AccessControl.ControlFlags]::DiscretionaryAclProtected
        $rules = @(foreach ($rule in @($security.DiscretionaryAcl)) {
                if ($null -ne $rule) {
                    $who = $rule.SecurityIdentifier.Value
                    '{0} {1} {2:x} {3}' -f $rule.AceType, [int] $rule.AceFlags, $rule.AccessMask, $who
                }
            })
        [Array]::Sort($rules, [StringComparer]::Ordinal)
        '{0} {1} {2}' -f ($null -ne $security.DiscretionaryAcl), [bool] $isClosed, ($rules -join ', ')
    }
    [string]::Equals($texts[0], $texts[1], [StringComparison]::Ordinal)
}

function Test-WideAccount {
    <#
    .SYNOPSIS
    Says whether a SID stands for more than one account and its own group: everybody, all users of a computer or a
    domain.
    .PARAMETER Sid
    The SID.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [string] $Sid)

    $script:WideSids -contains $Sid -or $script:WideDomainPattern.IsMatch($Sid)
}

function Get-KeyFailure {
    <#
    .SYNOPSIS
    Returns why a key cannot be used, with the number of the error.
    .PARAMETER Code
    The HRESULT.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [int] $Code)

    $number = '{0:x8}' -f $Code
    $cause = 'Windows does not open it'
    if ($script:KeyFailures.ContainsKey($number)) {
        $cause = $script:KeyFailures[$number]
    }
    "$cause (0x$number)"
}

Export-ModuleMember -Function Get-SacName, Get-SacRole, Get-SacPlan, Get-KeyAccess, Test-SameAccess, Test-WideAccount,
    Get-KeyFailure
