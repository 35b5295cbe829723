# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Ships workstation_files to the position, in a way that leaves no secret in its temporary directory."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"changed_paths", "was_unfinished"})

    def must_pipeline(self, arguments):
        return True  # the content of a file that only its owner may read is no option of its own
