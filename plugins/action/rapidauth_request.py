# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidauth_request's core in the controller's process when the task is local."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._argspec import request_spec
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.state import bring_to_state
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    returned_keys = frozenset({"credential", "outcome", "request_id", "request_ids", "response"})

    def spec(self):
        return request_spec()

    def core(self, params, is_check_mode):
        return bring_to_state(params, is_check_mode, self.run_directory())
