#!powershell
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ..module_utils._files.ClosedFile
#AnsibleRequires -PowerShell ..module_utils._files.access_rules
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_key
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_plan
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_response
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_proof
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_store
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_transfer
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_state
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.windows_service
#AnsibleRequires -PowerShell ..module_utils._sac_deploy.sac_installation

Set-StrictMode -Version 2

# The action plugin reads the SAC and the options about it, and validates all options. What it sends is in sac_content
# and sac_passphrase.
$spec = @{
    options = @{
        state = @{ type = 'str'; choices = 'present', 'absent'; default = 'present' }
        path = @{ type = 'path' }
        sac_path = @{ type = 'path' }
        sac_content = @{ type = 'str'; no_log = $true }
        sac_key_path = @{ type = 'path'; no_log = $false }
        sac_key_content = @{ type = 'str'; no_log = $true }
        sac_passphrase = @{ type = 'str'; no_log = $true }
        owner = @{ type = 'str' }
        group = @{ type = 'str' }
        mode = @{ type = 'str' }
        kept_versions = @{ type = 'int'; default = 2 }
        reloaded_service = @{ type = 'str' }
        probe = @{ type = 'bool'; default = $true }
        probe_in_check_mode = @{ type = 'bool'; default = $false }
        api_url = @{ type = 'str'; default = 'https://request.rapidauth.com/rapid' }
        ca_path = @{ type = 'path' }
        timeout_seconds = @{ type = 'int'; default = 30 }
        audit_log_path = @{ type = 'path' }
    }
    mutually_exclusive = @(@('sac_path', 'sac_content'), @('sac_key_path', 'sac_key_content'))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    $result = Invoke-SacOperation -Module $module
    foreach ($name in $result.Keys) {
        if ([string]::Equals($name, 'diff', [StringComparison]::Ordinal)) {
            $module.Diff.before = $result.diff.before
            $module.Diff.after = $result.diff.after
        }
        else {
            $module.Result[$name] = $result[$name]
        }
    }
}
catch {
    $module.Result.error_kind = [string] $_.Exception.Data['error_kind']
    $module.FailJson($_.Exception.Message)
}
$module.ExitJson()
