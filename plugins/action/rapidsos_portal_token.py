# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidsos_portal_token's core in the controller's process when the task is local, and hides the token it returns."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.argspec import portal_token_spec
from ansible_collections.eccops.rapid.plugins.module_utils.portal_login import provide_token
from ansible_collections.eccops.rapid.plugins.plugin_utils.core_action import CoreAction


class ActionModule(CoreAction):
    is_result_secret = True
    # The answer of a polled job does not come through this plugin: it would be shown, and lie on disk in clear.
    _supports_async = False

    def spec(self):
        return portal_token_spec()

    def core(self, params, is_check_mode):
        return provide_token(params, is_check_mode, self.run_directory())
