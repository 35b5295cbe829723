# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_wave_end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave


def rotation_wave_end(begun: dict, plan: dict, progress: Mapping | None, replaced: Any, confirmed: Any) -> dict:
    return wave.end_wave(plan, dict(progress or {}), begun, replaced, confirmed, time.time())


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"rotation_wave_end": rotation_wave_end}
