# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter provisioning_outcomes."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.eccops.rapid.plugins.module_utils._workstation.outcomes import provisioning_outcomes


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"provisioning_outcomes": provisioning_outcomes}
