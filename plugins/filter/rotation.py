# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filters by which rotate_credentials asks for the decisions between its tasks."""

from __future__ import annotations

import time

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave, wording
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import registered_results

#: Where the playbook registers what a position answered when it was tried, and when it collected.
TRIED, COLLECTED = "eccops_rapid_tried", "eccops_rapid_collection"


def rotation_wave_begin(plan, positions, progress, forks):
    return wave.begin_wave(plan, dict(progress or {}), list(positions), forks, time.time())


def rotation_wave_end(begun, plan, progress, replaced, confirmed):
    return wave.end_wave(plan, dict(progress or {}), begun, replaced, confirmed, time.time())


def rotation_unready(plan, hostvars):
    return wave.describe_unready(plan, registered_results(hostvars, plan["positions"], TRIED))


def rotation_collections(positions, hostvars):
    return registered_results(hostvars, positions, COLLECTED)


def rotation_report(plan, planned, progress, history=None):
    return wording.describe_outcomes(plan, planned, dict(progress or {}), history)


class FilterModule:
    def filters(self):
        return {
            "rotation_collections": rotation_collections,
            "rotation_report": rotation_report,
            "rotation_unready": rotation_unready,
            "rotation_wave_begin": rotation_wave_begin,
            "rotation_wave_end": rotation_wave_end,
        }
