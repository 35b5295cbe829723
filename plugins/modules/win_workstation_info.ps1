#!powershell
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#AnsibleRequires -CSharpUtil Ansible.Basic

Set-StrictMode -Version 2

$spec = @{
    options = @{
        files = @{ type = 'list'; elements = 'path'; default = @() }
        links = @{ type = 'list'; elements = 'path'; default = @() }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
# No program and no configuration that is looked at comes near this.
$longestFileBytes = 64 * 1024 * 1024

function Get-FileSha256 {
    # Returns the SHA-256 of an ordinary file in hexadecimal digits, an empty text for anything else.
    param([string] $Path)

    $share = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
    try {
        $stream = [IO.File]::Open($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    }
    catch [NotSupportedException] {
        return ''  # a device
    }
    try {
        if (-not $stream.CanSeek -or $stream.Length -gt $longestFileBytes) {
            return ''
        }
        $algorithm = [System.Security.Cryptography.SHA256]::Create()
        try {
            [BitConverter]::ToString($algorithm.ComputeHash($stream)).Replace('-', '').ToLowerInvariant()
        }
        finally {
            $algorithm.Dispose()
        }
    }
    finally {
        $stream.Dispose()
    }
}

function Get-LinkTarget {
    # Returns where a symbolic link or a junction leads.
    param([string] $Path)

    if (-not ([IO.File]::GetAttributes($Path) -band [IO.FileAttributes]::ReparsePoint)) {
        throw 'it is not a link'
    }
    [string] (@((Get-Item -LiteralPath $Path -Force -ErrorAction Stop).Target) | Select-Object -First 1)
}

function Read-Each {
    # Returns what the script says of each path, an empty text where there is nothing at the path.
    param([string[]] $Path, [scriptblock] $Script)

    # Two names that differ in case are two names in the result.
    $kind = 'System.Collections.Generic.Dictionary[string, object]'
    $found = New-Object -TypeName $kind -ArgumentList ([StringComparer]::Ordinal)
    foreach ($each in $Path) {
        try {
            $found[$each] = [string] (& $Script $each)
        }
        catch {
            $exception = $_.Exception
            while ($exception.InnerException) {
                $exception = $exception.InnerException
            }
            if ($exception -isnot [IO.FileNotFoundException] -and $exception -isnot [IO.DirectoryNotFoundException]) {
                $module.Result.error_kind = 'unreadable'
                $module.FailJson("$each cannot be read: $($exception.Message.Trim())")
            }
            $found[$each] = ''
        }
    }
    , $found
}

$module.Result.files = Read-Each -Path $module.Params.files -Script { Get-FileSha256 -Path $args[0] }
$module.Result.links = Read-Each -Path $module.Params.links -Script { Get-LinkTarget -Path $args[0] }
$module.ExitJson()
