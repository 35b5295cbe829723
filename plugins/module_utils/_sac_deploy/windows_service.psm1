# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# The twin of systemd.py. Windows' services cannot reload: they are restarted.
Set-StrictMode -Version 2

if ($PSVersionTable.PSVersion.Major -lt 6) {
    Add-Type -AssemblyName System.ServiceProcess
}
$script:TimeLimit = [TimeSpan]::FromSeconds(120)

function Test-Service {
    <#
    .SYNOPSIS
    Says whether there is a service of this name.
    .PARAMETER Name
    The name of the service, not its translated display name.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)] [string] $Name)

    foreach ($each in [System.ServiceProcess.ServiceController]::GetServices()) {
        if ([string]::Equals($each.ServiceName, $Name, [StringComparison]::OrdinalIgnoreCase)) {
            return $true
        }
    }
    $false
}

function Invoke-ServiceRestart {
    <#
    .SYNOPSIS
    Restarts a service that runs, and those that depend on it; leaves one that does not run. Returns what went wrong,
    or nothing.
    .PARAMETER Name
    The name of the service.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)] [string] $Name)

    try {
        $service = [System.ServiceProcess.ServiceController]::new($Name)
        if ($service.Status -ne [System.ServiceProcess.ServiceControllerStatus]::Running) {
            return
        }
        $dependent = @($service.DependentServices | Where-Object -Property Status -EQ -Value 'Running')
        $service.Stop()
        $service.WaitForStatus([System.ServiceProcess.ServiceControllerStatus]::Stopped, $script:TimeLimit)
        foreach ($each in @($service) + $dependent) {
            $each.Refresh()
            if ($each.Status -eq [System.ServiceProcess.ServiceControllerStatus]::Stopped) {
                $each.Start()
            }
            $each.WaitForStatus([System.ServiceProcess.ServiceControllerStatus]::Running, $script:TimeLimit)
        }
    }
    catch {
        $exception = $_.Exception
        while ($exception.InnerException) {
            $exception = $exception.InnerException
        }
        "Windows could not restart the service $Name ($($exception.Message.Trim()))"
    }
}

Export-ModuleMember -Function Test-Service, Invoke-ServiceRestart
