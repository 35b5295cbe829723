# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

# What is on the position, and what is said about it.
Set-StrictMode -Version 2

function Stop-Sac {
    # Ends the operation with a failure of this kind.
    param([string] $Kind, [string] $Message)

    $failure = New-Object -TypeName System.InvalidOperationException -ArgumentList $Message
    $failure.Data['error_kind'] = $Kind
    throw $failure
}

function Get-InnerMessage {
    # Returns the words of the innermost exception.
    param([Exception] $Exception)

    while ($Exception.InnerException) {
        $Exception = $Exception.InnerException
    }
    $Exception.Message.Trim()
}

function Resolve-Owner {
    # Returns the SID of the account that uses the SAC.
    param([AllowEmptyString()] [AllowNull()] [string] $Owner)

    if (-not $Owner) {
        Stop-Sac -Kind 'invalid_input' -Message (
            'owner is missing; set it to the one account that uses the SAC, such as NT ' +
            'SERVICE\DispatchGateway, or its SID')
    }
    $sid = Resolve-AccountSid -Name $Owner
    if (-not $sid) {
        Stop-Sac -Kind 'invalid_input' -Message (
            "there is no account '$Owner' on this position; create it, or set owner to the account that " +
            "uses the SAC")
    }
    if (Test-WideAccount -Sid $sid) {
        Stop-Sac -Kind 'invalid_input' -Message (
            "owner '$Owner' is no single account, and the SAC opens every credential of the company; name " +
            "one account")
    }
    $sid
}

function Get-SacState {
    # Returns what is on the position: Entries, Key (the certificate whose key works, or nothing), KeyFile,
    # Access, MissingIssuers, Plan.
    param([object] $Module, [object] $Wanted, [string] $WantedAccess)

    $state = @{ Entries = @(Get-StoreEntry); KeyFile = ''; Access = ''; Fault = '' }
    $thumbprint = $Wanted.Certificate.Thumbprint
    $found = @(Select-Thumbprint -Certificate $state.Entries -Thumbprint $thumbprint)
    $state.Found = if ($found.Count) { $found[0] } else { $null }
    $state.IsKeyUsable = $found.Count -gt 0 -and (Test-Key -Certificate $found[0]) -eq 0
    $present = @(Get-StoreEntry -Issuer | ForEach-Object -Process { $_.Thumbprint })
    $state.MissingIssuers = @($Wanted.Issuers | Where-Object -FilterScript { $present -notcontains $_.Thumbprint })
    if ($state.MissingIssuers.Count) {
        $state.Fault = 'an intermediate certificate is missing'
    }
    if ($state.IsKeyUsable) {
        $state.KeyFile = [string] (Get-KeyFile -Certificate $found[0])
        if ($state.KeyFile) {
            $state.Access = Get-FileAccess -Path $state.KeyFile
        }
        if (-not $state.Access -or -not (Test-SameAccess -Sddl $state.Access -Wanted $WantedAccess)) {
            $state.Fault = 'others than its account may read the key, or its account may not'
        }
    }
    $service = $Module.Params.reloaded_service
    $options = @{
        Entry = $state.Entries; Thumbprint = $thumbprint; KeptVersions = $Module.Params.kept_versions
        Fault = $state.Fault; IsKeyUsable = $state.IsKeyUsable; IsUnfinished = [bool] $service -and (Test-Unfinished)
    }
    $state.Plan = Get-SacPlan @options
    $state
}

function Get-SacResult {
    # Returns what the module returns.
    param([object] $Module, [object] $Wanted, [hashtable] $State, [string] $WantedAccess, [object] $IsProven)

    $plan = $State.Plan
    $thumbprint = $Wanted.Certificate.Thumbprint
    $path = if ($Module.CheckMode -and $null -eq $State.Found) { $null } else { 'Cert:\LocalMachine\My\' + $thumbprint }
    $before = @(Select-Thumbprint -Certificate $State.Entries -Thumbprint $plan.Previous)
    $previous = if ($before.Count) { Get-Fingerprint -Certificate $before[0] } else { $null }
    $diff = @{ before = @{}; after = @{ sha256_fingerprint = $Wanted.Fingerprint } }
    if ($previous) {
        $diff.before.sha256_fingerprint = $previous
    }
    if ($plan.IsSwitch) {
        $diff.after.reason = $plan.Reason
    }
    elseif ($State.Access -and -not (Test-SameAccess -Sddl $State.Access -Wanted $WantedAccess)) {
        $diff.before.key_access = $State.Access
        $diff.after.key_access = $WantedAccess
    }
    @{
        changed = -not [string]::Equals($plan.Outcome, 'unchanged', [StringComparison]::Ordinal)
        outcome = $plan.Outcome; reason = $plan.Reason; version_path = $path; sha256_fingerprint = $Wanted.Fingerprint
        previous_sha256_fingerprint = $previous; is_proven = $IsProven; diff = $diff
    }
}

Export-ModuleMember -Function Stop-Sac, Get-InnerMessage, Resolve-Owner, Get-SacState, Get-SacResult
