# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs rapidauth_rotation in the controller's process when the task is local, and shows how far it is."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.utils.display import Display

from ansible_collections.eccops.rapid.plugins.module_utils._rotation.rotation import OPERATION
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction

display = Display()


def show_progress(counts: Mapping[str, int], total: int) -> None:
    """Prints e.g. ``rotation: 120 of 200 done (118 replaced, 2 adopted)``."""
    parts = ", ".join("%d %s" % (count, word) for word, count in sorted(counts.items()))
    display.display("rotation: %d of %d done%s" % (sum(counts.values()), total, " (%s)" % parts if parts else ""))


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({
        "clock_skew_seconds", "failed_positions", "ledger_is_new", "ledger_path", "ledger_url", "lines", "positions", "refusal", "stopped_by", "summary",
    })

    def run_operation(self, params: dict, is_check_mode: bool) -> dict:
        return self.operation.run(params, is_check_mode, show_progress=show_progress)
