# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# How a Windows position differs from what it should be: decided first, so that check mode and diff cannot lie.
Set-StrictMode -Version 2

$script:Hidden = "(secret: not shown)`n"
$script:HiddenChange = "(secret: changed, not shown)`n"
# A line of a program that says which version it is.
$script:VersionLine = '^(?:VERSION|\$Version) *= *(["''])([0-9][0-9A-Za-z.+-]{0,40})\1'

function Compare-Wanted {
    <#
    .SYNOPSIS
    Returns what has to change, directories first; touches nothing.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param(
        [Parameter(Mandatory = $true)] [object[]] $Directory,
        [Parameter(Mandatory = $true)] [object[]] $File,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Key
    )
    foreach ($each in $Directory) {
        $attributes = Read-Attribute -Path $each.Path
        if ($null -eq $attributes) {
            New-Change -Wanted $each -Before '' -After "rights $($each.Sddl)`n"
            continue
        }
        $isLink = $attributes -band [IO.FileAttributes]::ReparsePoint
        if ($isLink -or -not ($attributes -band [IO.FileAttributes]::Directory)) {
            throw New-Failure -Message ("$($each.Path) already exists and is not a directory; nothing was changed: " +
                'remove it and run again')
        }
        Compare-Security -Wanted $each
    }
    foreach ($each in $File) {
        Compare-File -Wanted $each -Directory $Directory
    }
    foreach ($each in $Key) {
        $before = Format-RegistryTree -Value @(Read-RegistryTree -Path $each.Path)
        $after = Format-RegistryTree -Value @($each.Values)
        if (-not [string]::Equals($before, $after, [StringComparison]::Ordinal)) {
            $wanted = [pscustomobject] @{
                Kind = 'key'; Path = "HKLM\$($each.Path)"; Key = $each.Path; Values = @($each.Values)
            }
            New-Change -Wanted $wanted -Before $before -After $after
        }
    }
}

function Compare-File {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([object] $Wanted, [object[]] $Directory)

    $path = $Wanted.Path
    $attributes = Read-Attribute -Path $path
    if ($null -ne $attributes -and $attributes -band [IO.FileAttributes]::Directory) {
        $own = @($Directory | Where-Object -FilterScript {
                $path.StartsWith($_.Path + '\', [StringComparison]::OrdinalIgnoreCase)
            })
        if ($null -ne $Wanted.Content -or $own.Count -eq 0) {
            throw New-Failure -Message ("$path already exists and is not a file; nothing was changed: remove it and " +
                'run again')
        }
        $leftover = [pscustomobject] @{ Kind = 'leftover'; Path = $path }
        return (New-Change -Wanted $leftover -Before "directory`n" -After '')
    }
    $after = ''
    if ($null -ne $Wanted.Content) {
        $isShown = $Wanted.IsOpen -and -not $Wanted.IsSecret
        $after = Format-Content -Content $Wanted.Content -IsShown $isShown -IsHash $Wanted.IsShownByHash
    }
    if ($null -eq $attributes) {
        if ($null -ne $Wanted.Content) {
            New-Change -Wanted $Wanted -Before '' -After $after
        }
        return
    }
    if ($attributes -band [IO.FileAttributes]::ReparsePoint) {
        return (New-Change -Wanted $Wanted -Before "a link`n" -After $after)
    }
    $content = [EccopsClosedFile]::Read($path)
    if ($Wanted.Purpose) {
        $content = Unprotect-Content -Content $content -Purpose $Wanted.Purpose
    }
    $isShown = $Wanted.IsOpen -and -not $Wanted.IsSecret
    $isShown = $isShown -and (Test-ReadableByAll -Sddl ([EccopsClosedFile]::ReadSecurity($path)))
    $before = Format-Content -Content $content -IsShown $isShown -IsHash $Wanted.IsShownByHash
    if ($null -eq $Wanted.Content) {
        return (New-Change -Wanted $Wanted -Before $before -After '')
    }
    if (-not (Test-SameContent -Content $content -Other $Wanted.Content)) {
        $pair = @{ Content = $content; Other = $Wanted.Content; IsShown = $isShown; IsHash = $Wanted.IsShownByHash }
        $before, $after = Format-Difference @pair
        return (New-Change -Wanted $Wanted -Before $before -After $after)
    }
    Compare-Security -Wanted $Wanted
}

function Compare-Security {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([object] $Wanted)

    $found = [EccopsClosedFile]::ReadSecurity($Wanted.Path)
    if (-not (Test-SameSecurity -Sddl $found -OtherSddl $Wanted.Sddl)) {
        New-Change -Wanted $Wanted -Before "rights $found`n" -After "rights $($Wanted.Sddl)`n"
    }
}

function Read-Attribute {
    <#
    .SYNOPSIS
    Returns the attributes of what is at a path, of a link itself, or nothing.
    #>
    [CmdletBinding()]
    [OutputType([IO.FileAttributes])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    try {
        [IO.File]::GetAttributes($Path)
    }
    catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        return
    }
}

function Test-SameContent {
    [OutputType([bool])]
    param([byte[]] $Content, [byte[]] $Other)

    if ($null -eq $Content) {
        return $false
    }
    $text = [Convert]::ToBase64String($Content)
    [string]::Equals($text, [Convert]::ToBase64String($Other), [StringComparison]::Ordinal)
}

# Returns both contents as the diff shows them, never alike: else it would show nothing.
function Format-Difference {
    [OutputType([string[]])]
    param([byte[]] $Content, [byte[]] $Other, [bool] $IsShown, [bool] $IsHash)

    if (-not $IsShown) {
        return $script:Hidden, $script:HiddenChange
    }
    $shown = foreach ($each in @($IsHash, $true)) {
        Format-Content -Content $Content -IsShown $true -IsHash $each
        Format-Content -Content $Other -IsShown $true -IsHash $each
    }
    if ([string]::Equals($shown[0], $shown[1], [StringComparison]::Ordinal)) {
        return $shown[2, 3]
    }
    $shown[0, 1]
}

# Returns a content as the diff shows it: its lines, or the version that a program names, if any, and its SHA-256.
function Format-Content {
    [OutputType([string])]
    param([byte[]] $Content, [bool] $IsShown, [bool] $IsHash)

    if (-not $IsShown) {
        return $script:Hidden
    }
    $text = [Text.Encoding]::UTF8.GetString($Content)
    if (-not $IsHash) {
        return $text.Replace("`r`n", "`n")
    }
    $algorithm = [Security.Cryptography.SHA256]::Create()
    try {
        $hash = [BitConverter]::ToString($algorithm.ComputeHash($Content)).Replace('-', '').ToLowerInvariant()
    }
    finally {
        $algorithm.Dispose()
    }
    $options = [Text.RegularExpressions.RegexOptions]::Multiline
    $line = [regex]::Match($text, $script:VersionLine, $options)
    $version = if ($line.Success) { "version $($line.Groups[2].Value), " }
    "${version}sha256 $hash`n"
}

function New-Change {
    <#
    .SYNOPSIS
    Returns one difference: what is wanted, and in words what is and what should be.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [object] $Wanted,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Before,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $After
    )
    [pscustomobject] @{ Wanted = $Wanted; Path = $Wanted.Path; Before = $Before; After = $After }
}

Export-ModuleMember -Function Compare-Wanted, New-Change, Read-Attribute, Test-SameContent
