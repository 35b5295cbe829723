# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_unready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import registered_results


def rotation_unready(plan: dict, hostvars: Any) -> Any:
    return wave.describe_unready(plan, registered_results(hostvars, plan["positions"], "eccops_rapid_readiness"))


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"rotation_unready": rotation_unready}
