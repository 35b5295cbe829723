# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Calls functions of a script in a PowerShell of another culture: the tests and answer.ps1 exchange one line of ASCII
# for each call and answer. It is JSON in which a table is {"table": [[key, value] ...]}, its keys sorted, bytes are
# {"bytes": text}, and a text begins with "=" and has %XXXX for each unit of UTF-16 that is not plain ASCII: versions of
# PowerShell read dates and halves of pairs in ways of their own.

Set-StrictMode -Version 2

$script:NotPlain = [regex] '[^ !#$&-\[\]-~]'
$script:Escape = [System.Text.RegularExpressions.MatchEvaluator] {
    param($match) '%' + ([int] $match.Value[0]).ToString('x4')
}
$script:Latin = [System.Text.Encoding]::GetEncoding(28591)
$script:Escaped = [regex] '%[0-9a-f]{4}'
$script:Unescape = [System.Text.RegularExpressions.MatchEvaluator] {
    param($match) [string] [char] [System.Convert]::ToInt32($match.Value.Substring(1), 16)
}

function Get-Declaration {
    <#
    .SYNOPSIS
    Returns the functions, the constants and the strict mode of a script or module as one text, without the lines after
    them that run it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($Path, [ref] $null, [ref] $errors)
    if ($errors) {
        throw "${Path}: $($errors[0])"
    }
    $function = [System.Management.Automation.Language.FunctionDefinitionAst]
    $assignment = [System.Management.Automation.Language.AssignmentStatementAst]
    $end = @($tree.EndBlock.Statements | Where-Object -FilterScript { $_ -is $function })[-1].Extent.EndOffset
    $declarations = foreach ($statement in $tree.EndBlock.Statements) {
        if ($statement.Extent.EndOffset -gt $end) {
            break
        }
        $isDeclaration = $statement -is $function -or $statement -is $assignment
        $text = $statement.Extent.Text
        if ($isDeclaration -or $text.StartsWith('Set-StrictMode', [System.StringComparison]::Ordinal)) {
            $text
        }
    }
    [string]::Join("`n", $declarations)
}

function ConvertTo-CallText {
    <#
    .SYNOPSIS
    Returns a value as one line: a text, number, truth value, null, table, object, or a list of them.
    #>
    param($Value)

    if ($null -eq $Value) {
        return 'null'
    }
    if ($Value -is [string]) {
        if ($script:NotPlain.IsMatch($Value)) {
            $Value = $script:NotPlain.Replace($Value, $script:Escape)
        }
        return '"=' + $Value + '"'
    }
    if ($Value -is [bool]) {
        return $Value.ToString().ToLowerInvariant()
    }
    if ($Value -is [int] -or $Value -is [long]) {
        return $Value.ToString([cultureinfo]::InvariantCulture)
    }
    if ($Value -is [double]) {
        if ([double]::IsInfinity($Value)) {
            return 'null'
        }
        return $Value.ToString('R', [cultureinfo]::InvariantCulture)
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $table = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([System.StringComparer]::Ordinal)
        foreach ($property in $Value.PSObject.Properties) {
            $table[$property.Name] = $property.Value
        }
        $Value = $table
    }
    if ($Value -is [System.Collections.IDictionary]) {
        $names = [string[]] @($Value.Keys)
        [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
        $entries = foreach ($name in $names) {
            '[' + (ConvertTo-CallText -Value $name) + ',' + (ConvertTo-CallText -Value $Value[$name]) + ']'
        }
        return '{"table":[' + [string]::Join(',', @($entries)) + ']}'
    }
    if ($Value -is [byte[]]) {
        return '{"bytes":' + (ConvertTo-CallText -Value $script:Latin.GetString($Value)) + '}'
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $items = foreach ($item in $Value) {
            ConvertTo-CallText -Value $item
        }
        return '[' + [string]::Join(',', @($items)) + ']'
    }
    throw "not expected in an answer: $($Value.GetType())"
}

function ConvertFrom-CallText {
    <#
    .SYNOPSIS
    Returns the value of such a line.
    #>
    param([string] $Text)

    # In an object, since a list on its own would be taken apart.
    , (Expand-CallValue -Value (ConvertFrom-Json -InputObject ('{"value":' + $Text + '}')).value)
}

function Expand-CallValue {
    param($Value)

    if ($Value -is [string]) {
        if ($Value.IndexOf('%') -ge 0) {
            $Value = $script:Escaped.Replace($Value, $script:Unescape)
        }
        return $Value.Substring(1)
    }
    if ($null -eq $Value -or $Value -is [bool] -or $Value -is [int] -or $Value -is [long]) {
        return $Value
    }
    if ($Value -is [array]) {
        $list = New-Object -TypeName System.Collections.ArrayList
        foreach ($item in $Value) {
            $null = $list.Add((Expand-CallValue -Value $item))
        }
        return , $list.ToArray()
    }
    if ($Value.PSObject.Properties['bytes']) {
        return , $script:Latin.GetBytes((Expand-CallValue -Value $Value.bytes))
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $table = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([System.StringComparer]::Ordinal)
        foreach ($entry in $Value.table) {
            $table[(Expand-CallValue -Value $entry[0])] = Expand-CallValue -Value $entry[1]
        }
        return $table
    }
    [double] $Value
}

function Get-Answer {
    <#
    .SYNOPSIS
    Returns the line that answer.ps1 answers to each line of calls, in their order.
    #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string] $Culture,
        [Parameter(Mandatory = $true)] [string[]] $Line
    )
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    $options = '-NoProfile -NonInteractive -ExecutionPolicy Bypass'
    $start.Arguments = "$options -File `"$PSScriptRoot/answer.ps1`" `"$Path`" $Culture"
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $reading = $process.StandardOutput.ReadToEndAsync()
    $process.StandardInput.WriteLine([string]::Join("`n", $Line))
    $process.StandardInput.Close()
    $answers = $reading.Result.TrimEnd("`r", "`n").Replace("`r`n", "`n").Split("`n")
    $process.WaitForExit()
    if ($process.ExitCode -ne 0 -or $answers.Length -ne $Line.Length) {
        $place = "after $($answers.Length) answers of $($Line.Length)"
        throw "answer.ps1 ended with $($process.ExitCode) ${place}: $($answers[-1])"
    }
    $answers
}

