# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# What only Windows' own stores of certificates and keys can do, in the smallest pieces.
Set-StrictMode -Version 2

# Windows PowerShell does not load it by itself. By its whole name it comes from the system only.
$null = [System.Reflection.Assembly]::Load(
    'System.Net.Http, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a')
$script:Rsa = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]
$script:EcDsa = [System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]
# NTE_BAD_KEYSET, NTE_NO_KEY, NTE_NOT_FOUND, ERROR_FILE_NOT_FOUND
$script:MissingCodes = -2146893802, -2146893811, -2146893807, -2147024894

function Get-PrivateKey {
    # Returns the RSA or ECDsa object of a certificate's key, or nothing.
    param([System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $key = $script:Rsa::GetRSAPrivateKey($Certificate)
    if ($null -eq $key) {
        $key = $script:EcDsa::GetECDsaPrivateKey($Certificate)
    }
    $key
}

function Get-KeyFile {
    <#
    .SYNOPSIS
    Returns the path of the file in which Windows keeps the private key of a certificate, or nothing.
    .PARAMETER Certificate
    A certificate of the machine's store.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $key = Get-PrivateKey -Certificate $Certificate
    if ($null -eq $key) {
        return
    }
    try {
        $name = if ($key -is [System.Security.Cryptography.RSACryptoServiceProvider]) {
            $key.CspKeyContainerInfo.UniqueKeyContainerName
        }
        else {
            $key.Key.UniqueName
        }
    }
    finally {
        $key.Dispose()
    }
    foreach ($place in 'Keys', 'RSA\MachineKeys') {
        $data = [Environment]::GetFolderPath('CommonApplicationData')
        $path = [IO.Path]::Combine($data, 'Microsoft\Crypto', $place, $name)
        if ([IO.File]::Exists($path)) {
            return $path
        }
    }
}

function Get-FileAccess {
    <#
    .SYNOPSIS
    Returns who may do what with a file, as SDDL.
    .PARAMETER Path
    The path of the file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Path)

    [EccopsClosedFile]::ReadSecurity($Path)
}

function Set-FileAccess {
    <#
    .SYNOPSIS
    Sets who may do what with a file.
    .PARAMETER Path
    The path of the file.
    .PARAMETER Sddl
    The access rules.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [string] $Path,
        [Parameter(Mandatory = $true)] [string] $Sddl
    )
    $security = New-Object -TypeName System.Security.AccessControl.FileSecurity
    $security.SetSecurityDescriptorSddlForm($Sddl, [System.Security.AccessControl.AccessControlSections]::Access)
    if ($PSCmdlet.ShouldProcess($Path)) {
        Set-Acl -LiteralPath $Path -AclObject $security
    }
}

function Test-Key {
    <#
    .SYNOPSIS
    Returns 0 when the private key of a certificate opens and signs what the certificate verifies, else the HRESULT of
    what went wrong.
    .PARAMETER Certificate
    The certificate.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param([Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $missing = -2146893811  # NTE_NO_KEY
    $data = [Text.Encoding]::ASCII.GetBytes('eccops.rapid')
    $algorithm = [System.Security.Cryptography.HashAlgorithmName]::SHA256
    try {
        if (-not $Certificate.HasPrivateKey) {
            return $missing
        }
        $key = Get-PrivateKey -Certificate $Certificate
        if ($null -eq $key) {
            return $missing
        }
        if ($key -is [System.Security.Cryptography.RSA]) {
            $way = [System.Security.Cryptography.RSASignaturePadding]::Pkcs1
            $public = $script:Rsa::GetRSAPublicKey($Certificate)
            $isRight = $public.VerifyData($data, $key.SignData($data, $algorithm, $way), $algorithm, $way)
        }
        else {
            $public = $script:EcDsa::GetECDsaPublicKey($Certificate)
            $isRight = $public.VerifyData($data, $key.SignData($data, $algorithm), $algorithm)
        }
        if ($isRight) { 0 } else { -2146893818 }  # NTE_BAD_SIGNATURE
    }
    catch {
        $exception = $_.Exception
        while ($exception.InnerException) {
            $exception = $exception.InnerException
        }
        $exception.HResult
    }
}

function Remove-Key {
    <#
    .SYNOPSIS
    Deletes the private key of a certificate. A key that is not there is no failure.
    .PARAMETER Certificate
    A certificate of the machine's store.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $code = Test-Key -Certificate $Certificate
    if ($script:MissingCodes -contains $code -or -not $PSCmdlet.ShouldProcess($Certificate.Thumbprint)) {
        return
    }
    $key = Get-PrivateKey -Certificate $Certificate
    if ($key -is [System.Security.Cryptography.RSACryptoServiceProvider]) {
        $key.PersistKeyInCsp = $false
        $key.Clear()
    }
    elseif ($null -ne $key) {
        $key.Key.Delete()
    }
}

function Set-FriendlyName {
    <#
    .SYNOPSIS
    Gives a certificate of an open store another friendly name, which the store keeps.
    .PARAMETER Store
    The store.
    .PARAMETER Certificate
    One of its certificates.
    .PARAMETER Name
    The friendly name.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Store] $Store,
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [Parameter(Mandatory = $true)] [AllowEmptyString()] [string] $Name
    )
    if ($PSCmdlet.ShouldProcess($Store.Name)) {
        $Certificate.FriendlyName = $Name
    }
}

