# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Items of verify.ps1: files and their rights, as the collector and the module for workstation files make them.

Set-StrictMode -Version 2

function Test-RequestFile {
    # The collector's file is open to three accounts, and who is added is found.
    Import-Requirement -Module win_rapidauth_collection
    $account = [EccopsClosedFile]::Account()
    $place = New-Place
    try {
        $path = "$place\request.json"
        [EccopsClosedFile]::Write($path, [byte[]] (1, 2, 3))
        $sddl = [EccopsClosedFile]::ReadSecurity($path)
        $security = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $sddl
        $owner = $security.Owner.Value
        $wanted = "O:${owner}D:P(A;;FA;;;SY)(A;;FA;;;BA)"
        if (-not [string]::Equals($account, 'S-1-5-18')) {
            $wanted += "(A;;FA;;;$account)"
        }
        Assert-True -Condition ('S-1-5-32-544', $account -contains $owner) -Otherwise "the owner is $owner"
        Assert-True -Condition (Test-SameSecurity -Sddl $sddl -OtherSddl $wanted) -Otherwise "is $sddl, not $wanted"
        $intruder = Find-Intruder -Sddl $sddl -AccountSid $account
        Assert-True -Condition (-not $intruder) -Otherwise "finds an intruder in $sddl"
        Add-Rule -Path $path -Right 'Write'
        $found = Find-Intruder -Sddl ([EccopsClosedFile]::ReadSecurity($path)) -AccountSid $account
        Assert-True -Condition ([string]::Equals($found, 'S-1-5-32-545')) -Otherwise (
            "finds '$found' instead of the group Users")
        $sddl
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Add-Rule {
    # Lets the group Users do something with a file or a directory.
    param([string] $Path, [string] $Right)

    $users = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList 'S-1-5-32-545'
    $rule = New-Object -TypeName System.Security.AccessControl.FileSystemAccessRule -ArgumentList @(
        $users, $Right, 'Allow')
    $security = Get-Acl -LiteralPath $Path
    $security.AddAccessRule($rule)
    Set-Acl -LiteralPath $Path -AclObject $security
}

function Test-HeldFile {
    # A file that another program holds for longer than the attempts last is left whole; one held for less is replaced.
    Import-Requirement -Module win_workstation_files
    $place = New-Place
    try {
        $path = "$place\held.json"
        [EccopsClosedFile]::Write($path, [byte[]] (1, 2, 3))
        $held = [IO.File]::Open($path, 'Open', 'Read', 'None')
        try {
            $isRefused = $false
            try { [EccopsClosedFile]::Write($path, [byte[]] (4, 5)) }
            catch { $isRefused = $true }
        }
        finally {
            $held.Dispose()
        }
        Assert-True -Condition ($isRefused -and [IO.File]::ReadAllBytes($path).Length -eq 3) -Otherwise (
            'a held file was changed')
        $held = [IO.File]::Open($path, 'Open', 'Read', 'None')
        $source = New-Object -TypeName System.Threading.CancellationTokenSource
        try {
            $null = $source.Token.Register([Delegate]::CreateDelegate([Action], $held, 'Close'))
            $source.CancelAfter(1500)
            $clock = [Diagnostics.Stopwatch]::StartNew()
            [EccopsClosedFile]::Write($path, [byte[]] (4, 5))
            $isLate = $clock.ElapsedMilliseconds -gt 1000
        }
        finally {
            $held.Dispose()
            $source.Dispose()
        }
        Assert-True -Condition $isLate -Otherwise 'the file was replaced while it was held'
        $left = @(Get-ChildItem -LiteralPath $place -Force)
        Assert-True -Condition ($left.Count -eq 1 -and $left[0].Length -eq 2) -Otherwise (
            'something is left beside the file')
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-WorkstationFile {
    # Rights stay as they were set, so that a second run changes nothing; a sealed account is opened again.
    Import-Requirement -Module win_workstation_files
    $place = New-Place
    $file = @{
        path = ''; mode = '0644'; group = $null; content = $null; secret = $null; sealed_for = $null
    }
    $program = $file.Clone()
    $program.path, $program.content, $program.mode = "$place\program\file.ps1", 'text', '0755'
    $account = $file.Clone()
    $account.path, $account.secret, $account.mode = "$place\data\account.dpapi", 'account', '0640'
    $account.group, $account.sealed_for = 'S-1-5-4', 'eccops-verify'
    $option = @{
        owner = 'root'; files = $program, $account
        directories = @("$place\program", "$place\data" | ForEach-Object -Process {
                @{ path = $_; mode = '0755'; group = $null }
            })
    }
    try {
        $secrets = Read-Secret -Content ([Text.Encoding]::UTF8.GetBytes('{"account": "planted"}'))
        $set = @{
            Directory = @(Get-WantedDirectory -Option $option)
            File = @(Get-WantedFile -Option $option -Secret $secrets)
        }
        $changes = @(Compare-Wanted @set -Key @())
        Assert-True -Condition ($changes.Count -eq 4) -Otherwise "$($changes.Count) changes instead of 4"
        Invoke-Change @set -Change $changes -Verify { }
        foreach ($each in Compare-Wanted @set -Key @()) {
            throw "a second run would change $($each.Path) from $($each.Before) to $($each.After)"
        }
        foreach ($each in $set.Directory + $set.File) {
            $sddl = [EccopsClosedFile]::ReadSecurity($each.Path)
            Assert-True -Condition ($sddl -cmatch '\AO:BAD:P') -Otherwise "$($each.Path) has $sddl"
        }
        $sealed = [IO.File]::ReadAllBytes($account.path)
        $opened = Unprotect-Content -Content $sealed -Purpose 'eccops-verify'
        $same = Test-SameContent -Content $opened -Other ([Text.Encoding]::UTF8.GetBytes('planted'))
        Assert-True -Condition $same -Otherwise 'the sealed account is not the one that was given'
        $isOpened = $null -ne (Unprotect-Content -Content $sealed -Purpose 'another')
        Assert-True -Condition (-not $isOpened) -Otherwise 'the account is opened for another purpose'
        Add-Rule -Path $account.path -Right 'Read'
        $changes = @(Compare-Wanted @set -Key @())
        Assert-True -Condition ($changes.Count -eq 1) -Otherwise 'a rule that was added is not seen'
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

function Test-PathIntruder {
    # The directories that the role installs into are trusted as Windows makes them, and one that users change is not.
    Import-Requirement -Module win_workstation_files
    $menu = [Environment]::GetFolderPath('CommonPrograms')
    $problem = Find-PathIntruder -Path $menu -HoldsFile
    Assert-True -Condition (-not $problem) -Otherwise "the Start menu: $problem"
    foreach ($name in 'ProgramFiles', 'CommonApplicationData') {
        $problem = Find-PathIntruder -Path ([Environment]::GetFolderPath($name))
        Assert-True -Condition (-not $problem) -Otherwise "${name}: $problem"
    }
    $place = New-Place
    try {
        $planted = "$place\planted"
        [EccopsClosedFile]::CreateDirectory($planted)
        Assert-True -Condition (-not (Find-PathIntruder -Path $planted -HoldsFile)) -Otherwise (
            'a directory of administrators is refused')
        Add-Rule -Path $planted -Right 'CreateFiles'
        $problem = "$(Find-PathIntruder -Path $planted -HoldsFile)"
        Assert-True -Condition $problem.EndsWith(' S-1-5-32-545') -Otherwise "who may add files: '$problem'"
        Assert-True -Condition (-not (Find-PathIntruder -Path $planted)) -Otherwise (
            'whoever may add files further up is taken for an intruder')
        # Who may delete it may put another one in its place.
        Add-Rule -Path $planted -Right 'Modify'
        $problem = "$(Find-PathIntruder -Path "$planted\below")"
        Assert-True -Condition $problem.EndsWith(' S-1-5-32-545') -Otherwise "who may exchange it: '$problem'"
    }
    finally {
        Remove-Item -LiteralPath $place -Recurse -Force
    }
}

[pscustomobject] @{ Name = 'request-file'; Needs = , 'administrator'; Test = ${function:Test-RequestFile} }
[pscustomobject] @{ Name = 'held-file'; Needs = , 'administrator'; Test = ${function:Test-HeldFile} }
[pscustomobject] @{ Name = 'workstation-files'; Needs = , 'administrator'; Test = ${function:Test-WorkstationFile} }
[pscustomobject] @{ Name = 'path-intruder'; Needs = , 'administrator'; Test = ${function:Test-PathIntruder} }
