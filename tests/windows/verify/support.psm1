# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# What the items of verify.ps1 share.

Set-StrictMode -Version 2

$script:Root = (Resolve-Path -Path "$PSScriptRoot/../../..").Path
$script:Utils = "$script:Root/plugins/module_utils"
$script:Launcher = "$script:Root/roles/portal_launcher/files/windows/portal-launcher.ps1"

function Find-MissingNeed {
    <#
    .SYNOPSIS
    Returns in words what an item needs and this machine lacks, or nothing.
    #>
    param([Parameter(Mandatory = $true)] [string[]] $Need)

    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) {
        return 'needs Windows'
    }
    if (Test-Path -Path 'HKCU:\Software\Wine') {
        return 'needs Windows, and this is wine'
    }
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName Security.Principal.WindowsPrincipal -ArgumentList $identity
    $isAdministrator = $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    if ($Need -contains 'administrator' -and -not $isAdministrator) {
        return 'needs an administrator'
    }
    $isDesktop = [Environment]::UserInteractive -and (Get-Process -Id $PID).SessionId -ne 0
    if ($Need -contains 'desktop' -and -not $isDesktop) {
        return 'needs a desktop session'
    }
}

function Skip-Item {
    <#
    .SYNOPSIS
    Ends an item as not tried, with the reason.
    #>
    param([Parameter(Mandatory = $true)] [string] $Reason)

    throw (New-Object -TypeName System.OperationCanceledException -ArgumentList $Reason)
}

function Assert-True {
    <#
    .SYNOPSIS
    Fails the item if a condition does not hold.
    #>
    param([Parameter(Mandatory = $true)] [AllowNull()] $Condition, [Parameter(Mandatory = $true)] [string] $Otherwise)

    if (-not $Condition) {
        throw $Otherwise
    }
}

function Wait-Condition {
    <#
    .SYNOPSIS
    Returns whether a condition came true within some seconds.
    #>
    param([Parameter(Mandatory = $true)] [scriptblock] $Condition, [int] $Seconds = 20)

    $clock = [Diagnostics.Stopwatch]::StartNew()
    do {
        if (& $Condition) {
            return $true
        }
        [Threading.Thread]::Sleep(50)
    } while ($clock.Elapsed.TotalSeconds -lt $Seconds)
    $false
}

function Import-Utility {
    <#
    .SYNOPSIS
    Compiles a C# file of the collection, as the modules on a position have it compiled.
    #>
    param([Parameter(Mandatory = $true)] [string] $Name)

    $namespace = "ansible_collections.eccops.rapid.plugins.module_utils.$($Name.Replace('/', '.'))"
    $type = "$namespace.$(Split-Path -Path $Name -Leaf)"
    if (-not ($type -as [type])) {
        Add-Type -TypeDefinition ([IO.File]::ReadAllText("$script:Utils/$Name.cs"))
    }
}

function New-Place {
    <#
    .SYNOPSIS
    Makes an empty directory below ProgramData that only administrators can change, and returns its path.
    #>
    [OutputType([string])]
    param()

    $path = "$env:ProgramData\eccops-verify-" + [guid]::NewGuid().ToString('N')
    $null = [IO.Directory]::CreateDirectory($path)
    $security = New-Object -TypeName System.Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm('O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    Set-Acl -LiteralPath $path -AclObject $security
    $path
}

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

function Invoke-Shell {
    <#
    .SYNOPSIS
    Runs Windows PowerShell 5.1 and returns an object with Code, Output and Error.
    #>
    param([Parameter(Mandatory = $true)] [string] $Arguments, [hashtable] $Environment = @{}, [int] $Seconds = 60)

    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = [Environment]::SystemDirectory + '\WindowsPowerShell\v1.0\powershell.exe'
    $start.Arguments = "-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned $Arguments"
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    # What PowerShell 7 leaves to its children would lead 5.1 to modules of 7.
    $null = $start.EnvironmentVariables.Remove('PSModulePath')
    foreach ($name in $Environment.Keys) {
        $start.EnvironmentVariables[$name] = $Environment[$name]
    }
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    $output, $problem = $process.StandardOutput.ReadToEndAsync(), $process.StandardError.ReadToEndAsync()
    if (-not $process.WaitForExit($Seconds * 1000)) {
        $process.Kill()
        throw "powershell.exe did not end within $Seconds s"
    }
    [pscustomobject] @{ Code = $process.ExitCode; Output = $output.Result; Error = $problem.Result }
}

function Use-Registry {
    <#
    .SYNOPSIS
    Runs a block with a value of the registry set, and puts back what was there: the value, or that there was none.
    #>
    param(
        [Parameter(Mandatory = $true)] [string] $Key,
        [Parameter(Mandatory = $true)] [string] $Name,
        [Parameter(Mandatory = $true)] $Value,
        [Parameter(Mandatory = $true)] [scriptblock] $Block
    )
    $hive = [Microsoft.Win32.Registry]::LocalMachine
    if ($Key.StartsWith('HKCU:')) {
        $hive = [Microsoft.Win32.Registry]::CurrentUser
    }
    $path = $Key.Substring(6)
    $missing = $null
    for ($each = $path; $each -and -not $hive.OpenSubKey($each); $each = Split-Path -Path $each -Parent) {
        $missing = $each
    }
    $item = $hive.CreateSubKey($path)
    $before = $item.GetValue($Name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $kind = if ($null -ne $before) { $item.GetValueKind($Name) }
    try {
        $item.SetValue($Name, $Value)
        & $Block
    }
    finally {
        if ($null -ne $before) {
            $item.SetValue($Name, $before, $kind)
        }
        else {
            $item.DeleteValue($Name)
        }
        $item.Dispose()
        if ($missing) {
            $hive.DeleteSubKeyTree($missing)
        }
    }
}

Export-ModuleMember -Function * -Variable Launcher, Root, Utils
