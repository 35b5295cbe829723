# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Proves what the PowerShell modules of the collection decide: command lines, programs, batch files, paths, and whose
# directory it is.

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0.0' }

Set-StrictMode -Version 2

BeforeDiscovery {
    $Cultures = 'en-US', 'de-DE', 'tr-TR'
    if ($env:PESTER_CULTURES) {
        $Cultures = $env:PESTER_CULTURES.Split(' ')
    }
    # Security identifiers, programs and their paths are Windows' own.
    $IsOffWindows = [System.Environment]::OSVersion.Platform -ne 'Win32NT'
}

BeforeAll {
    Set-StrictMode -Version 2
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'calls.psm1') -Force
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot)
    $utilities = [System.IO.Path]::Combine($root, 'plugins', 'module_utils')
    $CommandLine = [System.IO.Path]::Combine($utilities, '_workstation', 'command_line.psm1')
    $AccessRules = [System.IO.Path]::Combine($utilities, '_files', 'access_rules.psm1')

    # Returns a row for a call with named arguments.
    function New-NamedRow {
        param([string] $Name, [hashtable] $Given, $Gives)

        $call = ConvertTo-CallText -Value @{ Name = $Name; Given = $Given }
        $expected = ConvertTo-CallText -Value @{ gives = $Gives }
        [pscustomobject] @{ Table = ''; Call = $call; Shape = $null; Expected = $expected }
    }

    # Returns a row for each entry of a table: argument, answer. Both are written down at once.
    function Get-TableRow {
        param([string] $Name, $Expected, [scriptblock] $Given = { param($key) ConvertTo-CallText -Value $key })

        foreach ($key in $Expected.Keys) {
            $gives = ConvertTo-CallText -Value @{ gives = $Expected[$key] }
            New-Row -Table $Name -Name $Name -Given (& $Given $key) -Expected $gives
        }
    }

    # Returns the text of each mistake.
    function Get-MistakeText {
        param([string] $Path, [string] $Culture, [object[]] $Row)

        Find-Mistake -Path $Path -Culture $Culture -Row $Row | ForEach-Object -Process { $_.Text }
    }

    $inList = { param($key) ConvertTo-CallText -Value @(, $key) }
    $account = 'S-1-5-21-1-2-3-1000'
    $closed = "O:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;$account)"
}

