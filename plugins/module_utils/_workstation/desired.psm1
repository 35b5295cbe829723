# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# What a set of files on a Windows position should be.
Set-StrictMode -Version 2

$script:Administrators = 'S-1-5-32-544'

function New-Failure {
    <#
    .SYNOPSIS
    Returns an exception that says one sentence, and of which kind the failure is.
    #>
    [CmdletBinding()]
    [OutputType([Exception])]
    param(
        [Parameter(Mandatory = $true)] [string] $Message,
        [string] $Kind = 'invalid_input'
    )
    $failure = New-Object -TypeName System.InvalidOperationException -ArgumentList $Message
    $failure.Data['error_kind'] = $Kind
    $failure
}

function Get-Explanation {
    <#
    .SYNOPSIS
    Returns what was thrown as one sentence for the user, with what that means for the position.
    #>
    [CmdletBinding()]
    [OutputType([Exception])]
    param([Exception] $Failure, [string] $Consequence)

    $exception = $Failure.GetBaseException()
    $kind = $exception.Data['error_kind']
    if ($kind) {
        return (New-Failure -Message "$($exception.Message); $Consequence" -Kind $kind)
    }
    New-Failure -Kind 'not_written' -Message ("$($exception.Message.Trim()); ${Consequence}: correct that and run " +
        'again, as an administrator')
}

function Get-WantedDirectory {
    <#
    .SYNOPSIS
    Returns the directories that the options name.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param([Parameter(Mandatory = $true)] [Collections.IDictionary] $Option)

    $owner = Resolve-Owner -Name $Option.owner
    foreach ($each in $Option.directories) {
        Confirm-Path -Path $each.path
        $group = Resolve-Group -Name $each.group
        $mode = ConvertFrom-Mode -Text $each.mode -Path $each.path
        $sddl = ConvertTo-Sddl -Mode $mode -OwnerSid $owner -GroupSid $group -IsDirectory
        [pscustomobject] @{ Kind = 'directory'; Path = $each.path; Sddl = $sddl }
    }
}

function Get-WantedFile {
    <#
    .SYNOPSIS
    Returns the files that the options name, each with its content as bytes, or without any where there should be none.
    .PARAMETER Secret
    The secrets' contents as bytes, by their names.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param(
        [Parameter(Mandatory = $true)] [Collections.IDictionary] $Option,
        [Parameter(Mandatory = $true)] [Collections.Generic.Dictionary[string, object]] $Secret
    )
    $owner = Resolve-Owner -Name $Option.owner
    $kind = 'System.Collections.Generic.HashSet[string]'
    $seen = New-Object -TypeName $kind -ArgumentList ([StringComparer]::OrdinalIgnoreCase)
    foreach ($each in $Option.files) {
        $path = $each.path
        Confirm-Path -Path $path
        if (-not $seen.Add($path)) {
            throw New-Failure -Message "$path is named twice in files"
        }
        $isSecret = $null -ne $each.secret
        if ($isSecret -and -not $Secret.ContainsKey($each.secret)) {
            throw New-Failure -Message ("the file $path should hold the secret '$($each.secret)', which is not among " +
                'secrets')
        }
        $mode = ConvertFrom-Mode -Text $each.mode -Path $path
        if ($isSecret -and ($mode -band 23)) {  # 0o027
            throw New-Failure -Message ("the file $path holds a secret, and mode $($each.mode) lets others than its " +
                'owner and group read it; use 0640 or 0600')
        }
        if ($null -ne $each.sealed_for -and -not $isSecret) {
            throw New-Failure -Message "the file $path is to be sealed and holds no secret"
        }
        $content = $null
        if ($isSecret) {
            $content = $Secret[$each.secret]
        }
        elseif ($null -ne $each.content) {
            $content = [Text.Encoding]::UTF8.GetBytes($each.content)
        }
        [pscustomobject] @{
            Kind = 'file'; Path = $path; Content = $content; Purpose = $each.sealed_for
            IsSecret = $isSecret; IsOpen = [bool] ($mode -band 4)
            IsShownByHash = [string]::Equals($each.diff, 'hash', [StringComparison]::Ordinal)
            Sddl = ConvertTo-Sddl -Mode $mode -OwnerSid $owner -GroupSid (Resolve-Group -Name $each.group)
            StagedPath = (Join-Name -Path $path -Word 'new')
        }
    }
}

