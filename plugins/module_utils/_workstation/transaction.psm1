# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Changes a set of files and registry keys as one: all of them or none, also when it is killed in the middle and run again. New contents
# are written beside the files; then a journal and copies say what was there before, in a directory that only administrators can open;
# then everything is put into place and verified; removing the journal makes it final. What is put back comes only from such a journal.
Set-StrictMode -Version 2

$script:ClosedSddl = 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
$script:ReadableSddl = 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)'
$script:JournalName = '.unfinished'

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
    $path = "$place\journal.json"
    if (-not [IO.File]::Exists($path) -or (Find-PathIntruder -Path $place -HoldsFile) -or -not (Test-Own -Path $path)) {
        return
    }
    $read = [Text.Encoding]::UTF8.GetString([EccopsClosedFile]::Read($path)) | ConvertFrom-Json
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

    @{ directories = @(); entries = New-Object -TypeName System.Collections.Specialized.OrderedDictionary -ArgumentList ([StringComparer]::OrdinalIgnoreCase) }
}

function Test-Own {
    [CmdletBinding()]
    [OutputType([bool])]
    param([string] $Path)

    $security = [EccopsClosedFile]::ReadSecurity($Path)
    -not (Find-Intruder -Sddl $security -AccountSid ([EccopsClosedFile]::Account()))
}

function Invoke-Change {
    <#
    .SYNOPSIS
    Makes the changes, calls the script that verifies them, and makes them final. Whatever it throws, everything is as before.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [object[]] $Directory,
        [Parameter(Mandatory = $true)] [object[]] $File,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Change,
        [Parameter(Mandatory = $true)] [scriptblock] $Verify
    )
    $first = $Directory[0].Path
    $earlier = Read-Journal -Directory $first
    $journal = if ($earlier) { $earlier } else { New-Journal }
    try {
        Initialize-Change -Directory $first -Change $Change -Journal $journal -IsFirst (-not $earlier)
    }
    catch {
        $failure = $_.Exception
        if (-not $earlier) {
            $journal.entries.Clear()
            Undo-Change -Directory $first -File $File -Journal $journal
        }
        throw Get-Explanation -Failure $failure -Consequence 'nothing was changed'
    }
    try {
        foreach ($each in $Change) {
            Set-InPlace -Wanted $each.Wanted
        }
        & $Verify
    }
    catch {
        $failure = $_.Exception
        try {
            Undo-Change -Directory $first -File $File -Journal $journal
        }
        catch {
            $reason = $_.Exception.GetBaseException().Message.Trim()
            throw Get-Explanation -Failure $failure -Consequence "not everything could be put back ($reason), which the next run does"
        }
        throw Get-Explanation -Failure $failure -Consequence 'everything was put back as it was'
    }
    $own = @($Directory | ForEach-Object -Process { $_.Path })
    Write-MadeDirectory -Directory $first -Path @($journal.directories | Where-Object -FilterScript { $own -notcontains $_ })
    [EccopsClosedFile]::Delete("$first\$script:JournalName\journal.json")
    Clear-Remnant -Directory $first -File $File
    foreach ($each in $Change | Where-Object -FilterScript { $_.Wanted.Kind -eq 'leftover' }) {
        Remove-Tree -Path $each.Path
    }
}

function Clear-Remnant {
    <#
    .SYNOPSIS
    Removes what a killed run left beside the files; only where no journal is in force.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [string] $Directory,
        [Parameter(Mandatory = $true)] [object[]] $File
    )
    Remove-Tree -Path "$Directory\$script:JournalName"
    foreach ($each in $File) {
        Remove-Tree -Path $each.StagedPath
    }
}

