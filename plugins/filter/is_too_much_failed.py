# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter is_too_much_failed."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.outcomes import is_too_much_failed


class FilterModule:
    def filters(self):
        return {"is_too_much_failed": is_too_much_failed}
