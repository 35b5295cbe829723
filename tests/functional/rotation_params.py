# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows what a rotation is given that a test runs without Ansible, in its own process or in forks of it."""

from ansible_collections.eccops.rapid.plugins.module_utils._rotation.rotation import OPERATION


def service_params(sandbox):
    """Returns the options of the action group rapidauth that open the sandbox."""
    return {name: sandbox.values["rapidauth_" + name] for name in ("api_url", "ca_path", "sac_path", "sac_passphrase")}


def rotation_params(sandbox, request_ids, ledger_path, **changes):
    """Returns the options of rapidauth_rotation as AnsibleModule validates them; C(request_ids) is {position: RequestId}."""
    return {
        **{name: option.get("default") for name, option in OPERATION.spec["argument_spec"].items()}, **service_params(sandbox),
        "rotation_id": "2026q4", "ledger_path": str(ledger_path),
        "credentials": [{"position": name, "request_id": request_id, "anon_id": None} for name, request_id in request_ids.items()], **changes}
