# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidsos_portal_token in the controller's process when the task is local, and hides the token it returns."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"api_url", "expires_at", "expires_basis", "is_from_cache", "issued_at", "query_url", "session_expires_at", "token"})
    longest_returned_text = 40000  # a token, and the URL with it
    is_result_secret = True

    def run_operation(self, params: dict, is_check_mode: bool) -> dict:
        return self.operation.run(params, is_check_mode, run_directory=self.run_directory())
