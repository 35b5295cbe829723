# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Removes a set of files with all that its programs left, and the directories that had to be made for it.
Set-StrictMode -Version 2

$script:MadeName = '.made-directories.json'

function Get-Removal {
    <#
    .SYNOPSIS
    Returns the changes that leave nothing of the set: the registry first, so that no link starts a partly removed
    program.
    .PARAMETER Key
    Keys of the machine that should not be there.
    .PARAMETER Trace
    Patterns of what programs of the set left elsewhere.
    .PARAMETER UserKey
    Keys of each user who is logged on.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param(
        [Parameter(Mandatory = $true)] [object[]] $Directory,
        [Parameter(Mandatory = $true)] [object[]] $File,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Key,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [string[]] $Trace,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [string[]] $UserKey
    )
    foreach ($each in $Key) {
        $before = Format-RegistryTree -Value @(Read-RegistryTree -Path $each.Path)
        if ($before) {
            $unwanted = [pscustomobject] @{ Kind = 'key'; Path = "HKLM\$($each.Path)"; Key = $each.Path }
            New-Change -Wanted $unwanted -Before $before -After ''
        }
    }
    foreach ($each in $UserKey) {
        foreach ($path in Find-UserKey -Path $each) {
            $unwanted = [pscustomobject] @{ Kind = 'user key'; Path = "HKU\$path"; Key = $path }
            New-Change -Wanted $unwanted -Before "key`n" -After ''
        }
    }
    $paths = @($File | ForEach-Object -Process { $_.Path; $_.StagedPath })
    $paths += @($Directory | ForEach-Object -Process { $_.Path })
    foreach ($each in $Trace) {
        $items = Get-Item -Path $each -Force -ErrorAction SilentlyContinue
        $paths += @($items | ForEach-Object -Process { $_.FullName })
    }
    foreach ($each in $paths) {
        $attributes = Read-Attribute -Path $each
        if ($null -ne $attributes) {
            $before = if ($attributes -band [IO.FileAttributes]::Directory) { "directory`n" } else { "file`n" }
            New-Change -Wanted ([pscustomobject] @{ Kind = 'path'; Path = $each }) -Before $before -After ''
        }
    }
}

function Invoke-Removal {
    <#
    .SYNOPSIS
    Removes what Get-Removal returned; returns the directories that had been made for the set.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        [Parameter(Mandatory = $true)] [string] $Directory,
        [Parameter(Mandatory = $true)] [object[]] $Change
    )
    Read-MadeDirectory -Directory $Directory
    foreach ($each in $Change) {
        switch ($each.Wanted.Kind) {
            'key' { Write-RegistryTree -Path $each.Wanted.Key -Value @() }
            'user key' { [Microsoft.Win32.Registry]::Users.DeleteSubKeyTree($each.Wanted.Key, $false) }
            default { Remove-Tree -Path $each.Path }
        }
    }
}

function Remove-Tree {
    <#
    .SYNOPSIS
    Removes a file, a link (not what it leads to), or a directory with everything in it, if there is one.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)] [string] $Path)

    $attributes = Read-Attribute -Path $Path
    if ($null -eq $attributes) {
        return
    }
    $isLink = $attributes -band [IO.FileAttributes]::ReparsePoint
    if ($attributes -band [IO.FileAttributes]::Directory -and -not $isLink) {
        foreach ($each in [IO.Directory]::GetFileSystemEntries($Path)) {
            Remove-Tree -Path $each
        }
    }
    [EccopsClosedFile]::Delete($Path)
}

function Remove-EmptyDirectory {
    <#
    .SYNOPSIS
    Removes those directories in which nothing is left, the deepest first.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)] [AllowEmptyCollection()] [string[]] $Path)

    foreach ($each in $Path | Sort-Object -Descending) {
        if ([IO.Directory]::Exists($each) -and [IO.Directory]::GetFileSystemEntries($each).Length -eq 0) {
            [EccopsClosedFile]::Delete($each)
        }
    }
}

function Read-MadeDirectory {
    [CmdletBinding()]
    [OutputType([string[]])]
    param([string] $Directory)

    $path = "$Directory\$script:MadeName"
    if ([IO.File]::Exists($path) -and -not (Find-PathIntruder -Path $Directory -HoldsFile)) {
        ([Text.Encoding]::UTF8.GetString([EccopsClosedFile]::Read($path)) | ConvertFrom-Json).directories
    }
}

function Write-MadeDirectory {
    <#
    .SYNOPSIS
    Notes which directories had to be made for files elsewhere, so that a removal can take them away again.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [string] $Directory,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [string[]] $Path
    )
    if ($Path.Count -gt 0) {
        $all = @(@(Read-MadeDirectory -Directory $Directory) + $Path | Sort-Object -Unique)
        $text = @{ directories = $all } | ConvertTo-Json -Compress
        [EccopsClosedFile]::Write("$Directory\$script:MadeName", [Text.Encoding]::UTF8.GetBytes($text))
    }
}

Export-ModuleMember -Function Get-Removal, Invoke-Removal, Remove-EmptyDirectory, Remove-Tree, Write-MadeDirectory
