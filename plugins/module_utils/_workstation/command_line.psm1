# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

Set-StrictMode -Version 2

# What cmd.exe reads in a line, within quotes or beside them.
$script:ReadByCmd = [char[]] "`"%!^&|<>()`r`n"
$script:Extensions = '.exe', '.com', '.cmd', '.bat'
$script:Invariant = [Text.RegularExpressions.RegexOptions]::CultureInvariant
# Windows takes these for devices, in any directory and with any extension.
$script:DevicePattern = '^(?:[Cc][Oo][Nn]|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]|[Cc][Oo][Nn][Ii][Nn]\$|' +
    '[Cc][Oo][Nn][Oo][Uu][Tt]\$|(?:[Cc][Oo][Mm]|[Ll][Pp][Tt])[0-9\u00b9\u00b2\u00b3]) *(?:\.|\z)'

function ConvertTo-CommandLine {
    <#
    .SYNOPSIS
    Returns the command line from which the C runtime reads exactly these arguments.
    .PARAMETER ForBatch
    cmd.exe reads it, for which = , and ; part arguments too.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string[]] $Argument,
        [switch] $ForBatch
    )
    $parting = if ($ForBatch) { " `t`n`v`f`"=,;()" } else { " `t`n`v`"" }
    $quoted = foreach ($each in $Argument) {
        if ($each.Length -gt 0 -and $each.IndexOfAny($parting.ToCharArray()) -lt 0) {
            $each
            continue
        }
        # Backslashes are doubled before a quote and at the end, where a quote follows too.
        $escaped = [regex]::Replace($each, '(\\*)"', '$1$1\"')
        '"' + [regex]::Replace($escaped, '(\\+)$', '$1$1') + '"'
    }
    $quoted -join ' '
}

function Find-Program {
    <#
    .SYNOPSIS
    Returns the path of a program given as an absolute path or as a name on the PATH, or nothing.
    The current directory never counts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Name)

    if (Test-AbsolutePath -Path $Name) {
        $places = , $Name
    }
    elseif ($Name.IndexOfAny([char[]] '\/:') -ge 0) {
        return
    }
    else {
        $places = [Environment]::GetEnvironmentVariable('PATH').Split(';') |
            ForEach-Object -Process { $_.Trim('"').TrimEnd('\') } |
            Where-Object -FilterScript { Test-AbsolutePath -Path $_ } |
            ForEach-Object -Process { "$_\$Name" }
    }
    foreach ($place in $places) {
        foreach ($path in @($place) + @($script:Extensions | ForEach-Object -Process { $place + $_ })) {
            if ($script:Extensions -contains (Get-Extension -Path $path) -and [IO.File]::Exists($path)) {
                return $path
            }
        }
    }
}

function Test-AbsolutePath {
    <#
    .SYNOPSIS
    Says whether a path begins with a drive and leads straight to one place: no dots, no double or trailing backslash,
    no stream, no device.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Path)

    if (-not [regex]::IsMatch($Path, '^[A-Za-z]:\\[^/:*?"<>|\x00-\x1f]*\z', $script:Invariant)) {
        return $false
    }
    foreach ($name in $Path.Substring(3).Split('\')) {
        if ($name.Length -eq 0 -or $name.TrimEnd(' ', '.').Length -ne $name.Length) {
            return $false
        }
        if ([regex]::IsMatch($name, $script:DevicePattern, $script:Invariant)) {
            return $false
        }
    }
    $true
}

function Test-ReadByCmd {
    <#
    .SYNOPSIS
    Says whether cmd.exe would read one of the arguments as more than text.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [AllowEmptyString()] [string[]] $Argument)

    ($Argument -join '').IndexOfAny($script:ReadByCmd) -ge 0
}

function Test-BatchFile {
    <#
    .SYNOPSIS
    Says whether Windows would have cmd.exe run this program.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    '.cmd', '.bat' -contains (Get-Extension -Path $Path)
}

function Get-Extension {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    [IO.Path]::GetExtension($Path.TrimEnd(' ', '.')).ToLowerInvariant()
}

Export-ModuleMember -Function ConvertTo-CommandLine, Find-Program, Test-AbsolutePath, Test-BatchFile, Test-ReadByCmd