Describe 'The modules in <_>' -ForEach $Cultures {
    It 'recognize paths and batch files by their text' {
        $paths = [ordered] @{
            'C:\a\b.json' = $true; 'c:\Program Files\x' = $true; "C:\$([char] 0x131)" = $true; 'C:\' = $false
            'C:\a\' = $false; 'C:\a\\b' = $false; 'C:a' = $false; '\\server\share\a' = $false; '\a' = $false
            'a' = $false; '' = $false; 'C:\a\..\b' = $false; 'C:\a\.\b' = $false; 'C:\a.\b' = $false
            'C:\a \b' = $false; 'C:/a' = $false; 'C:\a/b' = $false; 'C:\a:stream' = $false; "C:\a`nb" = $false
            'C:\a*' = $false; '1:\a' = $false; '\\?\C:\a' = $false; "C:\a`n" = $false
            'C:\a\NUL' = $false; 'C:\con.json' = $false; 'C:\a\Aux .x\b' = $false; 'C:\com1\b' = $false
            "C:\lpt$([char] 0xb2)" = $false; 'C:\CONIN$' = $false; 'C:\console\com10' = $true; 'C:\a.nul' = $true
        }
        $batchFiles = [ordered] @{
            'C:\a.cmd' = $true; 'C:\a.BAT' = $true; 'C:\a.bat. .' = $true; 'C:\a.exe' = $false
            'C:\a.cmd.exe' = $false; "C:\a.b$([char] 0x131)t" = $false; 'C:\I.BAT' = $true
        }
        $readByCmd = [ordered] @{
            'plain text-1_2' = $false; '' = $false; '50%' = $true; 'a&b' = $true; 'a|b' = $true; 'a^b' = $true
            'a<b' = $true; 'a>b' = $true; 'a"b' = $true; 'a!b' = $true; '(a)' = $true; "a`nb" = $true
        }
        $lines = [ordered] @{
            'plain' = 'plain'; 'a b' = '"a b"'; 'say "hi"' = '"say \"hi\""'; 'c:\x y\' = '"c:\x y\\"'
            '\"' = '"\\\""'; '' = '""'; 'a&b' = 'a&b'; 'C:\x\' = 'C:\x\'
        }
        $rows = @(Get-TableRow -Name 'Test-AbsolutePath' -Expected $paths)
        $rows += @(Get-TableRow -Name 'Test-BatchFile' -Expected $batchFiles)
        $rows += @(Get-TableRow -Name 'Test-ReadByCmd' -Expected $readByCmd -Given $inList)
        $rows += @(Get-TableRow -Name 'ConvertTo-CommandLine' -Expected $lines -Given $inList)
        $batchLines = [ordered] @{
            'plain' = 'plain'; '--file=C:\a' = '"--file=C:\a"'; 'a,b' = '"a,b"'; 'a;b' = '"a;b"'; 'a b' = '"a b"'
            'C:\x (x86)\a.cmd' = '"C:\x (x86)\a.cmd"'; 'C:\(x)\a.cmd' = '"C:\(x)\a.cmd"'; '' = '""'
        }
        foreach ($text in $batchLines.Keys) {
            $given = @{ Argument = @(, $text); ForBatch = $true }
            $rows += New-NamedRow -Name 'ConvertTo-CommandLine' -Given $given -Gives $batchLines[$text]
        }
        Get-MistakeText -Path $CommandLine -Culture $_ -Row $rows | Should -BeNullOrEmpty
    }

    It 'find programs' -Skip:$IsOffWindows {
        $cmd = "$env:SystemRoot\system32\cmd"
        $rows = @(Get-TableRow -Name 'Find-Program' -Expected ([ordered] @{
                    "$cmd.exe" = "$cmd.exe"; $cmd = "$cmd.exe"; "$env:SystemRoot\win.ini" = $null
                    $env:SystemRoot = $null; 'no-such-program' = $null; '..\cmd.exe' = $null
                    'cmd' = "$cmd.exe"
                }))
        $before = $env:PATH
        $env:PATH = "C:\no-such;relative\;\;`"$env:SystemRoot\system32\`""  # many installers add a backslash
        try {
            Get-MistakeText -Path $CommandLine -Culture $_ -Row $rows | Should -BeNullOrEmpty
        }
        finally {
            $env:PATH = $before
        }
    }

    It 'find who could change a directory, or what lies above it' -Skip:$IsOffWindows {
        $intruders = [ordered] @{
            $closed = $null
            "$closed(A;;0x1200a9;;;BU)" = $null
            "$closed(D;;FA;;;WD)" = $null
            "$closed(A;OICIIO;FA;;;CO)" = $null
            "$closed(A;OICIIO;FA;;;AU)" = $null
            $closed.Replace('O:SY', 'O:BA') = $null
            $closed.Replace('O:SY', "O:$account") = $null
            $closed.Replace('O:SY', "O:${account}1") = "${account}1"
            "$closed(A;;FA;;;BU)" = 'S-1-5-32-545'
            "$closed(A;;0x2;;;WD)" = 'S-1-1-0'
            "$closed(A;;0x4;;;AU)" = 'S-1-5-11'
            "$closed(A;;SD;;;BU)" = 'S-1-5-32-545'
            "$closed(A;;WD;;;BU)" = 'S-1-5-32-545'
            "$closed(A;;GA;;;IU)" = 'S-1-5-4'
            "$closed(A;;GW;;;IU)" = 'S-1-5-4'
            'O:SY' = 'S-1-1-0'
        }
        $above = [ordered] @{
            'O:SYD:(A;OICI;FA;;;SY)(A;CI;0x116;;;BU)(A;OICI;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)' = $null
            "$closed(A;;0x40;;;BU)" = 'S-1-5-32-545'
            "$closed(A;;SD;;;BU)" = 'S-1-5-32-545'
            "$closed(A;;GA;;;IU)" = 'S-1-5-4'
            $closed.Replace('O:SY', 'O:BU') = 'S-1-5-32-545'
        }
        $given = { param($key) (ConvertTo-CallText -Value $key), (ConvertTo-CallText -Value $account) }
        $rows = @(Get-TableRow -Name 'Find-Intruder' -Expected $intruders -Given $given)
        foreach ($sddl in $above.Keys) {
            $given = @{ Sddl = $sddl; AccountSid = $account; ForAncestor = $true }
            $rows += New-NamedRow -Name 'Find-Intruder' -Given $given -Gives $above[$sddl]
        }
        Get-MistakeText -Path $AccessRules -Culture $_ -Row $rows | Should -BeNullOrEmpty
    }

    It 'translate modes into access rules and compare them' -Skip:$IsOffWindows {
        $system = '(A;{0};0x1f01ff;;;S-1-5-18)(A;{0};0x1f01ff;;;S-1-5-32-544)'
        $inherited = $system -f 'OICI'
        $own = $system -f ''
        $administrators = 'S-1-5-32-544'
        $modes = @(
            @{ Mode = 416; OwnerSid = $administrators; IsDirectory = $false; Rules = "$own(A;;0x120089;;;$account)" }
            @{
                Mode = 493; OwnerSid = $administrators; IsDirectory = $true
                Rules = "$inherited(A;OICI;0x1200a9;;;$account)(A;OICI;0x1200a9;;;S-1-5-32-545)"
            }
            @{ Mode = 384; OwnerSid = $account; IsDirectory = $false; Rules = "$own(A;;0x1f01ff;;;$account)" }
        )
        $rows = @(foreach ($each in $modes) {
                $given = @{ Mode = $each.Mode; OwnerSid = $each.OwnerSid; GroupSid = $account }
                $given['IsDirectory'] = $each.IsDirectory
                $gives = "O:$($each.OwnerSid)D:P$($each.Rules)"
                New-NamedRow -Name 'ConvertTo-Sddl' -Given $given -Gives $gives
            })
        $same = [ordered] @{
            $closed = $true
            "O:SYD:PAI(A;OICI;0x1f01ff;;;S-1-5-32-544)(A;OICI;FA;;;$account)(A;OICI;FA;;;SY)" = $true
            $closed.Replace('D:P', 'D:') = $false
            $closed.Replace('O:SY', 'O:BA') = $false
            "$closed(A;;FR;;;BU)" = $false
            $closed.Replace('(A;OICI;FA;;;SY)', '') = $false
            $closed.Replace('OICI', 'OICIID') = $false
        }
        foreach ($sddl in $same.Keys) {
            $given = @{ Sddl = $closed; OtherSddl = $sddl }
            $rows += New-NamedRow -Name 'Test-SameSecurity' -Given $given -Gives $same[$sddl]
        }
        $readable = [ordered] @{
            $closed = $false; "$closed(A;;FR;;;BU)" = $true; "$closed(A;;0x1200a9;;;WD)" = $true
            "$closed(A;;FW;;;BU)" = $false; 'O:SY' = $true
        }
        foreach ($sddl in $readable.Keys) {
            $rows += New-NamedRow -Name 'Test-ReadableByAll' -Given @{ Sddl = $sddl } -Gives $readable[$sddl]
        }
        $me = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value
        $names = [ordered] @{
            'S-1-5-32-545' = 'S-1-5-32-545'; 's-1-1-0' = 'S-1-1-0'; 'BUILTIN\Administrators' = $administrators
            'no-such' = $null; 'S-1-' = $null; '' = $null
            'localSystem' = 'S-1-5-18'; ".\$([Environment]::UserName)" = $me
        }
        if ([System.Globalization.CultureInfo]::InstalledUICulture.Name -notlike 'en*') {
            $names.Remove('BUILTIN\Administrators')  # it has another name there
        }
        foreach ($name in $names.Keys) {
            $rows += New-NamedRow -Name 'Resolve-AccountSid' -Given @{ Name = $name } -Gives $names[$name]
        }
        Get-MistakeText -Path $AccessRules -Culture $_ -Row $rows | Should -BeNullOrEmpty
    }
}

Describe 'A command line' {
    It 'is read back by Windows as it was given' -Skip:$IsOffWindows {
        $shell = Add-Type -Namespace 'Tests' -Name 'Shell' -PassThru -MemberDefinition (
            '[DllImport("shell32.dll", CharSet = CharSet.Unicode)] ' +
            'public static extern IntPtr CommandLineToArgvW(string line, out int count);')
        Import-Module -Name $CommandLine
        $draw = New-Object -TypeName System.Random -ArgumentList 7
        $letters = 'a', 'b', '"', ' ', '\', '\', '\', "`t", "'", '%', '^', '&', [string] [char] 0xe4
        for ($time = 0; $time -lt 400; $time++) {
            $given = @('program')
            for ($word = $draw.Next(1, 5); $word -gt 0; $word--) {
                $text = ''
                for ($length = $draw.Next(7); $length -gt 0; $length--) {
                    $text += $letters[$draw.Next($letters.Length)]
                }
                $given += $text
            }
            $count = 0
            $found = $shell::CommandLineToArgvW((ConvertTo-CommandLine -Argument $given), [ref] $count)
            $read = for ($index = 0; $index -lt $count; $index++) {
                $place = [System.Runtime.InteropServices.Marshal]::ReadIntPtr($found, $index * [System.IntPtr]::Size)
                [System.Runtime.InteropServices.Marshal]::PtrToStringUni($place)
            }
            ConvertTo-CallText -Value @($read) | Should -BeExactly (ConvertTo-CallText -Value $given)
        }
    }
}
