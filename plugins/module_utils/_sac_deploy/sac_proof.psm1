# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# The proof that RapidAuth accepts a SAC, and what kept an answer from coming.
Set-StrictMode -Version 2

# A RequestId that no credential has: any answer about it proves that the service took the SAC.
$script:NobodysRequestId = '00000000-0000-0000-0000-000000000000'
$script:MostAttempts = 5
# The alerts by which a server says that it does not like the client certificate, as SChannel numbers them.
$script:CertificateAlerts = '80090325', '80090326', '80090327', '80090328', '80090330', '8009030d', '80092010'
$options = [System.Text.RegularExpressions.RegexOptions]'CultureInvariant, IgnoreCase'
$script:AlertText = New-Object -TypeName System.Text.RegularExpressions.Regex -ArgumentList @(
    'alert.*(certificate|unknown ca|access denied|handshake failure|decrypt error)', $options)

function Get-FailureVerdict {
    <#
    .SYNOPSIS
    Returns what kept an answer from coming: Kind, Message and IsTemporary.
    .PARAMETER Exception
    What was thrown; the innermost exceptions are looked at.
    .PARAMETER IsAnswering
    Whether an answer had begun.
    .PARAMETER Url
    The URL of the service, for the message.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [Exception] $Exception,
        [switch] $IsAnswering,
        [Parameter(Mandatory = $true)] [string] $Url
    )
    $chain = @(for ($each = $Exception; $null -ne $each; $each = $each.InnerException) { $each })
    $socket = @($chain | Where-Object -FilterScript { $_ -is [System.Net.Sockets.SocketException] })
    $status, $isTimedOut, $isTls = '', $false, $false
    foreach ($each in $chain) {
        if ($each -is [System.Net.WebException]) {
            $status = [string] $each.Status
        }
        $isTimedOut = $isTimedOut -or $each -is [OperationCanceledException] -or $each -is [TimeoutException]
        $isTls = $isTls -or $each -is [System.Security.Authentication.AuthenticationException]
    }
    $codes = @($chain | ForEach-Object -Process {
            if ($_ -is [System.ComponentModel.Win32Exception] -and $_ -isnot [System.Net.Sockets.SocketException]) {
                '{0:x8}' -f $_.NativeErrorCode
            }
        })
    $isAlert = $script:AlertText.IsMatch($chain[-1].Message) -or
        @($codes | Where-Object -FilterScript { $script:CertificateAlerts -contains $_ }).Count
    $isUntrusted = $isTls -and -not $codes -and $chain[-1] -is [System.Security.Authentication.AuthenticationException]
    if ($codes -contains '8009030e') {
        return New-Verdict -Kind 'not_readable' -Message 'Windows cannot use the key of the SAC for TLS (0x8009030e)'
    }
    if ($isAlert) {
        return New-Verdict -Kind 'sac_refused' -Message (
            "$Url refused the SAC in the TLS handshake; ask the RapidAuth dashboard whether it is the active one")
    }
    if ($isTimedOut) {
        return New-Verdict -Kind 'answer_timed_out' -IsTemporary $true -Message (
            "$Url gave no whole answer in time; run again later, or raise timeout_seconds")
    }
    if ($IsAnswering) {
        return New-Verdict -Kind 'unusable_answer' -Message (
            "$Url sent an answer that is cut off or too long; check what stands between")
    }
    if ($isUntrusted -or $status -eq 'TrustFailure') {
        return New-Verdict -Kind 'server_not_trusted' -Message (
            "the certificate of $Url is not trusted, or was issued for another host name; " +
            "check the URL, or add its CA to the machine's trusted roots")
    }
    if ($isTls -or $status -eq 'SecureChannelFailure') {
        return New-Verdict -Kind 'tls_failed' -IsTemporary $true -Message (
            "$Url ended the TLS handshake, or is no https service; check the URL and the firewall")
    }
    if ($socket) {
        switch ([string] $socket[0].SocketErrorCode) {
            { @('HostNotFound', 'NoData', 'TryAgain', 'NoRecovery') -contains $_ } {
                return New-Verdict -Kind 'name_not_resolved' -IsTemporary $true -Message (
                    "the host name of $Url cannot be resolved; check the URL and DNS")
            }
            'TimedOut' {
                return New-Verdict -Kind 'connect_timed_out' -IsTemporary $true -Message (
                    "$Url accepted no connection; check the address and the firewall")
            }
        }
        $where = "$Url refused the connection or cannot be reached; check that the service is up"
        return New-Verdict -Kind 'connection_refused' -Message $where -IsTemporary $true
    }
    if ($status -eq 'NameResolutionFailure') {
        return New-Verdict -Kind 'name_not_resolved' -IsTemporary $true -Message (
            "the host name of $Url cannot be resolved; check the URL and DNS")
    }
    New-Verdict -Kind 'connection_cut' -IsTemporary $true -Message (
        "$Url cut the connection before a whole answer came; check what stands between")
}

function Get-Proof {
    <#
    .SYNOPSIS
    Asks the service with a SAC, again where trouble is temporary, and returns the verdict.
    .PARAMETER Certificate
    The SAC, with its private key.
    .PARAMETER Url
    The base URL of the service.
    .PARAMETER TimeoutSeconds
    The time limit for all attempts together.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)] [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [Parameter(Mandatory = $true)] [string] $Url,
        [Parameter(Mandatory = $true)] [int] $TimeoutSeconds
    )
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $uri = $Url.TrimEnd('/') + '/requests/' + $script:NobodysRequestId
    for ($attempt = 1; ; $attempt++) {
        $left = [Math]::Max(100, $TimeoutSeconds * 1000 - [int] $clock.ElapsedMilliseconds)
        $answer = Send-Request -Certificate $Certificate -Uri $uri -TimeoutMilliseconds $left
        $verdict = if ($null -ne $answer.Exception) {
            Get-FailureVerdict -Exception $answer.Exception -IsAnswering:$answer.IsAnswering -Url $Url
        }
        else {
            Get-ResponseVerdict -Status $answer.Status -Body $answer.Body -Encoding $answer.Encoding -Url $Url
        }
        $pause = 250 * [Math]::Pow(2, $attempt)
        if ([regex]::IsMatch($answer.RetryAfter, '\A[0-9]{1,6}\z')) {
            $pause = 1000 * [int] $answer.RetryAfter
        }
        $isLate = $clock.ElapsedMilliseconds + $pause -ge $TimeoutSeconds * 1000
        if (-not $verdict.IsTemporary -or $attempt -ge $script:MostAttempts -or $isLate) {
            return $verdict
        }
        [System.Threading.Thread]::Sleep($pause)
    }
}

Export-ModuleMember -Function Get-FailureVerdict, Get-Proof
