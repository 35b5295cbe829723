# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Ships workstation_info to the position. Of the answer only the documented return values pass."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.inspection import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"files", "links"})
