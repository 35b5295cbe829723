# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_wave_begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave


def rotation_wave_begin(plan: dict, positions: Iterable[str], progress: Mapping | None, forks: int) -> dict:
    return wave.begin_wave(plan, dict(progress or {}), list(positions), forks, time.time())


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"rotation_wave_begin": rotation_wave_begin}
