#!powershell
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ..module_utils._files.ClosedFile
#AnsibleRequires -CSharpUtil ..module_utils._workstation.JobProcess
#AnsibleRequires -PowerShell ..module_utils._files.access_rules
#AnsibleRequires -PowerShell ..module_utils._workstation.command_line

# A RequestId goes through methods of .NET only: a cmdlet's parameters may be logged.
Set-StrictMode -Version 2

$spec = @{
    options = @{
        state = @{ type = 'str'; choices = 'ready', 'collected'; default = 'collected' }
        request_path = @{ type = 'path'; required = $true }
        request_id = @{ type = 'str' }
        anon_id = @{ type = 'str' }
        argv = @{ type = 'list'; elements = 'str'; required = $true }
        timeout_seconds = @{ type = 'int'; default = 300 }
    }
    required_if = @(, @('state', 'collected', @(, 'request_id')))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$path = $module.Params.request_path
$request = $module.Params.request_id
$timeout = $module.Params.timeout_seconds
$roomBytes = 65536
$keptBytes = 2000

function Stop-Module {
    param([string] $Message, [string] $Kind, [hashtable] $Detail = @{})

    $module.Result.error_kind = $Kind
    foreach ($name in $Detail.Keys) {
        $module.Result.$name = $Detail.$name
    }
    $module.FailJson($Message)
}

function Get-Reason {
    param([System.Management.Automation.ErrorRecord] $Failure)

    $exception = $Failure.Exception
    while ($exception.InnerException) {
        $exception = $exception.InnerException
    }
    $exception.Message.Trim()
}

function Resolve-Command {
    # Returns the program to start and its command line, or stops.
    $program = $argv[0]
    if ($program.IndexOfAny([char[]] '\/') -ge 0 -and -not (Test-AbsolutePath -Path $program)) {
        Stop-Module -Kind 'invalid_input' -Message (
            "the program '$program' must be an absolute path or a name on the PATH")
    }
    $found = Find-Program -Name $program
    if (-not $found) {
        $reason = if ([IO.File]::Exists($program)) { 'is not executable' } else { 'does not exist' }
        Stop-Module -Kind 'not_ready' -Message (
            "the program '$program' $reason on this position; install it, or correct rotation_collect_argv")
    }
    if (-not (Test-BatchFile -Path $found)) {
        return @{ Program = $found; Line = ConvertTo-CommandLine -Argument $argv }
    }
    $arguments = @($argv | Select-Object -Skip 1)
    # The program's own path, such as one in C:\Program Files (x86), is between quotes if it holds ( or ).
    if (Test-ReadByCmd -Argument (@($found.Replace('(', '').Replace(')', '')) + $arguments)) {
        Stop-Module -Kind 'invalid_input' -Message (
            "cmd.exe runs '$found' and would read more than text in an argument that holds one of " +
            '" % ! ^ & | < > ( ); name a program that is an .exe file, or leave those characters out')
    }
    $line = '/d /v:off /s /c "' + (ConvertTo-CommandLine -Argument (@($found) + $arguments) -ForBatch) + '"'
    @{ Program = [Environment]::SystemDirectory + '\cmd.exe'; Line = 'cmd.exe ' + $line }
}

function Confirm-Directory {
    # Makes the directory where it is missing, and refuses a path that others could lead elsewhere.
    # Returns whether it was made.
    if (-not [IO.Directory]::Exists($directory.Substring(0, 3))) {
        throw "there is no drive $($directory.Substring(0, 2)) on this position"
    }
    $missing = New-Object -TypeName System.Collections.Generic.Stack[string]
    for ($above = $directory; -not [IO.Directory]::Exists($above); $above = [IO.Path]::GetDirectoryName($above)) {
        if ([IO.File]::Exists($above)) {
            throw "$above is not a directory"
        }
        $missing.Push($above)
    }
    $isMissing = $missing.Count -gt 0
    while ($above.Length -gt 3) {  # the root of a drive cannot be exchanged
        if ([IO.File]::GetAttributes($above) -band [IO.FileAttributes]::ReparsePoint) {
            throw "$above leads elsewhere"
        }
        $isAncestor = $above.Length -lt $directory.Length
        $sddl = [EccopsClosedFile]::ReadSecurity($above)
        $intruder = Find-Intruder -Sddl $sddl -AccountSid ([EccopsClosedFile]::Account()) -ForAncestor:$isAncestor
        if ($intruder) {
            throw "$above can be changed by $intruder"
        }
        $above = [IO.Path]::GetDirectoryName($above)
    }
    while (-not $module.CheckMode -and $missing.Count -gt 0) {
        [EccopsClosedFile]::CreateDirectory($missing.Pop())
    }
    $isMissing
}

function Test-Collected {
    # The mark is compared byte by byte with what is written for this RequestId.
    try {
        $there = [Convert]::ToBase64String([IO.File]::ReadAllBytes($markPath))
        [string]::Equals($there, [Convert]::ToBase64String($mark))
    }
    catch {
        $false
    }
}

function Set-Unchanged {
    param([bool] $IsCollected)

    $module.Result.changed = -not $IsCollected
    $module.Result.is_delivered = $IsCollected
    $module.Result.is_collected = $IsCollected
}

function Invoke-Collection {
    # Delivers the RequestId and runs the command; the lock is held.
    try {
        [EccopsClosedFile]::TryRoom($markPath, $roomBytes)  # else it would collect again and again
        [EccopsClosedFile]::Write($path, $content)
    }
    catch {
        Stop-Module -Kind 'not_collected' -Detail @{ is_delivered = $false } -Message (
            "the RequestId cannot be delivered to ${path}: $(Get-Reason $_)")
    }
    $module.Result.is_delivered = $true
    $command = Resolve-Command
    try {
        $ended = [EccopsJobProcess]::Run($command.Program, $command.Line, $timeout * 1000, $keptBytes)
    }
    catch {
        Stop-Module -Kind 'not_collected' -Message "$($argv[0]) cannot be started: $(Get-Reason $_)"
    }
    if ($ended.IsTimedOut -or $ended.ExitCode -ne 0) {
        $way, $code = "ended with $($ended.ExitCode)", $ended.ExitCode
        if ($ended.IsTimedOut) {
            $way, $code = "did not end within $timeout s and was stopped", $null
        }
        $words = if ($ended.Output) { ': ' + $ended.Output } else { '' }
        Stop-Module -Kind 'not_collected' -Detail @{ exit_code = $code } -Message "$($argv[0]) $way$words"
    }
    try {
        [EccopsClosedFile]::Write($markPath, $mark)
    }
    catch {
        Stop-Module -Kind 'not_collected' -Message (
            "the command succeeded, but that cannot be recorded beside ${path}: $(Get-Reason $_)")
    }
    $module.Result.changed = $true
    $module.Result.is_collected = $true
}

if (-not (Test-AbsolutePath -Path $path) -or $path.Length -lt 4) {
    Stop-Module -Kind 'invalid_input' -Message (
        "request_path '$path' must be an absolute path to a file, without '..' or a backslash at its end")
}
if ($module.Params.argv.Count -eq 0 -or -not $module.Params.argv[0]) {
    Stop-Module -Kind 'invalid_input' -Message (
        'argv is empty; give the command that makes this position collect, as a list: the program and its arguments')
}
if (($module.Params.argv -join '').IndexOf([char] 0) -ge 0) {
    Stop-Module -Kind 'invalid_input' -Message 'argv contains a character that no command can be given, such as NUL'
}
if ($timeout -lt 1 -or $timeout -gt 3600) {
    Stop-Module -Kind 'invalid_input' -Message 'timeout_seconds must be between 1 and 3600'
}
$argv = @($module.Params.argv | ForEach-Object -Process { $_.Replace('{request_path}', $path) })
$directory = [IO.Path]::GetDirectoryName($path)
$markPath = $directory.TrimEnd('\') + '\.' + [IO.Path]::GetFileName($path) + '.collected'

if ([string]::Equals($module.Params.state, 'ready')) {
    $null = Resolve-Command
    try {
        $module.Result.changed = (Confirm-Directory) -and -not $module.CheckMode
        if (-not $module.CheckMode) {
            [EccopsClosedFile]::TryRoom($markPath, $roomBytes)
        }
    }
    catch {
        Stop-Module -Kind 'not_ready' -Message (
            "$directory`: $(Get-Reason $_); correct rotation_request_path or the permissions of its directory, " +
            'or free space')
    }
    $module.Result.is_delivered = $false
    $module.Result.is_collected = $false
    $module.ExitJson()
}

$escape = { '\u{0:x4}' -f [int] [char] $args[0].Value }
$escapes = New-Object -TypeName System.Collections.Generic.List[string]
foreach ($text in $request, $module.Params.anon_id) {
    if ($null -eq $text) {
        $escapes.Add('null')
    }
    else {
        $escapes.Add('"' + [regex]::Replace($text, '[^ !#-\[\]-~]', $escape) + '"')
    }
}
$mark = [Text.Encoding]::ASCII.GetBytes('{"request_id": ' + $escapes[0] + '}')
$content = [Text.Encoding]::ASCII.GetBytes('{"anon_id": ' + $escapes[1] + ', "request_id": ' + $escapes[0] + '}')
if ((Test-Collected) -or $module.CheckMode) {
    Set-Unchanged -IsCollected (Test-Collected)
    $module.ExitJson()
}
try {
    $null = Confirm-Directory
    $lockPath = $directory.TrimEnd('\') + '\.' + [IO.Path]::GetFileName($path) + '.lock'
    $end = [DateTime]::UtcNow.AddSeconds($timeout)
    while ($null -eq ($lock = [EccopsClosedFile]::TryLock($lockPath))) {
        if ([DateTime]::UtcNow -ge $end) {
            Stop-Module -Kind 'busy' -Message (
                "another run is collecting with $path and holds the lock '$lockPath'; this run waited $timeout s " +
                'for it: run again when that one has ended')
        }
        [System.Threading.Thread]::Sleep(20)
    }
}
catch {
    Stop-Module -Kind 'not_collected' -Detail @{ is_delivered = $false } -Message (
        "the RequestId cannot be delivered to ${path}: $(Get-Reason $_)")
}
try {
    if (Test-Collected) {  # another run has just done it
        Set-Unchanged -IsCollected $true
    }
    else {
        Invoke-Collection
    }
}
finally {
    $lock.Dispose()
}
$module.ExitJson()
