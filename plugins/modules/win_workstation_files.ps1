#!powershell
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ..module_utils._files.ClosedFile
#AnsibleRequires -CSharpUtil ..module_utils._workstation.JobProcess
#AnsibleRequires -PowerShell ..module_utils._files.access_rules
#AnsibleRequires -PowerShell ..module_utils._workstation.command_line
#AnsibleRequires -PowerShell ..module_utils._workstation.comparison
#AnsibleRequires -PowerShell ..module_utils._workstation.desired
#AnsibleRequires -PowerShell ..module_utils._workstation.journal
#AnsibleRequires -PowerShell ..module_utils._workstation.registry
#AnsibleRequires -PowerShell ..module_utils._workstation.removal
#AnsibleRequires -PowerShell ..module_utils._workstation.sealing
#AnsibleRequires -PowerShell ..module_utils._workstation.transaction

# A secret goes through methods of .NET only, and is bytes after it has been read: a command's parameters may be logged.
Set-StrictMode -Version 2

if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    $reason = 'PowerShell runs in {0} mode on this position, so AppLocker or App Control must allow the scripts that ' +
        'are to run: see docs/windows_runbook.md; nothing was changed'
    $reason = $reason -f $ExecutionContext.SessionState.LanguageMode
    $result = @{ failed = $true; changed = $false; error_kind = 'invalid_input'; msg = $reason }
    ConvertTo-Json -InputObject $result -Compress
    exit 1
}

