# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Ships workstation_files to the position, in a way that leaves no secret in its temporary directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.desired import read_secret
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import plain


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"changed_paths", "was_unfinished"})

    def must_pipeline(self, arguments: Mapping[str, Any]) -> bool:
        return True  # the content of a file that only its owner may read is no option of its own

    def _ship_with(self, arguments, task_vars):
        if not (getattr(self._connection._shell, "_IS_WINDOWS", False) and arguments.get("secrets")):
            return super()._ship_with(arguments, task_vars)
        # Ansible's module object for PowerShell hides a text, and not what is in a dictionary.
        secrets = {name: read_secret(value) for name, value in plain(arguments["secrets"]).items() if value is not None}
        shipped = dict(arguments, secrets=json.dumps(secrets))
        return remove_values(super()._ship_with(shipped, task_vars), self._secrets(arguments))