function Remove-Entry {
    <#
    .SYNOPSIS
    Removes a certificate from an open store; its key stays.
    .PARAMETER Store
    The store.
    .PARAMETER Certificate
    One of its certificates.
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Store] $Store,
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate
    )
    if ($PSCmdlet.ShouldProcess($Store.Name)) {
        $Store.Remove($Certificate)
    }
}

function Send-Request {
    <#
    .SYNOPSIS
    Sends one GET with a client certificate. Returns Status, Body, RetryAfter and Encoding, or Exception and
    IsAnswering.
    .PARAMETER Certificate
    The client certificate, with its private key.
    .PARAMETER Uri
    The address.
    .PARAMETER TimeoutMilliseconds
    The time limit for all of it.
    .PARAMETER MostBytes
    How long an answer may be.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [Parameter(Mandatory = $true)] [string] $Uri,
        [Parameter(Mandatory = $true)] [int] $TimeoutMilliseconds,
        [int] $MostBytes = 1048576
    )
    $handler = New-Object -TypeName System.Net.Http.HttpClientHandler
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    $handler.SslProtocols = [System.Security.Authentication.SslProtocols]::Tls12
    $handler.DefaultProxyCredentials = [System.Net.CredentialCache]::DefaultCredentials
    $null = $handler.ClientCertificates.Add($Certificate)
    $client = New-Object -TypeName System.Net.Http.HttpClient -ArgumentList $handler
    $source = New-Object -TypeName System.Threading.CancellationTokenSource -ArgumentList $TimeoutMilliseconds
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $result = @{ Status = 0; Body = $null; RetryAfter = ''; Encoding = ''; Exception = $null; IsAnswering = $false }
    try {
        $client.Timeout = [System.Threading.Timeout]::InfiniteTimeSpan
        $client.DefaultRequestHeaders.Accept.ParseAdd('application/json')
        $whenHeaders = [System.Net.Http.HttpCompletionOption]::ResponseHeadersRead
        $response = $client.GetAsync([uri] $Uri, $whenHeaders, $source.Token).GetAwaiter().GetResult()
        $result.IsAnswering = $true
        $reading = $response.Content.LoadIntoBufferAsync($MostBytes)
        if (-not $reading.Wait([Math]::Max(1, $TimeoutMilliseconds - [int] $clock.ElapsedMilliseconds))) {
            throw (New-Object -TypeName System.TimeoutException)
        }
        $result.Body = $response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult()
        $values = $null
        if ($response.Headers.TryGetValues('Retry-After', [ref] $values)) {
            $result.RetryAfter = @($values)[0]
        }
        $result.Encoding = @($response.Content.Headers.ContentEncoding) -join ','
        $result.Status = [int] $response.StatusCode
    }
    catch {
        $result.Exception = $_.Exception
    }
    finally {
        $client.Dispose()
        $source.Dispose()
    }
    $result
}

Export-ModuleMember -Function Get-KeyFile, Get-FileAccess, Set-FileAccess, Test-Key, Remove-Key,
    Set-FriendlyName, Remove-Entry, Send-Request
