# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidauth_ledger_info in the controller's process when the task is local."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"history", "json_lines", "positions", "request_ids", "schema_sql", "services", "unresolved"})
