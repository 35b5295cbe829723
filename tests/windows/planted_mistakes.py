# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Scripts and C# with one mistake each, which PowerShell 7 takes and Windows PowerShell 5.1 or .NET Framework 4.8 does not, and sound ones."""

_STRICT = "Set-StrictMode -Version 2\n"
_CLASS = """using System;
using System.IO;
using System.Collections.Generic;
public static class Planted
{
    public static object Run(string text, Stream stream)
    {
        %s
    }
}
"""


def _script(text, found):
    return ".ps1", _STRICT + text + "\n", found


def _code(text, found):
    return ".cs", _CLASS % text, found


#: {name: (suffix, text, part of the checker's line)}
PLANTED = {
    "unknown-command": _script("Get-Uptime", "Get-Uptime is not a command"),
    "alias": _script("1 | % { $_ }", "% is not a command"),
    "parameter": _script("Get-Content -LiteralPath 'x' -AsByteStream", "no parameter -AsByteStream"),
    "parameter-parallel": _script("1 | ForEach-Object -Parallel { $_ }", "no parameter -Parallel"),
    "parameter-by-splatting": _script("$wanted = @{ LiteralPath = 'x'; AsByteStream = $true }\nGet-Content @wanted", "no parameter -AsByteStream"),
    "parameter-of-our-function": _script("function Get-Thing {\n    param([string] $Name)\n    $Name\n}\nGet-Thing -Title 'x'", "no parameter -Title"),
    "arguments-by-position": _script("Join-Path 'a' 'b' 'c'", "takes 2 arguments by position, not 3"),
    "arguments-of-our-function": _script("function Get-Thing {\n    param([string] $Name)\n    $Name\n}\nGet-Thing 'x' 'y'",
                                         "takes 1 arguments by position, not 2"),
    "encoding": _script("Set-Content -LiteralPath 'x' -Value 'y' -Encoding utf8NoBOM", "no encoding utf8NoBOM"),
    "ternary": _script("$(1 ? 2 : 3)", "no ? :"),
    "coalescing": _script("$args[0] ?? 1", "no ??"),
    "coalescing-assignment": _script("$x ??= 1", "no ??="),
    "chain": _script("Get-Date && Get-Date", "no && and ||"),
    "conditional-member": _script("${args}?.Length", "no ?. and ?[]"),
    "background": _script("Get-Date &", "no & at the end"),
    "clean-block": _script("function Get-Thing {\n    process { 1 }\n    clean { $null }\n}", "no clean"),
    "leading-pipe": _script("Get-Date\n    | Out-Null", "no line that begins with |"),
    "escape": _script('"a`u{ad}"', "no escape"),
    "number": _script("[int] 5uy", "no number 5uy"),
    "variable": _script("if ($IsWindows) { 1 }", "no $IsWindows"),
    "broken": _script("Get-Date )", "syntax: "),
    "type": _script("[System.Text.Json.JsonDocument]", "System.Text.Json.JsonDocument is not in .NET"),
    "type-argument": _script("[System.Collections.Generic.List[System.Half]]", "is not in .NET"),
    "type-accelerator": _script("[semver]", "semver is not in .NET"),
    "type-of-new-object": _script("New-Object -TypeName System.Buffers.SearchValues", "System.Buffers.SearchValues is not in .NET"),
    "attribute": _script("function Get-Thing {\n    param([ValidateNotNullOrWhiteSpace()] [string] $Name)\n    $Name\n}",
                         "ValidateNotNullOrWhiteSpace is not in .NET"),
    "assembly": _script("[System.Net.Http.HttpClient]::new()", "System.Net.Http, which Windows PowerShell 5.1 does not load"),
    "static-member": _script("[Convert]::ToHexString(@(1))", "System.Convert has no member ToHexString"),
    "static-property": _script("[Environment]::ProcessPath", "System.Environment has no member ProcessPath"),
    "enum-value": _script("[IO.FileAttributes]::None", "System.IO.FileAttributes has no member None"),
    "no-static-member": _script("[string]::Trim()", "Trim is not a static member"),
    "member-of-text": _script("'x'.ReplaceLineEndings()", "System.String has no member ReplaceLineEndings"),
    "member-of-new": _script("$x = [Diagnostics.Process]::new()\n$x.WaitForExitAsync()", "System.Diagnostics.Process has no member WaitForExitAsync"),
    "member-of-new-object": _script("$x = New-Object -TypeName System.Random\n$x.NextInt64()", "System.Random has no member NextInt64"),
    "member-of-parameter": _script("function Get-Thing {\n    param([byte[]] $A, [IO.Stream] $S)\n    $S.ReadExactly($A)\n}", "no member ReadExactly"),
    "member-of-cast": _script("([Security.Cryptography.RSA] $args[0]).ExportRSAPrivateKeyPem()", "no member ExportRSAPrivateKeyPem"),
    "member-of-member": _script("[Diagnostics.Process]::GetCurrentProcess().StartTime.Microsecond", "System.DateTime has no member Microsecond"),
    "overload-static": _script("[IO.File]::Move('a', 'b', $true)", "no overload of System.IO.File.Move takes 3"),
    "overload-instance": _script("'x'.Contains('x', [StringComparison]::Ordinal)", "no overload of System.String.Contains takes 2"),
    "overload-new": _script("[IO.StreamReader]::new()", "no overload of System.IO.StreamReader.new takes 0"),
    "embedded-code": _script("Add-Type -TypeDefinition @'\n%s'@" % (_CLASS % "return text?.Length;"), "does not compile as C# 5"),
    "code-interpolated": _code('return $"{text}";', "does not compile as C# 5"),
    "code-type": _code("return new HashCode();", "System.HashCode is not in .NET"),
    "code-member": _code("stream.ReadExactly(new byte[1], 0, 1); return null;", "System.IO.Stream.ReadExactly is not in .NET"),
    "code-overload": _code("return text.Contains('x');", "System.String.Contains(System.Char) is not an overload"),
    "code-assembly": _code("return new System.Net.Http.HttpClient();", "System.Net.Http, which is not referenced"),
    "strict-mode": (".ps1", "Get-Date\n", "Set-StrictMode is missing"),
    "long-line": _script("# " + "x" * 119, "has 121 characters"),
    "verb": _script("function Fetch-Thing { 1 }", "Fetch-Thing is not an approved Verb-Noun"),
    "positions": _script("function Get-Thing {\n    param([int] $A, [int] $B, [int] $C)\n    $A, $B, $C\n}\nGet-Thing 1 2 3",
                         "name the arguments of Get-Thing"),
    "noun": _script("function Get-Things { 1 }", "Get-Things has a plural noun"),
}

