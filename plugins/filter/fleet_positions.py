# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter fleet_positions."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.fleet import fleet_positions


class FilterModule:
    def filters(self):
        return {"fleet_positions": fleet_positions}
