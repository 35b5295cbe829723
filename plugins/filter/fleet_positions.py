# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter fleet_positions."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.fleet import fleet_positions as positions_of


def fleet_positions(variables, names, newer_request_ids=None, rotation_id=None):
    return positions_of(variables, names, newer_request_ids or {}, None if rotation_id is None else str(rotation_id))


class FilterModule:
    def filters(self):
        return {"fleet_positions": fleet_positions}
