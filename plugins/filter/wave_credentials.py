# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter wave_credentials."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.fleet import wave_credentials


class FilterModule:
    def filters(self):
        return {"wave_credentials": wave_credentials}
