# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Whether an answer is RapidAuth's to a SAC that it accepts: the twin of ensure_accepted in _rapidauth/client.py.
Set-StrictMode -Version 2

# Windows PowerShell does not load it by itself. By its whole name it comes from the system only.
$null = [System.Reflection.Assembly]::Load(
    'System.Runtime.Serialization, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089')
# A RequestId that no credential has: any answer about it proves that the service took the SAC.
$script:NobodysRequestId = '00000000-0000-0000-0000-000000000000'
$script:TemporaryStatuses = 429, 502, 503, 504
$options = [System.Text.RegularExpressions.RegexOptions]'CultureInvariant, IgnoreCase'
$script:CertificatePage = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    '\b(ssl|tls|client)[ -]certificate\b', $options)

$script:JsonString = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList '"(?:[^"\\]|\\.)*"'
$script:JsonNumber = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    '\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z')

function Test-WholeJson {
    # Says whether what a text opens is closed, once and at its end: .NET's reader closes what is cut off, and
    # reads no further than one value.
    param([string] $Text)

    $depth, $left = 0, $script:JsonString.Replace($Text, '')
    for ($index = 0; $index -lt $left.Length; $index++) {
        switch ($left[$index]) {
            { $_ -eq '{' -or $_ -eq '[' } { $depth++ }
            { $_ -eq '}' -or $_ -eq ']' } { $depth-- }
        }
        if ($depth -le 0 -and $index -lt $left.Length - 1) {
            return $false
        }
    }
    $left.Length -gt 0 -and $depth -eq 0
}

function ConvertFrom-JsonObject {
    <#
    .SYNOPSIS
    Returns the top of a JSON object as {name: text, or $true for a value that is no text and no whole number, or
    $null}; nothing for what is none.
    .PARAMETER Body
    The bytes; a byte order mark and a trailing comma are forgiven.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Generic.Dictionary[string, object]])]
    param([Parameter(Mandatory = $true)] [AllowEmptyCollection()] [byte[]] $Body)

    $kind = 'System.Collections.Generic.Dictionary[string, object]'
    $found = New-Object -TypeName $kind -ArgumentList ([StringComparer]::Ordinal)
    $strict = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false, $true
    try {
        $text = $strict.GetString($Body).TrimStart([char] 0xfeff).Trim()
        if (-not (Test-WholeJson -Text $text)) {
            return
        }
        $bytes = [Text.Encoding]::UTF8.GetBytes($text)
        $quotas = [System.Xml.XmlDictionaryReaderQuotas]::Max
        $reader = [System.Runtime.Serialization.Json.JsonReaderWriterFactory]::CreateJsonReader($bytes, $quotas)
        $isObject = $reader.Read() -and
            [string]::Equals($reader.GetAttribute('type'), 'object', [StringComparison]::Ordinal)
        while ($isObject -and $reader.Read()) {
            if ($reader.Depth -ne 1 -or $reader.NodeType -ne [System.Xml.XmlNodeType]::Element) {
                continue
            }
            $name = $reader.GetAttribute('item')
            if ($null -eq $name) {
                $name = $reader.LocalName
            }
            $found[$name] = switch ($reader.GetAttribute('type')) {
                'string' { '"' }
                'number' { '#' }
                'null' { $null }
                default { $true }
            }
            if ($found[$name] -is [string]) {
                $isNumber = $found[$name][0] -eq '#'
                $found[$name] += $reader.ReadString()
                if ($isNumber -and -not $script:JsonNumber.IsMatch($found[$name].Substring(1))) {
                    return
                }
            }
        }
    }
    catch [System.Xml.XmlException], [ArgumentException], [FormatException] {
        return
    }
    if ($isObject) {
        Write-Output -InputObject $found -NoEnumerate
    }
}