function New-Row {
    <#
    .SYNOPSIS
    Returns one row of a table: a call, and what it has to be answered with.
    .PARAMETER Name
    The function, or a variable of the script such as $Failures.
    .PARAMETER Given
    Its arguments, written down by ConvertTo-CallText.
    .PARAMETER Expected
    The answer, written down: what the call "gives", or the kind of failure that it "raises".
    .PARAMETER Shape
    What of that which the call gives is compared.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [string] $Table,
        [Parameter(Mandatory = $true)] [string] $Name,
        [Parameter(Mandatory = $true)] [AllowEmptyCollection()] [string[]] $Given,
        [Parameter(Mandatory = $true)] [string] $Expected,
        [scriptblock] $Shape
    )
    $call = '{"table":[["=Given",[' + [string]::Join(',', $Given) + ']],["=Name","=' + $Name + '"]]}'
    [pscustomobject] @{ Table = $Table; Call = $call; Expected = $Expected; Shape = $Shape }
}

function Find-Mistake {
    <#
    .SYNOPSIS
    Describes each row of which the program answers something else in this culture, as objects with the row's table.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string] $Culture,
        [Parameter(Mandatory = $true)] [object[]] $Row
    )
    $answers = @(Get-Answer -Path $Path -Culture $Culture -Line @($Row | ForEach-Object -Process { $_.Call }))
    for ($index = 0; $index -lt $Row.Length; $index++) {
        $is = $answers[$index]
        if ($is.StartsWith('{"table":[["=raises"', [System.StringComparison]::Ordinal)) {
            $is = ConvertTo-CallText -Value @{ raises = (ConvertFrom-CallText -Text $is)['raises'] }
        }
        elseif ($Row[$index].Shape) {
            $gives = (ConvertFrom-CallText -Text $is)['gives']
            $is = ConvertTo-CallText -Value @{ gives = & $Row[$index].Shape $gives }
        }
        if (-not [string]::Equals($is, $Row[$index].Expected, [System.StringComparison]::Ordinal)) {
            $text = "$($Row[$index].Call): $is instead of $($Row[$index].Expected)"
            [pscustomobject] @{ Table = $Row[$index].Table; Text = $text }
        }
    }
}

Export-ModuleMember -Function Get-Declaration, ConvertTo-CallText, ConvertFrom-CallText, Get-Answer, New-Row,
    Find-Mistake
