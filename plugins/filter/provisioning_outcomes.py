# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filters provisioning_outcomes and is_too_much_failed."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.provisioning import is_too_much_failed, provisioning_outcomes


class FilterModule:
    def filters(self):
        return {"provisioning_outcomes": provisioning_outcomes, "is_too_much_failed": is_too_much_failed}