$permission = @{ path = @{ type = 'path'; required = $true }; group = @{ type = 'str' } }
$spec = @{
    options = @{
        state = @{ type = 'str'; choices = 'present', 'absent'; default = 'present' }
        directories = @{
            type = 'list'; elements = 'dict'; required = $true
            options = $permission + @{ mode = @{ type = 'str'; default = '0755' } }
        }
        files = @{
            type = 'list'; elements = 'dict'; required = $true; mutually_exclusive = @(, @('content', 'secret'))
            options = $permission + @{
                mode = @{ type = 'str'; default = '0644' }
                content = @{ type = 'str' }
                secret = @{ type = 'str'; no_log = $false }
                sealed_for = @{ type = 'str' }
                diff = @{ type = 'str'; choices = 'content', 'hash'; default = 'content' }
            }
        }
        # Ansible's own module object hides a text, and not what is in a dictionary.
        secrets = @{ type = 'json'; no_log = $true }
        owner = @{ type = 'str'; default = 'root' }
        refresh_commands = @{ type = 'list'; elements = 'list'; default = @() }
        verify_command = @{ type = 'list'; elements = 'str' }
        trace_patterns = @{ type = 'list'; elements = 'str'; default = @() }
        url_schemes = @{
            type = 'list'; elements = 'dict'; default = @()
            options = @{
                name = @{ type = 'str'; required = $true }
                description = @{ type = 'str'; required = $true }
                command = @{ type = 'str'; required = $true }
            }
        }
        event_sources = @{ type = 'list'; elements = 'str'; default = @() }
        user_registry_keys = @{ type = 'list'; elements = 'str'; default = @(); no_log = $false }
    }
    # The event log takes 32 KB of what a module is given, and needs none of it.
    no_log = $true
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$option = $module.Params
$lockSeconds, $commandSeconds, $keptBytes = 60, 60, 2000

# Refuses a script that group policy keeps from running: it is known before anything is changed.
function Confirm-ScriptPolicy {
    foreach ($file in $option.files) {
        $isScript = $file.path.EndsWith('.ps1', [StringComparison]::OrdinalIgnoreCase) -and $null -ne $file.content
        if (-not $isScript) {
            continue
        }
        $isSigned = $file.content.IndexOf('# SIG # Begin signature block', [StringComparison]::Ordinal) -ge 0
        foreach ($policy in Get-ScriptPolicy) {
            $isForSigned = [string]::Equals($policy, 'AllSigned', [StringComparison]::OrdinalIgnoreCase)
            $isForNone = [string]::Equals($policy, 'Restricted', [StringComparison]::OrdinalIgnoreCase)
            if ($isForNone -or ($isForSigned -and -not $isSigned)) {
                throw New-Failure -Message ("the group policy of this position allows signed scripts only, or none " +
                    "($policy); nothing was changed: sign $($file.path) as docs/windows_runbook.md describes")
            }
        }
    }
}

# Refuses places in which others could replace what is installed. Our own directories are part of the change.
function Confirm-Place {
    $own = @($option.directories | ForEach-Object -Process { $_.path })
    # Not by -contains, for which a path with an invisible character is the same.
    $places = [System.Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    $option.files | ForEach-Object -Process { $null = $places.Add([IO.Path]::GetDirectoryName($_.path)) }
    $own | ForEach-Object -Process { $null = $places.Remove($_) }
    $intruders = @(foreach ($place in $places) { Find-PathIntruder -Path $place -HoldsFile })
    $intruders += foreach ($each in $own) { Find-PathIntruder -Path ([IO.Path]::GetDirectoryName($each)) }
    foreach ($intruder in $intruders | Where-Object -FilterScript { $_ }) {
        throw New-Failure -Message ("others could replace what is installed: $intruder; nothing was changed: correct " +
            'its owner and rights')
    }
}

# Lets one run at a time change the set. Check mode waits too, and makes no lock.
function Lock-Set {
    $place = [IO.Path]::GetDirectoryName($option.directories[0].path)
    while (-not [IO.Directory]::Exists($place)) {
        $place = [IO.Path]::GetDirectoryName($place)
    }
    $name = [IO.Path]::GetFileName($option.directories[0].path)
    $path = Join-Name -Path "$($place.TrimEnd('\'))\$name" -Word 'lock'
    $end = [DateTime]::UtcNow.AddSeconds($lockSeconds)
    while ([DateTime]::UtcNow -lt $end) {
        if ($module.CheckMode -and -not [IO.File]::Exists($path)) {
            return
        }
        $lock = [EccopsClosedFile]::TryLock($path)
        if ($lock) {
            return $lock
        }
        [Threading.Thread]::Sleep(50)
    }
    throw New-Failure -Kind 'busy' -Message ("another run is changing the files of $($option.directories[0].path) " +
        "and holds the lock '$path'; this run waited $lockSeconds s for it: run again when that one has ended")
}

function Invoke-Program {
    param([string[]] $Argument, [string] $Program)

    [EccopsJobProcess]::Run($Program, (ConvertTo-CommandLine -Argument $Argument), $commandSeconds * 1000, $keptBytes)
}

# Runs the commands that refresh the desktop, and skips those that are not installed.
function Update-Desktop {
    foreach ($command in $option.refresh_commands) {
        $program = if (@($command).Count -gt 0) { Find-Program -Name ([string] $command[0]) }
        if ($program) {
            $null = Invoke-Program -Program $program -Argument @($command | ForEach-Object -Process { [string] $_ })
        }
    }
}

function Confirm-Change {
    Update-Desktop
    $command = $option.verify_command
    if ($null -eq $command -or $command.Count -eq 0) {
        return
    }
    $name = [IO.Path]::GetFileName($command[0])
    $program = Find-Program -Name $command[0]
    if (-not $program -or (Test-BatchFile -Path $program)) {
        throw New-Failure -Kind 'not_verified' -Message "$($command[0]) could not be run: it is no program here"
    }
    $ended = Invoke-Program -Program $program -Argument $command.ToArray()
    if ($ended.IsTimedOut) {
        throw New-Failure -Kind 'not_verified' -Message "$name did not end within $commandSeconds s and was stopped"
    }
    if ($ended.ExitCode -ne 0) {
        throw New-Failure -Kind 'not_verified' -Message "$name ended with $($ended.ExitCode): $($ended.Output)"
    }
}

function Set-Result {
    param([object[]] $Change, [bool] $IsUnfinished)

    $module.Result.changed = $Change.Count -gt 0 -or $IsUnfinished
    $module.Result.was_unfinished = $IsUnfinished
    $module.Result.changed_paths = @($Change | ForEach-Object -Process { $_.Path })
    $module.Result.diff = @($Change | ForEach-Object -Process {
            @{ before_header = $_.Path; after_header = $_.Path; before = $_.Before; after = $_.After }
        })
}

function Install-Set {
    param([object[]] $Directory, [object[]] $File)

    $changes = @(Compare-Wanted -Directory $Directory -File $File -Key @(Get-WantedKey -Option $option))
    $isUnfinished = $null -ne (Read-Journal -Directory $Directory[0].Path)
    if (-not $module.CheckMode -and ($changes.Count -gt 0 -or $isUnfinished)) {
        try {
            Invoke-Change -Directory $Directory -File $File -Change $changes -Verify { Confirm-Change }
        }
        catch {
            Update-Desktop
            throw
        }
    }
    elseif (-not $module.CheckMode) {
        Clear-Remnant -Directory $Directory[0].Path -File $File
    }
    Set-Result -Change $changes -IsUnfinished $isUnfinished
}

function Uninstall-Set {
    param([object[]] $Directory, [object[]] $File)

    $wanted = @{ Directory = $Directory; File = $File; Key = @(Get-WantedKey -Option $option) }
    $changes = @(Get-Removal @wanted -Trace @($option.trace_patterns) -UserKey @($option.user_registry_keys))
    if ($changes.Count -gt 0 -and -not $module.CheckMode) {
        $made = @(Invoke-Removal -Directory $Directory[0].Path -Change $changes)
        Update-Desktop
        Remove-EmptyDirectory -Path $made
    }
    Set-Result -Change $changes -IsUnfinished $false
}

try {
    if ($option.directories.Count -eq 0 -or $option.files.Count -eq 0) {
        throw New-Failure -Message ('directories or files is empty; name at least one of each: the first directory ' +
            'keeps the journal of the change')
    }
    $isAbsent = [string]::Equals($option.state, 'absent', [StringComparison]::Ordinal)
    $secrets = Read-Secret -Content ([Text.Encoding]::UTF8.GetBytes([string] $option.secrets))
    foreach ($each in @($option.files) + @($option.directories) | Where-Object -FilterScript { $isAbsent }) {
        $each.group = $null  # only the paths matter: neither the group nor the secrets need to be there any more
        $each.secret = $each.sealed_for = $each.content = $null
    }
    Confirm-ScriptPolicy
    $directories = @(Get-WantedDirectory -Option $option)
    $files = @(Get-WantedFile -Option $option -Secret $secrets)
    Confirm-Place
    $lock = Lock-Set
    try {
        if ($isAbsent) {
            Uninstall-Set -Directory $directories -File $files
        }
        else {
            Install-Set -Directory $directories -File $files
        }
    }
    finally {
        if ($lock) {
            $lock.Dispose()
        }
    }
}
catch {
    $failure = $_.Exception
    if (-not $failure.Data['error_kind']) {
        $failure = Get-Explanation -Failure $failure -Consequence 'look at the position before you run it again'
    }
    $module.Result.error_kind = $failure.Data['error_kind']
    $module.FailJson($failure.Message)
}
$module.ExitJson()
