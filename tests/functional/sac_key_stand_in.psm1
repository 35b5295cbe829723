# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# Stands in for sac_key.psm1 under wine, which imports keys and cannot open them, forgets access rules, and keeps
# neither a changed friendly name nor a removal. The service's answer depends on the port of its URL; a file in
# C:\broken says what its key does.
Set-StrictMode -Version 2

function Get-KeyFile {
    param($Certificate)
    $path = "C:\keys\$($Certificate.Thumbprint)"
    if (-not [IO.File]::Exists($path)) {
        $null = [IO.Directory]::CreateDirectory('C:\keys')
        [IO.File]::WriteAllText($path, 'O:SYD:(A;;FA;;;WD)')
    }
    $path
}

function Get-FileAccess {
    param($Path)
    [IO.File]::ReadAllText($Path)
}

function Set-FileAccess {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($Path, $Sddl)
    [IO.File]::WriteAllText($Path, 'O:SY' + $Sddl)
}

function Test-Key {
    param($Certificate)
    if (-not $Certificate.HasPrivateKey) { return -2146893811 }
    $path = "C:\broken\$($Certificate.Thumbprint)"
    if ([IO.File]::Exists($path)) { [int] [IO.File]::ReadAllText($path) } else { 0 }
}

function Remove-Key {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($Certificate)
    if ($Certificate.HasPrivateKey) {
        [IO.File]::AppendAllText('C:\deleted.txt', $Certificate.Thumbprint + "`n")
        [IO.File]::Delete("C:\keys\$($Certificate.Thumbprint)")
    }
}

function Remove-Entry {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($Store, $Certificate)
    $path = "SOFTWARE\Microsoft\SystemCertificates\$($Store.Name)\Certificates\$($Certificate.Thumbprint)"
    [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKeyTree($path)
}

function Set-FriendlyName {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($Store, $Certificate, $Name)
    Remove-Entry -Store $Store -Certificate $Certificate
    $fresh = [Security.Cryptography.X509Certificates.X509Store]::new($Store.Name, 'LocalMachine')
    $fresh.Open('ReadWrite')
    $Certificate.FriendlyName = $Name
    $fresh.Add($Certificate)
    $fresh.Close()
}

function Send-Request {
    param($Certificate, $Uri, $TimeoutMilliseconds)
    [IO.File]::AppendAllText('C:\asked.txt', "$Uri $($Certificate.Thumbprint) $TimeoutMilliseconds`n")
    $answer = @{ RetryAfter = ''; Encoding = ''; Exception = $null; IsAnswering = $true }
    $isRefused = ([uri] $Uri).Port -eq 403
    $answer.Status, $body = if ($isRefused) { 403, '<html>' } else { 404, '{"Number": 1109, "Message": "x"}' }
    $answer.Body = [Text.Encoding]::UTF8.GetBytes($body)
    $answer
}

Export-ModuleMember -Function *
