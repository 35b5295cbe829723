# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# The twin of installation.py for Windows positions: what differs is found first, then done, then proved, then
# switched to.
Set-StrictMode -Version 2

$script:LockSeconds = 60

function Set-KeyAccess {
    # Lets SYSTEM, the administrators and one account open the file of a certificate's key.
    param([System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate, [string] $WantedAccess)

    $path = [string] (Get-KeyFile -Certificate $Certificate)
    if (-not $path) {
        Stop-Sac -Kind 'not_written' -Message (
            'the file of the key cannot be found: the key is not in the key store of the machine; run ' +
            'again')
    }
    if (-not (Test-SameAccess -Sddl (Get-FileAccess -Path $path) -Wanted $WantedAccess)) {
        Set-FileAccess -Path $path -Sddl $WantedAccess -Confirm:$false
    }
}

function Confirm-Key {
    # Fails with the cause unless the key of a certificate opens and signs.
    param([System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $code = Test-Key -Certificate $Certificate
    if ($code -ne 0) {
        Stop-Sac -Kind 'not_readable' -Message (
            "the key was imported and cannot be used: $(Get-KeyFailure -Code $code); " +
            'set become: true with become_method: runas and become_user: SYSTEM')
    }
}

function Confirm-Proof {
    # Fails unless the service accepts the certificate.
    param([object] $Module, [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate)

    $service = @{ Url = $Module.Params.api_url; TimeoutSeconds = $Module.Params.timeout_seconds }
    $verdict = Get-Proof -Certificate $Certificate @service
    if ($verdict.Kind) {
        Stop-Sac -Kind $verdict.Kind -Message (
            "the position could not prove the SAC, so what was in use stays: $($verdict.Message)")
    }
}

function Undo-Change {
    # Takes back what was done, the last first; goes on where one step fails.
    param([System.Collections.Generic.Stack[hashtable]] $Done)

    while ($Done.Count) {
        $step = $Done.Pop()
        try {
            switch ($step.Do) {
                'remove' { Remove-Sac -Thumbprint $step.Thumbprint -Confirm:$false }
                'remove key' { Remove-Key -Certificate $step.Certificate -Confirm:$false }
                'remove issuer' { $null = Remove-Issuer -Thumbprint $step.Thumbprint -Confirm:$false }
                'add' { Add-Certificate -Certificate $step.Certificate -Name $step.Name -Confirm:$false }
                'name' { Set-SacName -Thumbprint $step.Thumbprint -Name $step.Name -Confirm:$false }
                'finish' { Set-Unfinished -IsUnfinished $false -Confirm:$false }
            }
        }
        catch {
            $null = $_  # the next run tidies up
        }
    }
}

function Add-Sac {
    # Imports the SAC and has it in the store, not in use yet; records in Done how to take that back.
    param(
        [object] $Module,
        [hashtable] $State,
        [string] $WantedAccess,
        [System.Collections.Generic.Stack[hashtable]] $Done
    )

    $new = Import-Sac -Module $Module
    $Done.Push(@{ Do = 'remove key'; Certificate = $new })
    Confirm-Key -Certificate $new
    Set-KeyAccess -Certificate $new -WantedAccess $WantedAccess
    $name = Get-SacName -Role new
    if ($null -ne $State.Found) {
        $name = [string] $State.Found.FriendlyName
        $bare = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($State.Found.RawData)
        $Done.Push(@{ Do = 'add'; Certificate = $bare; Name = $name })
    }
    Add-Certificate -Certificate $new -Name $name -Confirm:$false
    $Done.Push(@{ Do = 'remove'; Thumbprint = $new.Thumbprint })
}

function Switch-Sac {
    # Does what the plan says, up to the restart of the service; returns whether the service accepted the SAC, or
    # nothing.
    param(
        [object] $Module,
        [object] $Wanted,
        [hashtable] $State,
        [string] $WantedAccess,
        [System.Collections.Generic.Stack[hashtable]] $Done
    )

    $plan, $service, $thumbprint = $State.Plan, $Module.Params.reloaded_service, $Wanted.Certificate.Thumbprint
    foreach ($each in $State.MissingIssuers) {
        Add-Certificate -Certificate $each -Name (Get-SacName -Role issuer) -Issuer -Confirm:$false
        $Done.Push(@{ Do = 'remove issuer'; Thumbprint = $each.Thumbprint })
    }
    if (-not $State.IsKeyUsable) {
        Add-Sac -Module $Module -State $State -WantedAccess $WantedAccess -Done $Done
    }
    # Read again from the store: what only this process has would be no proof.
    $stored = @(Select-Thumbprint -Certificate @(Get-StoreEntry) -Thumbprint $thumbprint)[0]
    if ($State.IsKeyUsable) {
        Set-KeyAccess -Certificate $stored -WantedAccess $WantedAccess
    }
    Confirm-Key -Certificate $stored
    $isProven = $null
    if ($plan.IsSwitch -and $Module.Params.probe) {
        Confirm-Proof -Module $Module -Certificate $stored
        $isProven = $true
    }
    if ($service -and $plan.IsSwitch) {
        Set-Unfinished -IsUnfinished $true -Confirm:$false
        $Done.Push(@{ Do = 'finish' })
    }
    $names = @([pscustomobject] @{ Thumbprint = $thumbprint; Name = Get-SacName -Role current }) + $plan.Replaced
    foreach ($each in $names) {
        $old = @(Select-Thumbprint -Certificate @(Get-StoreEntry) -Thumbprint $each.Thumbprint)[0]
        if (-not [string]::Equals($old.FriendlyName, $each.Name, [StringComparison]::Ordinal)) {
            Set-SacName -Thumbprint $each.Thumbprint -Name $each.Name -Confirm:$false
            $Done.Push(@{ Do = 'name'; Thumbprint = $each.Thumbprint; Name = [string] $old.FriendlyName })
        }
    }
    $isProven
}

function Invoke-Change {
    # Changes the position as planned, or leaves it as it was; returns whether the service accepted the SAC, or nothing.
    param([object] $Module, [object] $Wanted, [hashtable] $State, [string] $WantedAccess)

    $done = New-Object -TypeName 'System.Collections.Generic.Stack[hashtable]'
    $isProven, $refusal, $service = $null, '', $Module.Params.reloaded_service
    try {
        $isProven = Switch-Sac -Module $Module -Wanted $Wanted -State $State -WantedAccess $WantedAccess -Done $done
        if ($service -and (Test-Unfinished)) {
            $refusal = [string] (Invoke-ServiceRestart -Name $service)
            if ($refusal) {
                $back = if ($State.Plan.Previous) { 'the one before is back' } else { 'it was removed again' }
                Stop-Sac -Kind 'service_not_reloaded' -Message "the SAC was installed and proved, but $refusal; $back"
            }
        }
    }
    catch {
        Undo-Change -Done $done
        if ($refusal) {
            $null = Invoke-ServiceRestart -Name $service
            Set-Unfinished -IsUnfinished $false -Confirm:$false
        }
        throw
    }
    Set-Unfinished -IsUnfinished $false -Confirm:$false
    foreach ($each in $State.Plan.Surplus) {
        Remove-Sac -Thumbprint $each -Confirm:$false
    }
    $isProven
}

function Install-Sac {
    # Returns the result of state=present, or sealing_key where the controller has to send the key of the SAC.
    param([object] $Module)

    $access = Get-KeyAccess -AccountSid (Resolve-Owner -Owner $Module.Params.owner)
    if ($Module.Params.reloaded_service -and -not (Test-Service -Name $Module.Params.reloaded_service)) {
        Stop-Sac -Kind 'invalid_input' -Message (
            "there is no service '$($Module.Params.reloaded_service)' on this position; correct " +
            "reloaded_service")
    }
    $wanted = Read-SacContent -Module $Module
    $state = Get-SacState -Module $Module -Wanted $wanted -WantedAccess $access
    $isProven = $null
    if ($Module.CheckMode) {
        if ($Module.Params.probe -and $Module.Params.probe_in_check_mode -and $state.IsKeyUsable) {
            Confirm-Proof -Module $Module -Certificate $state.Found
            $isProven = $true
        }
        return Get-SacResult -Module $Module -Wanted $wanted -State $state -WantedAccess $access -IsProven $isProven
    }
    if (-not $state.IsKeyUsable -and -not $wanted.HasKey) {
        return @{ changed = $false; sealing_key = New-SealingKey -Confirm:$false }
    }
    if (-not [string]::Equals($state.Plan.Outcome, 'unchanged', [StringComparison]::Ordinal)) {
        $isProven = Invoke-Change -Module $Module -Wanted $wanted -State $state -WantedAccess $access
    }
    Get-SacResult -Module $Module -Wanted $wanted -State $state -WantedAccess $access -IsProven $isProven
}

function Uninstall-Sac {
    # Returns the result of state=absent.
    param([object] $Module)

    $ours, $current = @(), $null
    foreach ($each in @(Get-StoreEntry)) {
        $role = (Get-SacRole -FriendlyName $each.FriendlyName).Role
        if (@('current', 'new', 'replaced') -contains $role) {
            $ours += $each.Thumbprint
        }
        if ([string]::Equals($role, 'current', [StringComparison]::Ordinal)) {
            $current = Get-Fingerprint -Certificate $each
        }
    }
    $roles = @(Get-StoreEntry -Issuer | ForEach-Object -Process { (Get-SacRole -FriendlyName $_.FriendlyName).Role })
    $isThere = $ours.Count -gt 0 -or $roles -contains 'issuer'
    if ($isThere -and -not $Module.CheckMode) {
        foreach ($each in $ours) {
            Remove-Sac -Thumbprint $each -Confirm:$false
        }
        $null = Remove-Issuer -Confirm:$false
        Set-Unfinished -IsUnfinished $false -Confirm:$false
    }
    $before = if ($isThere) { @{ path = 'Cert:\LocalMachine\My'; version = $current } } else { @{} }
    $outcome = if ($isThere) { 'removed' } else { 'unchanged' }
    $diff = @{ before = $before; after = @{} }
    @{ changed = $isThere; outcome = $outcome; reason = 'it should be absent'; diff = $diff }
}

function Invoke-SacOperation {
    <#
    .SYNOPSIS
    Returns the result of win_rapidauth_sac_installation; throws an exception whose Data has the error_kind.
    .PARAMETER Module
    The module: Params and CheckMode are read.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)] [object] $Module)

    $lock, $isOurs = $null, $false
    try {
        if (-not $Module.CheckMode) {
            $lock = Enter-Lock
            $isOurs = $true
        }
        if ([string]::Equals($Module.Params.state, 'absent', [StringComparison]::Ordinal)) {
            Uninstall-Sac -Module $Module
        }
        else {
            Install-Sac -Module $Module
        }
    }
    catch {
        if ($_.Exception.Data.Contains('error_kind')) {
            throw
        }
        Stop-Sac -Kind 'not_written' -Message (
            "the SAC could not be written to the machine's store: $(Get-InnerMessage -Exception $_.Exception); " +
            'what was in use stays: correct that and run again')
    }
    finally {
        if ($isOurs) {
            $lock.ReleaseMutex()
            $lock.Dispose()
        }
    }
}

function Enter-Lock {
    # Returns the lock of this computer's runs, held; one that a killed run held is free.
    $end = [DateTime]::UtcNow.AddSeconds($script:LockSeconds)
    while ($true) {
        try {
            $lock = [System.Threading.Mutex]::new($false, 'Global\eccops.rapid SAC installation')
            try {
                if ($lock.WaitOne(1000)) {
                    return $lock
                }
            }
            catch [System.Threading.AbandonedMutexException] {
                return $lock
            }
        }
        catch [UnauthorizedAccessException] {
            [System.Threading.Thread]::Sleep(50)  # another account holds it
        }
        if ([DateTime]::UtcNow -ge $end) {
            Stop-Sac -Kind 'busy' -Message (
                "another run is installing a SAC on this position; this run waited $script:LockSeconds s " +
                "for it: run again")
        }
    }
}

Export-ModuleMember -Function Invoke-SacOperation