function New-Verdict {
    # Returns Kind ('' where the SAC was accepted), Message, IsTemporary.
    param([string] $Kind, [string] $Message, [bool] $IsTemporary)

    [pscustomobject] @{ Kind = $Kind; Message = $Message; IsTemporary = $IsTemporary }
}

function Get-ResponseVerdict {
    <#
    .SYNOPSIS
    Returns whether an answer is RapidAuth's to a SAC that it accepts: Kind (an empty text, or the error's kind),
    Message and IsTemporary.
    .PARAMETER Status
    The status of the HTTP response.
    .PARAMETER Body
    Its body.
    .PARAMETER Encoding
    Its content encoding.
    .PARAMETER Url
    The URL of the service, for the message.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [int] $Status,
        [AllowEmptyCollection()] [byte[]] $Body = @(),
        [AllowEmptyString()] [string] $Encoding = '',
        [Parameter(Mandatory = $true)] [string] $Url
    )
    $isTemporary = $script:TemporaryStatuses -contains $Status
    $strange = "$Url answered with HTTP $Status and something that is not RapidAuth's; " +
        "check that the URL is the service's and no proxy or portal stands between"
    $isPlain = [string]::Equals($Encoding.Trim(), 'identity', [StringComparison]::OrdinalIgnoreCase)
    if ($Encoding.Trim() -and -not $isPlain) {
        return New-Verdict -Kind 'unusable_answer' -Message $strange -IsTemporary $isTemporary
    }
    $object = ConvertFrom-JsonObject -Body $Body
    $isAbout = $null -ne $object -and
        ($object.ContainsKey('AnonId') -or $object.ContainsKey('RequestId') -or $object.ContainsKey('Status'))
    $isError = $null -ne $object -and -not $object.ContainsKey('Status') -and
        ($object.ContainsKey('Message') -or $object.ContainsKey('Number'))
    if ($Status -ge 200 -and $Status -lt 300 -and -not $isError) {
        if (-not $isAbout) {
            return New-Verdict -Kind 'unusable_answer' -Message $strange -IsTemporary $isTemporary
        }
        $about = if ($object.ContainsKey('RequestId')) { $object['RequestId'] } else { $null }
        $nobody = '"' + $script:NobodysRequestId
        if ($about -is [string] -and $about.Length -gt 1 -and $about[0] -eq '"' -and
            -not [string]::Equals($about, $nobody, [StringComparison]::OrdinalIgnoreCase)) {
            return New-Verdict -Kind 'wrong_request_id' -Message (
                "$Url answered about another RequestId; do not rely on it, ask the vendor")
        }
        return New-Verdict
    }
    if ($Status -ge 300 -and $Status -lt 400) {
        return New-Verdict -Kind 'unusable_answer' -Message $strange -IsTemporary $isTemporary
    }
    $number = if ($isError -and $object.ContainsKey('Number')) { [string] $object['Number'] } else { '' }
    if ([regex]::IsMatch($number, '\A("[0-9]{1,9}|#-?(0|[1-9][0-9]*))\z')) {
        return New-Verdict
    }
    $isPage = $Status -eq 400 -and $script:CertificatePage.IsMatch([Text.Encoding]::ASCII.GetString($Body))
    if (@(401, 403, 495, 496) -contains $Status -or $isPage) {
        return New-Verdict -Kind 'sac_refused' -Message (
            "$Url refused the SAC (HTTP $Status); ask the RapidAuth dashboard whether it is the active one")
    }
    if ($Status -eq 429) {
        return New-Verdict -Kind 'throttled' -IsTemporary $true -Message (
            "$Url asks to slow down (HTTP 429); run again later")
    }
    $then = if ($Status -ge 500) { 'try again later' } else { 'check api_url' }
    New-Verdict -Kind 'refused' -Message "$Url refused the request (HTTP $Status); $then" -IsTemporary $isTemporary
}

Export-ModuleMember -Function ConvertFrom-JsonObject, New-Verdict, Get-ResponseVerdict
