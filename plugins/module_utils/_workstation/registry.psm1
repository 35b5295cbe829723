# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

$script:Classes = 'SOFTWARE\Classes'
$script:EventLog = 'SYSTEM\CurrentControlSet\Services\EventLog\Application'
$script:Unexpanded = [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames

function Open-Machine {
    [CmdletBinding()]
    [OutputType([Microsoft.Win32.RegistryKey])]
    param()

    # The 64-bit registry, also for a 32-bit host.
    $view = [Microsoft.Win32.RegistryView]::Registry64
    [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $view)
}

function New-SchemeKey {
    <#
    .SYNOPSIS
    Returns the key of a URL scheme as it should be; without a command, that there should be none.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [string] $Name,
        [string] $Description,
        [string] $Command
    )
    $values = @()
    if ($Command) {
        $values = @(
            [pscustomobject] @{ key = ''; name = ''; kind = 'String'; data = $Description }
            [pscustomobject] @{ key = ''; name = 'URL Protocol'; kind = 'String'; data = '' }
            [pscustomobject] @{ key = 'shell\open\command'; name = ''; kind = 'String'; data = $Command }
        )
    }
    [pscustomobject] @{ Path = "$script:Classes\$Name"; Values = $values }
}

function New-EventSourceKey {
    <#
    .SYNOPSIS
    Returns the key of an event source of the application log as it should be, or that there should be none.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [string] $Name,
        [switch] $IsAbsent
    )
    $values = @()
    if (-not $IsAbsent) {
        $file = '%SystemRoot%\Microsoft.NET\Framework64\v4.0.30319\EventLogMessages.dll'
        $values = @([pscustomobject] @{ key = ''; name = 'EventMessageFile'; kind = 'ExpandString'; data = $file })
    }
    [pscustomobject] @{ Path = "$script:EventLog\$Name"; Values = $values }
}

function Find-SchemeOf {
    <#
    .SYNOPSIS
    Returns the names of the URL schemes that start something below one of these directories.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param([Parameter(Mandatory = $true)] [string[]] $Directory)

    $machine = Open-Machine
    try {
        $classes = $machine.OpenSubKey($script:Classes)
        foreach ($name in $classes.GetSubKeyNames()) {
            if ($name.StartsWith('.', [StringComparison]::Ordinal)) {
                continue  # an extension
            }
            $command = Get-SchemeCommand -Machine $machine -Name $name
            foreach ($each in $Directory) {
                if ($command.IndexOf($each + '\', [StringComparison]::OrdinalIgnoreCase) -ge 0) {
                    $name
                    break
                }
            }
        }
    }
    finally {
        $machine.Dispose()
    }
}

function Get-SchemeCommand {
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [Microsoft.Win32.RegistryKey] $Machine,
        [Parameter(Mandatory = $true)] [string] $Name
    )
    $key = $Machine.OpenSubKey("$script:Classes\$Name\shell\open\command")
    if ($null -eq $key) {
        return ''
    }
    [string] $key.GetValue('', '', $script:Unexpanded)
    $key.Dispose()
}

function Read-RegistryTree {
    <#
    .SYNOPSIS
    Returns all values at and below a key of the machine, in the order of their names; nothing where there is no key.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    $machine = Open-Machine
    try {
        $pending = New-Object -TypeName System.Collections.Generic.Stack[string]
        $pending.Push('')
        while ($pending.Count -gt 0) {
            $below = $pending.Pop()
            $key = $machine.OpenSubKey("$Path\$below".TrimEnd('\'))
            if ($null -eq $key) {
                return
            }
            foreach ($name in $key.GetValueNames() | Sort-Object) {
                $kind = [string] $key.GetValueKind($name)
                $data = $key.GetValue($name, $null, $script:Unexpanded)
                if ($data -is [byte[]]) {
                    $data = [Convert]::ToBase64String($data)
                }
                [pscustomobject] @{ key = $below; name = $name; kind = $kind; data = $data }
            }
            foreach ($name in $key.GetSubKeyNames() | Sort-Object -Descending) {
                $pending.Push("$below\$name".TrimStart('\'))
            }
            $key.Dispose()
        }
    }
    finally {
        $machine.Dispose()
    }
}

function Write-RegistryTree {
    <#
    .SYNOPSIS
    Makes a key of the machine hold exactly these values; without any it is removed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Value
    )
    $machine = Open-Machine
    try {
        $machine.DeleteSubKeyTree($Path, $false)
        foreach ($each in $Value) {
            $key = $machine.CreateSubKey("$Path\$($each.key)".TrimEnd('\'))
            $data = switch ($each.kind) {
                'DWord' { [int] $each.data }
                'QWord' { [long] $each.data }
                'MultiString' { , [string[]] @($each.data) }
                { 'String', 'ExpandString' -contains $_ } { [string] $each.data }
                default { , [Convert]::FromBase64String($each.data) }
            }
            $key.SetValue($each.name, $data, [Microsoft.Win32.RegistryValueKind] $each.kind)
            $key.Flush()
            $key.Dispose()
        }
    }
    finally {
        $machine.Dispose()
    }
}

function Format-RegistryTree {
    <#
    .SYNOPSIS
    Returns values of the registry as lines of text, to be compared and shown.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [AllowEmptyCollection()] [object[]] $Value)

    $lines = foreach ($each in $Value) {
        $name = if ($each.name) { $each.name } else { '(Default)' }
        $place = if ($each.key) { "$($each.key)\$name" } else { $name }
        '{0} = {1} ({2})' -f $place, (@($each.data) -join ' '), $each.kind
    }
    (@($lines) | ForEach-Object -Process { "$_`n" }) -join ''
}

function Find-UserKey {
    <#
    .SYNOPSIS
    Returns the paths below HKEY_USERS of this key of each user who is logged on.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    foreach ($user in [Microsoft.Win32.Registry]::Users.GetSubKeyNames()) {
        $key = [Microsoft.Win32.Registry]::Users.OpenSubKey("$user\$Path")
        if ($null -ne $key) {
            $key.Dispose()
            "$user\$Path"
        }
    }
}

function Get-ScriptPolicy {
    <#
    .SYNOPSIS
    Returns the execution policies that group policy sets for Windows PowerShell: the machine's, or else those of the
    users who are logged on.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param()

    $policy = 'SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    $machine = Open-Machine
    $keys = @($machine.OpenSubKey($policy))
    $keys += foreach ($user in Find-UserKey -Path $policy) { [Microsoft.Win32.Registry]::Users.OpenSubKey($user) }
    $machine.Dispose()
    foreach ($key in $keys | Where-Object -FilterScript { $null -ne $_ }) {
        $isEnabled = $key.GetValue('EnableScripts')
        if ($null -eq $isEnabled) {
            continue
        }
        if ([int] $isEnabled) { [string] $key.GetValue('ExecutionPolicy') } else { 'Restricted' }
        if ($key.Name.StartsWith('HKEY_LOCAL_MACHINE', [StringComparison]::Ordinal)) {
            return
        }
    }
}

Export-ModuleMember -Function Find-SchemeOf, Find-UserKey, Format-RegistryTree, Get-ScriptPolicy, New-EventSourceKey,
    New-SchemeKey, Read-RegistryTree, Write-RegistryTree
