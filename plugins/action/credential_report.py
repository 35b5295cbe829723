# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Writes a report in the controller's process: its page needs Jinja and files that are not Python, which no module takes along."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.eccops.rapid.plugins.plugin_utils._report.writer import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"changed_paths", "paths", "verdict"})

    def _ship(self, task_vars):
        raise AnsibleActionFail("credential_report writes on the controller only; set delegate_to: localhost and connection: local, and do not use become")
