# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidauth_request in the controller's process when the task is local."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.state import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"credential", "outcome", "request_id", "request_ids", "response"})

    def run_operation(self, params: dict, is_check_mode: bool) -> dict:
        return self.operation.run(params, is_check_mode, run_directory=self.run_directory())
