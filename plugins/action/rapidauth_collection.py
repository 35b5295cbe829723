# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Ships rapidauth_collection to the position. Of the answer only the documented return values pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.collection import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"exit_code", "is_collected", "is_delivered"})

    def must_pipeline(self, arguments: Mapping[str, Any]) -> bool:
        # Whoever reads the RequestId on its way can collect before the position does. What is only tried needs the same, or it would fail too late.
        return True
