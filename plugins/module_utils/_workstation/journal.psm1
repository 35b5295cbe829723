# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# What was there before a change: the journal and its copies, in a directory that only administrators can open.
Set-StrictMode -Version 2

$script:JournalName = '.unfinished'
$script:ClosedSddl = 'O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)'

function Read-Journal {
    <#
    .SYNOPSIS
    Returns what a killed run noted, or nothing. What somebody else may have written is not read.
    .PARAMETER Directory
    The first directory of the set.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)] [string] $Directory)

    $place = "$Directory\$script:JournalName"
    $path = "$place\journal.xml"
    $isThere = [IO.File]::Exists($path)
    if (-not $isThere -or (Find-PathIntruder -Path $place -HoldsFile) -or -not (Test-Own -Path $path)) {
        return
    }
    $text = [Text.Encoding]::UTF8.GetString([EccopsClosedFile]::Read($path))
    $read = [System.Management.Automation.PSSerializer]::Deserialize($text)
    $journal = New-Journal
    $journal.directories = @($read.directories)
    foreach ($each in @($read.entries)) {
        $journal.entries[$each.path] = $each
    }
    $journal
}

function New-Journal {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $kind = 'System.Collections.Specialized.OrderedDictionary'
    @{ directories = @(); entries = New-Object -TypeName $kind -ArgumentList ([StringComparer]::OrdinalIgnoreCase) }
}

function Test-Own {
    [CmdletBinding()]
    [OutputType([bool])]
    param([string] $Path)

    $security = [EccopsClosedFile]::ReadSecurity($Path)
    -not (Find-Intruder -Sddl $security -AccountSid ([EccopsClosedFile]::Account()))
}

# Keeps a copy of what is at a path, and returns what the journal says of it.
function New-FileEntry {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([string] $Path, [string] $CopyPath)

    $entry = [pscustomobject] @{ path = $Path; key = $null; copy = $null; sddl = $null }
    if ($null -ne (Read-Attribute -Path $Path)) {
        $entry.sddl = [EccopsClosedFile]::ReadSecurity($Path)
        $entry.copy = $CopyPath
        Write-Staged -Path $CopyPath -Content ([EccopsClosedFile]::Read($Path)) -Sddl $script:ClosedSddl
    }
    $entry
}

function Undo-Entry {
    [CmdletBinding()]
    param([object] $Entry)

    if ($Entry.key) {
        Write-RegistryTree -Path $Entry.key -Value @($Entry.values)
    }
    elseif (-not $Entry.copy) {
        [EccopsClosedFile]::Delete($Entry.path)
    }
    else {
        $content = [EccopsClosedFile]::Read($Entry.copy)
        $isThere = $null -ne (Read-Attribute -Path $Entry.path)
        if ($isThere) {
            $found = [EccopsClosedFile]::ReadSecurity($Entry.path)
            $isThere = (Test-SameSecurity -Sddl $found -OtherSddl $Entry.sddl) -and
                (Test-SameContent -Content ([EccopsClosedFile]::Read($Entry.path)) -Other $content)
        }
        if (-not $isThere) {
            $staged = Join-Name -Path $Entry.path -Word 'new'
            Write-Staged -Path $staged -Content $content -Sddl $Entry.sddl
            [EccopsClosedFile]::Replace($staged, $Entry.path)
        }
    }
}

function Write-Staged {
    [CmdletBinding()]
    param([string] $Path, [byte[]] $Content, [string] $Sddl)

    Remove-Tree -Path $Path
    [EccopsClosedFile]::WriteNew($Path, $Content, $Sddl)
}

Export-ModuleMember -Function New-FileEntry, New-Journal, Read-Journal, Undo-Entry, Write-Staged
