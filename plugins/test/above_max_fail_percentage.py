# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The test above_max_fail_percentage."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.outcomes import above_max_fail_percentage


class TestModule:
    def tests(self) -> dict[str, Callable]:
        return {"above_max_fail_percentage": above_max_fail_percentage}
