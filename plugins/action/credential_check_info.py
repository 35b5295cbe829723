# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs credential_check_info in the controller's process when the task is local."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._argspec import credential_check_info_spec
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check import check_fleet
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    returned_keys = frozenset({"counts", "lines", "report", "stats", "verdict"})

    def spec(self):
        return credential_check_info_spec()

    def core(self, params, is_check_mode):
        return check_fleet(params, is_check_mode, self.run_directory())