function Get-WantedKey {
    <#
    .SYNOPSIS
    Returns the keys of the registry that the options stand for. Schemes that lead to one of the directories under
    another name go.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject[]])]
    param([Parameter(Mandatory = $true)] [Collections.IDictionary] $Option)

    $isAbsent = [string]::Equals($Option.state, 'absent', [StringComparison]::Ordinal)
    $names = @($Option.url_schemes | ForEach-Object -Process { $_.name })
    $own = @()
    if ($names.Count -gt 0) {
        $own = @(Find-SchemeOf -Directory @($Option.directories | ForEach-Object -Process { $_.path }))
    }
    foreach ($each in $own | Where-Object -FilterScript { $isAbsent -or $names -notcontains $_ }) {
        New-SchemeKey -Name $each
    }
    $given = @($names | Where-Object -FilterScript { -not $isAbsent }) + @($Option.event_sources)
    foreach ($each in $given) {
        if (-not [regex]::IsMatch($each, '^[A-Za-z][A-Za-z0-9.+-]{0,60}\z')) {
            throw New-Failure -Message ("'$each' must be the name of a URL scheme or an event source: letters, " +
                'digits and . + - only')
        }
    }
    foreach ($each in $Option.url_schemes) {
        if ($isAbsent) {
            break  # those that are there have been found by what they start
        }
        $key = New-SchemeKey -Name $each.name -Description $each.description -Command $each.command
        if ($own -notcontains $each.name -and @(Read-RegistryTree -Path $key.Path).Count -gt 0) {
            throw New-Failure -Message ("the URL scheme '$($each.name)' already belongs to another program on this " +
                'position; nothing was changed: choose another name, or remove it')
        }
        $key
    }
    foreach ($each in $Option.event_sources) {
        New-EventSourceKey -Name $each -IsAbsent:$isAbsent
    }
}

function Resolve-Owner {
    [CmdletBinding()]
    [OutputType([string])]
    param([string] $Name)

    if ([string]::Equals($Name, 'root', [StringComparison]::Ordinal)) {
        return $script:Administrators
    }
    $sid = Resolve-AccountSid -Name $Name
    if (-not $sid) {
        throw New-Failure -Message "there is no user '$Name' on this position; create it or name another owner"
    }
    $sid
}

function Resolve-Group {
    [CmdletBinding()]
    [OutputType([string])]
    param([object] $Name)  # a parameter that is a text would make $null an empty one

    if ($null -eq $Name) {
        return
    }
    $sid = Resolve-AccountSid -Name $Name
    if (-not $sid) {
        throw New-Failure -Message ("there is no group '$Name' on this position; create it with its members, or name " +
            'another group')
    }
    $sid
}

function Confirm-Path {
    [CmdletBinding()]
    param([string] $Path)

    if (-not (Test-AbsolutePath -Path $Path)) {
        throw New-Failure -Message "'$Path' must be an absolute path without '..' or a backslash at its end"
    }
    if (-not [IO.Directory]::Exists($Path.Substring(0, 3))) {
        $drive = $Path.Substring(0, 2)
        throw New-Failure -Message "there is no drive $drive on this position; give another path than $Path"
    }
}

function ConvertFrom-Mode {
    [CmdletBinding()]
    [OutputType([int])]
    param([string] $Text, [string] $Path)

    $match = [regex]::Match($Text, '^(?:0o)?([0-7]{1,5})\z', [Text.RegularExpressions.RegexOptions]::CultureInvariant)
    if (-not $match.Success -or [Convert]::ToInt32($match.Groups[1].Value, 8) -gt 511) {  # 0o777
        throw New-Failure -Message "the mode of $Path is '$Text'; give octal digits in quotes, such as '0640'"
    }
    [Convert]::ToInt32($match.Groups[1].Value, 8)
}

function Join-Name {
    <#
    .SYNOPSIS
    Returns the path of a hidden file beside this one.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string] $Word
    )
    '{0}\.{1}.{2}' -f [IO.Path]::GetDirectoryName($Path).TrimEnd('\'), [IO.Path]::GetFileName($Path), $Word
}

Export-ModuleMember -Function Get-Explanation, Get-WantedDirectory, Get-WantedFile, Get-WantedKey, Join-Name,
    New-Failure
