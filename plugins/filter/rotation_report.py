# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wording


def rotation_report(plan: dict, planned: Any, progress: Mapping | None, history: Any = None) -> Any:
    return wording.describe_outcomes(plan, planned, dict(progress or {}), history)


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"rotation_report": rotation_report}