# Brings everything to disk that the change or its undoing needs.
function Initialize-Change {
    [CmdletBinding()]
    param([string] $Directory, [object[]] $Change, [hashtable] $Journal, [bool] $IsFirst)

    foreach ($each in $Change | Where-Object -FilterScript { $_.Wanted.Kind -eq 'directory' }) {
        $path = $each.Path
        if ($null -eq (Read-Attribute -Path $path)) {
            New-MissingDirectory -Path ([IO.Path]::GetDirectoryName($path)) -Journal $Journal
            [EccopsClosedFile]::CreateDirectory($path, $each.Wanted.Sddl)
            $Journal.directories += $path
        }
        else {
            [EccopsClosedFile]::SetSecurity($path, $each.Wanted.Sddl)
        }
    }
    $place = "$Directory\$script:JournalName"
    if ($IsFirst) {
        Remove-Tree -Path $place
        [EccopsClosedFile]::CreateDirectory($place, $script:ClosedSddl)
    }
    foreach ($each in $Change | Where-Object -FilterScript { $_.Wanted.Kind -eq 'file' }) {
        $file = $each.Wanted
        if ($null -ne $file.Content) {
            New-MissingDirectory -Path ([IO.Path]::GetDirectoryName($file.Path)) -Journal $Journal
            $content = $file.Content
            if ($file.Purpose) {
                $content = Protect-Content -Content $content -Purpose $file.Purpose
            }
            Write-Staged -Path $file.StagedPath -Content $content -Sddl $file.Sddl
        }
        if (-not $Journal.entries.Contains($file.Path)) {
            $Journal.entries[$file.Path] = New-FileEntry -Path $file.Path -CopyPath "$place\$($Journal.entries.Count).previous"
        }
    }
    foreach ($each in $Change | Where-Object -FilterScript { $_.Wanted.Kind -eq 'key' -and -not $Journal.entries.Contains($_.Path) }) {
        $values = @(Read-RegistryTree -Path $each.Wanted.Key)
        $Journal.entries[$each.Path] = [pscustomobject] @{ path = $each.Path; key = $each.Wanted.Key; values = $values }
    }
    $text = @{ directories = @($Journal.directories); entries = @($Journal.entries.Values) } | ConvertTo-Json -Depth 9 -Compress
    [EccopsClosedFile]::Write("$place\journal.json", [Text.Encoding]::UTF8.GetBytes($text))
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
        Write-Staged -Path $CopyPath -Content ([EccopsClosedFile]::Read($Path)) -Sddl $script:ClosedSddl.Replace('OICI', '')
    }
    $entry
}

function Write-Staged {
    [CmdletBinding()]
    param([string] $Path, [byte[]] $Content, [string] $Sddl)

    Remove-Tree -Path $Path
    [EccopsClosedFile]::WriteNew($Path, $Content, $Sddl)
}

function Set-InPlace {
    [CmdletBinding()]
    param([object] $Wanted)

    if ($Wanted.Kind -eq 'key') {
        Write-RegistryTree -Path $Wanted.Key -Value $Wanted.Values
    }
    elseif ($Wanted.Kind -eq 'file' -and $null -eq $Wanted.Content) {
        [EccopsClosedFile]::Delete($Wanted.Path)
    }
    elseif ($Wanted.Kind -eq 'file') {
        [EccopsClosedFile]::Replace($Wanted.StagedPath, $Wanted.Path)
    }
}

# Puts back what the journal says; it stays until all is put back.
function Undo-Change {
    [CmdletBinding()]
    param([string] $Directory, [object[]] $File, [hashtable] $Journal)

    $problem = $null
    foreach ($entry in $Journal.entries.Values) {
        try {
            Undo-Entry -Entry $entry
        }
        catch {
            $problem = $_.Exception
        }
    }
    if ($problem) {
        throw $problem
    }
    [EccopsClosedFile]::Delete("$Directory\$script:JournalName\journal.json")
    Clear-Remnant -Directory $Directory -File $File
    Remove-EmptyDirectory -Path $Journal.directories
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
        $isThere = $null -ne (Read-Attribute -Path $Entry.path) -and (Test-SameContent -Content ([EccopsClosedFile]::Read($Entry.path)) -Other $content)
        if (-not $isThere -or -not (Test-SameSecurity -Sddl ([EccopsClosedFile]::ReadSecurity($Entry.path)) -OtherSddl $Entry.sddl)) {
            $staged = Join-Name -Path $Entry.path -Word 'new'
            Write-Staged -Path $staged -Content $content -Sddl $Entry.sddl
            [EccopsClosedFile]::Replace($staged, $Entry.path)
        }
    }
}

function New-MissingDirectory {
    [CmdletBinding()]
    param([string] $Path, [hashtable] $Journal)

    if (-not [IO.Directory]::Exists($Path)) {
        New-MissingDirectory -Path ([IO.Path]::GetDirectoryName($Path)) -Journal $Journal
        [EccopsClosedFile]::CreateDirectory($Path, $script:ReadableSddl)
        $Journal.directories += $Path
    }
}

Export-ModuleMember -Function Clear-Remnant, Invoke-Change, Read-Journal
