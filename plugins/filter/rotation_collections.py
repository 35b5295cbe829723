# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import registered_results


def rotation_collections(positions: Iterable[str], hostvars: Any) -> dict[str, dict]:
    return registered_results(hostvars, positions, "eccops_rapid_collection")


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"rotation_collections": rotation_collections}
