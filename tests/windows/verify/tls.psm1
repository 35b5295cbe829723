# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# What the items of verify.ps1 share about certificates and TLS.

Set-StrictMode -Version 2

function New-TestCertificate {
    <#
    .SYNOPSIS
    Returns a certificate of LocalMachine\My with a key of the CNG key storage provider that cannot be exported.
    #>
    [OutputType([Security.Cryptography.X509Certificates.X509Certificate2])]
    param()

    $wanted = @{
        Subject = 'CN=eccops-verify-' + [guid]::NewGuid().ToString('N')
        DnsName = 'localhost'
        CertStoreLocation = 'Cert:\LocalMachine\My'
        Provider = 'Microsoft Software Key Storage Provider'
        KeyExportPolicy = 'NonExportable'
        KeyAlgorithm = 'RSA'
        KeyLength = 2048
        NotAfter = [DateTime]::Now.AddHours(1)
        TextExtension = , '2.5.29.37={text}1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2'
    }
    $made = New-SelfSignedCertificate @wanted
    # PowerShell 7 is given a copy without the key.
    Get-Item -LiteralPath "Cert:\LocalMachine\My\$($made.Thumbprint)"
}

function New-TlsServer {
    <#
    .SYNOPSIS
    Starts a server on this machine with this certificate, and returns it: Port, Received, Seen, Problem, Dispose.
    #>
    param(
        [Parameter(Mandatory = $true)] [Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [switch] $Asking
    )
    if (-not ('EccopsVerify.TlsServer' -as [type])) {
        Add-Type -TypeDefinition ([IO.File]::ReadAllText("$PSScriptRoot/TlsServer.cs"))
    }
    New-Object -TypeName EccopsVerify.TlsServer -ArgumentList $Certificate, ([bool] $Asking)
}

Export-ModuleMember -Function New-TestCertificate, New-TlsServer
