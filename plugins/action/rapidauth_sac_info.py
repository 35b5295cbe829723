# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidauth_sac_info in the controller's process when the task is local."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({
        "allows_client_authentication", "chain", "days_left", "does_key_match", "is_proven", "is_usable", "issuer", "key_size_bits",
        "key_type", "not_after", "not_before", "now", "problems", "serial", "sha256_fingerprint",
        "subject", "weaknesses",
    })
