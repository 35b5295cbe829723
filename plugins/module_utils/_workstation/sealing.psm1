# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Contents that only this machine can open (DPAPI). They are arrays of bytes and are never piped: where the parameters
# of commands are logged, an array's type is.
Set-StrictMode -Version 2

Add-Type -AssemblyName System.Security, System.Runtime.Serialization
$script:Machine = [System.Security.Cryptography.DataProtectionScope]::LocalMachine

function Protect-Content {
    <#
    .SYNOPSIS
    Returns the bytes sealed for this machine.
    .PARAMETER Content
    What nobody else shall read.
    .PARAMETER Purpose
    A text that whoever opens it must know too.
    #>
    [OutputType([byte[]])]
    param([byte[]] $Content, [string] $Purpose)

    $entropy = [Text.Encoding]::UTF8.GetBytes($Purpose)
    , [System.Security.Cryptography.ProtectedData]::Protect($Content, $entropy, $script:Machine)
}

function Unprotect-Content {
    <#
    .SYNOPSIS
    Returns the bytes, or nothing where they cannot be opened: they were sealed by another machine, or by this one
    before it was re-imaged.
    #>
    [OutputType([byte[]])]
    param([byte[]] $Content, [string] $Purpose)

    $entropy = [Text.Encoding]::UTF8.GetBytes($Purpose)
    try {
        , [System.Security.Cryptography.ProtectedData]::Unprotect($Content, $entropy, $script:Machine)
    }
    catch [System.Security.Cryptography.CryptographicException] {
        return
    }
}

function Read-Secret {
    <#
    .SYNOPSIS
    Returns the contents of a JSON object of texts as bytes, by their names.
    .PARAMETER Content
    The object, in UTF-8.
    #>
    [OutputType([Collections.IDictionary])]
    param([byte[]] $Content)

    $kind = 'System.Collections.Generic.Dictionary[string, object]'
    $secrets = New-Object -TypeName $kind -ArgumentList ([StringComparer]::Ordinal)
    if ($Content.Length -gt 0) {
        $quotas = [Xml.XmlDictionaryReaderQuotas]::Max
        $reader = [Runtime.Serialization.Json.JsonReaderWriterFactory]::CreateJsonReader($Content, $quotas)
        $null = $reader.Read()
        $null = $reader.Read()
        while ($reader.NodeType -eq [Xml.XmlNodeType]::Element) {
            $name = $reader.GetAttribute('item')
            if ($null -eq $name) {
                $name = $reader.LocalName
            }
            $secrets[$name] = [Text.Encoding]::UTF8.GetBytes($reader.ReadElementContentAsString())
        }
        $reader.Dispose()
    }
    , $secrets
}

Export-ModuleMember -Function Protect-Content, Read-Secret, Unprotect-Content
