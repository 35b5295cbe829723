# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_wave_end."""

from __future__ import annotations

import time

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave


def rotation_wave_end(begun, plan, progress, replaced, confirmed):
    return wave.end_wave(plan, dict(progress or {}), begun, replaced, confirmed, time.time())


class FilterModule:
    def filters(self):
        return {"rotation_wave_end": rotation_wave_end}
