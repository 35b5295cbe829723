# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Compiles C# as the C# 5 of Windows PowerShell 5.1 reads it, and compares every member that it uses with
# .NET Framework 4.8.

Set-StrictMode -Version 2

# What a compiler adds on its own.
$script:Generated = '^(System\.Runtime\.CompilerServices|System\.Diagnostics\.Debuggable|Microsoft\.CodeAnalysis)'

function Test-CSharp {
    # Returns what is wrong with the code, in words, and makes its types known to the checks of scripts.
    param([Parameter(Mandatory = $true)] [string] $Code, [string[]] $Reference = @())

    $output = Join-Path -Path ([IO.Path]::GetTempPath()) -ChildPath ([guid]::NewGuid().ToString('N') + '.dll')
    try {
        $wanted = @{ CompilerOptions = '/langversion:5'; OutputAssembly = $output; OutputType = 'Library' }
        $null = Add-Type -TypeDefinition $Code -IgnoreWarnings @wanted
        $assembly = [Reflection.Assembly]::Load([IO.File]::ReadAllBytes($output))
    }
    catch {
        "it does not compile as C# 5: $($_.Exception.Message.Split("`n")[0].Trim())"
        return
    }
    finally {
        Remove-Item -LiteralPath $output -Force -ErrorAction SilentlyContinue
    }
    foreach ($type in $assembly.GetExportedTypes()) {
        $line = [regex]::Match($Code, "(?m)^//TypeAccelerator -Name (\S+) -TypeName $($type.Name)\s*$")
        $accelerator = $line.Groups[1].Value
        Add-OwnType -Type $type -Name $accelerator
    }
    $module = $assembly.ManifestModule
    foreach ($first in 0x01000001, 0x0A000001) {  # the tables of types and of members that are used
        for ($token = $first; $true; $token++) {
            try {
                $used = $module.ResolveMember($token)
            }
            catch [ArgumentOutOfRangeException] {
                break
            }
            catch [ArgumentException] {
                continue  # of a generic type that is open here
            }
            if ($used -is [type]) {
                Test-UsedType -Type $used -Reference $Reference
            }
            else {
                Test-UsedMember -Member $used
            }
        }
    }
}

function Test-UsedType {
    param([Parameter(Mandatory = $true)] [type] $Type, [string[]] $Reference)

    if ($Type.FullName -match $script:Generated) {
        return
    }
    if ($null -eq (Resolve-Name $Type.FullName)) {
        return "the type $Type is not in .NET Framework 4.8"
    }
    $assembly = Get-Assembly -Type (Resolve-Name $Type.FullName)
    if ('mscorlib', 'System', 'System.Core', 'own' + $Reference -notcontains $assembly) {
        "the type $Type is in $assembly, which is not referenced"
    }
}

function Test-UsedMember {
    param([Parameter(Mandatory = $true)] [System.Reflection.MemberInfo] $Member)

    $type = $Member.DeclaringType
    $isGeneric = $type.IsGenericType
    $name = if ($isGeneric) { $type.GetGenericTypeDefinition().FullName } else { $type.FullName }
    if ($type.IsArray -or $name -match $script:Generated -or -not (Resolve-Name $name)) {
        return
    }
    $memberName = $Member.Name -replace '^\.ctor$', 'new' -creplace '^(get|set|add|remove)_', ''
    $known = Find-Member -Type $name -Name $(if ($Member.Name -match '^[gs]et_Item$') { 'Item' } else { $memberName })
    if ($null -eq $known) {
        return "$name.$memberName is not in .NET Framework 4.8"
    }
    $isPlain = $Member.Name -ceq '.ctor' -or $memberName -ceq $Member.Name
    $isMethod = $isPlain -and $Member -is [Reflection.MethodBase] -and -not $isGeneric -and -not $Member.IsGenericMethod
    if (-not $isMethod -or $known.Count -eq 0) {
        return
    }
    $arguments = Get-ArgumentText $Member
    if (-not @($known | Where-Object { $_.Contains($arguments) })) {
        "$name.$memberName$arguments is not an overload of .NET Framework 4.8"
    }
}

Export-ModuleMember -Function Test-CSharp
