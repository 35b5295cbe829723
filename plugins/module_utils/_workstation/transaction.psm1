# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Changes a set of files and registry keys as one: all of them or none, also when it is killed in the middle and run
# again. New contents are written beside the files; then a journal and copies say what was there before, in a directory
# that only administrators can open; then everything is put into place and verified; removing the journal makes it
# final. What is put back comes only from such a journal.
Set-StrictMode -Version 2

$script:ClosedSddl = 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
$script:ReadableSddl = 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)'
$script:JournalName = '.unfinished'

function Invoke-Change {
    <#
    .SYNOPSIS
    Makes the changes, calls the script that verifies them, and makes them final. Whatever it throws, everything is as
    before.
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
            $consequence = "not everything could be put back ($reason), which the next run does"
            throw Get-Explanation -Failure $failure -Consequence $consequence
        }
        throw Get-Explanation -Failure $failure -Consequence 'everything was put back as it was'
    }
    $own = @($Directory | ForEach-Object -Process { $_.Path })
    $made = @($journal.directories | Where-Object -FilterScript { $own -notcontains $_ })
    Write-MadeDirectory -Directory $first -Path $made
    [EccopsClosedFile]::Delete("$first\$script:JournalName\journal.xml")
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
            $copyPath = "$place\$($Journal.entries.Count).previous"
            $Journal.entries[$file.Path] = New-FileEntry -Path $file.Path -CopyPath $copyPath
        }
    }
    foreach ($each in $Change | Where-Object -FilterScript { $_.Wanted.Kind -eq 'key' }) {
        if (-not $Journal.entries.Contains($each.Path)) {
            $values = @(Read-RegistryTree -Path $each.Wanted.Key)
            $entry = [pscustomobject] @{ path = $each.Path; key = $each.Wanted.Key; values = $values }
            $Journal.entries[$each.Path] = $entry
        }
    }
    $kept = @{ directories = @($Journal.directories); entries = @($Journal.entries.Values) }
    # Not as JSON, of which PowerShell 7 reads some texts as dates, and writes those back in another form.
    $text = [System.Management.Automation.PSSerializer]::Serialize($kept, 9)
    [EccopsClosedFile]::Write("$place\journal.xml", [Text.Encoding]::UTF8.GetBytes($text))
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
    [EccopsClosedFile]::Delete("$Directory\$script:JournalName\journal.xml")
    Clear-Remnant -Directory $Directory -File $File
    Remove-EmptyDirectory -Path $Journal.directories
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

Export-ModuleMember -Function Clear-Remnant, Invoke-Change
