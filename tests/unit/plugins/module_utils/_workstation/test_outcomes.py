# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Each position's outcome is derived from what the roles registered, and too many failures stop the next wave."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.outcomes import above_max_fail_percentage, provisioning_outcomes

CHANGED, UNCHANGED, SKIPPED = {"changed": True}, {"changed": False}, {"changed": False, "skipped": True}
UNREACHABLE = {"unreachable": True, "changed": False, "msg": "no route"}


@pytest.mark.parametrize("variables, expected", [
    ({}, ("not begun", "-", "-", "")),
    ({"portal_launcher_installed": CHANGED}, ("changed", "changed", "-", "")),
    ({"portal_launcher_installed": UNCHANGED}, ("unchanged", "unchanged", "-", "")),
    ({"portal_launcher_installed": UNCHANGED, "sac_certificate_installed": CHANGED}, ("changed", "unchanged", "changed", "")),
    ({"portal_launcher_installed": CHANGED, "sac_certificate_installed": SKIPPED}, ("changed", "changed", "-", "")),
    ({"sac_certificate_installed": UNREACHABLE, "portal_launcher_installed": SKIPPED},
     ("unreachable", "-", "-", "it cannot be reached (no route); switch it on, or correct how Ansible connects to it")),
    ({"sac_certificate_installed": CHANGED, "portal_launcher_installed": dict(CHANGED, failed=True), "eccops_rapid_problem": "full disk"},
     ("failed", "-", "changed", "full disk")),
])
def test_the_outcome_of_a_position(variables, expected):
    (row,) = provisioning_outcomes({"north-01": variables}, ["north-01"])
    assert (row["outcome"], row["launcher"], row["sac"], row["reason"]) == expected


@pytest.mark.parametrize("outcomes, max_fail_percentage, expected", [
    ([], 0, False),
    (["not begun"] * 3, 0, False),
    (["changed", "not begun"], 0, False),
    (["failed", "not begun", "not begun"], 0, True),
    (["unreachable", "changed"], 49, True),
    (["unreachable", "changed"], 50, False),
    (["failed"], 100, False),
    (["failed"] + ["changed"] * 19, "5", False),
])
def test_when_no_further_wave_is_begun(outcomes, max_fail_percentage, expected):
    assert above_max_fail_percentage([{"outcome": outcome} for outcome in outcomes], max_fail_percentage) is expected