#: {name: (suffix, text)}
SOUND = {
    "many": (".ps1", _STRICT + r"""
param([Parameter(Mandatory = $true)] [string] $Path, [switch] $Force)
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Net.Http
$client = New-Object -TypeName System.Net.Http.HttpClient
$client.Timeout = [TimeSpan]::FromSeconds(1)
$list = [System.Collections.Generic.List[string]]::new()
$list.Add("a`tb``u{1}")
$task = $client.GetAsync('https://localhost/')
$task.Result.StatusCode
[string]::Join(', ', $list.ToArray()).Split([char[]] ',', 2)[0].TrimEnd(' ', '.')
$options = [ordered] @{ LiteralPath = $Path; Force = $Force }
(Get-Item @options).PSObject.Properties.Match('Name') |
    Where-Object -FilterScript { $_.Value } | ForEach-Object -MemberName Value
[regex]::Matches('aa', 'a').Value
$table = @{ Anything = 1 }
$table.Anything + $table.Count
[System.Security.AccessControl.RawSecurityDescriptor]::new('O:BA').Owner.Value
& "$env:SystemRoot\System32\cmd.exe" /c exit 0
[byte[]]::new(3).Length
""".replace("param(", "function Get-Thing {\n    param(", 1).replace("$Force)\n", "$Force)\n    $Path, $Force\n}\n$Path = $Force = 1\n", 1)),
    "code": (".cs", _CLASS % "var all = new Dictionary<string, List<int>>(); all[text] = new List<int>(); "
             "return all[text].Count + text.Split(new char[] { ',' }).Length;"),
}
