# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_collections."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import registered_results


def rotation_collections(positions, hostvars):
    return registered_results(hostvars, positions, "eccops_rapid_collection")


class FilterModule:
    def filters(self):
        return {"rotation_collections": rotation_collections}
