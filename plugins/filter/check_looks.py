# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter check_looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check_plan import gather_looks
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import registered_results


def check_looks(plan: dict, hostvars: Any) -> dict:
    wanted = [name for name, look in plan["positions"].items() if look["files"] or look["links"]]
    return gather_looks(plan, registered_results(hostvars, wanted, "eccops_rapid_inspection"))


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"check_looks": check_looks}
