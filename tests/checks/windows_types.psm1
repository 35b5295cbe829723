# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# The types of .NET Framework 4.8 and of our own C#, and their members. PowerShell 7 runs this.

Set-StrictMode -Version 2

$script:Accelerators = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Get
$script:NewAccelerators = 'ordered', 'pspropertyexpression', 'semver', 'experimental'
# PowerShell adds them, in 5.1 too.
$script:Added = 'Count', 'Length', 'ForEach', 'Where', 'PSObject', 'PSTypeNames', 'BaseName', 'Mode', 'VersionInfo',
    'LinkType', 'Target'
# What ships beside the reference assemblies.
$script:NotListed = '^(Ansible|Microsoft\.PowerShell|Microsoft\.Management\.Infrastructure)\.'

function Import-Api {
    # Reads the types; `Names` leads from a name in any case to the type's own.
    param([Parameter(Mandatory = $true)] [string] $Path)

    $script:Api = Get-Content -Raw -LiteralPath $Path | ConvertFrom-Json -AsHashtable
    $script:Names = [System.Collections.Generic.Dictionary[string, string]]::new([StringComparer]::OrdinalIgnoreCase)
    foreach ($name in $script:Api.Keys) {
        $script:Names[$name] = $name
    }
}

function Add-OwnType {
    # Makes a type that one of our C# files defines known, by a name of its own too.
    param([Parameter(Mandatory = $true)] [type] $Type, [string] $Name)

    $members = @{}
    foreach ($each in @($Type.GetConstructors()) + @($Type.GetMethods())) {
        $member, $result = if ($each.IsConstructor) { 'new', '' } else { $each.Name, ' ' + $each.ReturnType.ToString() }
        $static = if ($each.IsStatic) { 'static ' } else { '' }
        $members[$member] = @($members[$member] | Where-Object { $_ }) + "$static$(Get-ArgumentText $each)$result"
    }
    foreach ($each in @($Type.GetFields()) + @($Type.GetProperties())) {
        $of = if ($each -is [Reflection.FieldInfo]) { $each.FieldType } else { $each.PropertyType }
        $members[$each.Name] = @('static field ' + $of.ToString())
    }
    $script:Api[$Type.FullName] = @{ assembly = 'own'; base = 'System.Object'; members = $members }
    $script:Names[$Type.FullName] = $Type.FullName
    if ($Name) {
        $script:Names[$Name] = $Type.FullName
    }
}

function Get-ArgumentText {
    # Returns the types of a method's arguments as the list of types writes them.
    param([Parameter(Mandatory = $true)] [System.Reflection.MethodBase] $Method)

    '(' + (@($Method.GetParameters() | ForEach-Object { $_.ParameterType.ToString() }) -join ', ') + ')'
}

function Resolve-Type {
    # Returns the name of a type, '' for one that cannot be known, $null for one that .NET Framework 4.8 lacks.
    param([Parameter(Mandatory = $true)] [System.Management.Automation.Language.ITypeName] $TypeName)

    if ($TypeName -is [System.Management.Automation.Language.ArrayTypeName]) {
        $element = Resolve-Type $TypeName.ElementType
        return $(if ($null -eq $element) { $null } else { 'System.Array' })
    }
    $name = $TypeName.Name
    if ($TypeName -is [System.Management.Automation.Language.GenericTypeName]) {
        $name = '{0}`{1}' -f $TypeName.TypeName.Name, $TypeName.GenericArguments.Count
        if (@($TypeName.GenericArguments | Where-Object { $null -eq (Resolve-Type $_) })) {
            return $null
        }
    }
    Resolve-Name $name
}

function Resolve-Name {
    param([Parameter(Mandatory = $true)] [string] $Name)

    if ($Name.EndsWith(']') -and $Name -match '^([^\[]+)\[(.*)\]$') {  # New-Object List[string]
        $inner = $Matches[2]
        $Name = if ($inner.Trim(',') -eq '') { $Matches[1] } else { '{0}`{1}' -f $Matches[1], $inner.Split(',').Count }
    }
    if ($script:Accelerators.ContainsKey($Name) -and $script:NewAccelerators -notcontains $Name) {
        $Name = $script:Accelerators[$Name].FullName
    }
    foreach ($each in $Name, "System.$Name", "${Name}Attribute", "System.Management.Automation.${Name}Attribute") {
        if ($script:Names.ContainsKey($each)) {
            return $script:Names[$each]
        }
    }
    if ($Name -match $script:NotListed) {
        return ''
    }
}

function Get-Assembly {
    param([Parameter(Mandatory = $true)] [string] $Type)

    $script:Api[$Type].assembly
}

function Find-Member {
    # Returns the signatures of a member, bases included; $null where there is none. `Type` names a type of the list.
    param([Parameter(Mandatory = $true)] [string] $Type, [Parameter(Mandatory = $true)] [string] $Name)

    $found = @()
    $isWhole = $true
    $waiting = [System.Collections.Generic.Queue[string]]::new([string[]] ($Type, 'System.Object'))
    while ($waiting.Count -gt 0) {
        $each = $script:Api[$waiting.Dequeue()]
        if (-not $each) {
            $isWhole = $false
            continue
        }
        foreach ($member in $each.members.get_Keys()) {
            if ($member -eq $Name) {
                $found += $each.members[$member]
            }
        }
        if ($Name -eq 'new') {
            break
        }
        foreach ($base in @($each['base']) + @($each['interfaces'])) {
            if ($base) {
                $waiting.Enqueue($base.Split('[')[0])
            }
        }
    }
    if ($found -or -not $isWhole) {
        return , $found
    }
}

function Test-Derived {
    # Says whether a type that derives from this one has the member: a value may be more than what is declared.
    param([Parameter(Mandatory = $true)] [string] $Type, [Parameter(Mandatory = $true)] [string] $Name)

    foreach ($each in $script:Api.Keys) {
        if ($script:Api[$each].members.get_Keys() -contains $Name) {
            for ($base = $each; $base -and $script:Api[$base]; $base = "$($script:Api[$base]['base'])".Split('[')[0]) {
                if ($base -eq $Type) {
                    return $true
                }
            }
        }
    }
    $false
}

function Get-ArgumentCount {
    # Returns how many arguments each signature takes; a last array may take any number.
    param([string[]] $Signature)

    foreach ($each in $Signature) {
        if ($each -match '\((.*?)\)') {
            $depth = 0
            $count = [int] ($Matches[1].Length -gt 0)
            foreach ($character in $Matches[1].ToCharArray()) {
                $depth += ($character -eq '[') - ($character -eq ']')
                $count += ($character -eq ',' -and $depth -eq 0)
            }
            [pscustomobject] @{ Count = $count; IsOpen = $Matches[1].EndsWith('[]') }
        }
    }
}

function Get-Result {
    # Returns the type that a member has or returns, where all its signatures agree.
    param([string[]] $Signature)

    $types = @($Signature | ForEach-Object { ($_ -split ' ')[-1] } | Sort-Object -Unique)
    if ($types.Count -ne 1 -or $types[0] -match '&|\)$|^=') {
        return ''
    }
    if ($types[0].EndsWith('[]')) {
        return 'System.Array'
    }
    $name = $types[0].Split('[')[0]
    $(if ($script:Api.ContainsKey($name)) { $name } else { '' })
}

Export-ModuleMember -Function * -Variable Added
