# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which Pythons a position may have: what its programs' tests said on each, and the table of it."""

from __future__ import annotations

import re

TESTS = ("tests/launcher/test_launcher_pythons.py", "tests/unit/plugins/module_utils/test_pythons_of_positions.py")
PYTHONS = tuple("3.%d" % minor for minor in range(6, 15))
#: {what runs on a position: (oldest Python that it is for, its tests)}
PROGRAMS = {
    "`portal-launcher`": ("3.6", ("test_the_tables_hold", "test_calls_with_a_login_by_the_cache_and_failing_ones")),
    "`rapidauth_sac_installation`": ("3.8", ("test_installs_proves_and_removes_a_sac",)),
    "`workstation_files`": ("3.8", ("test_installs_verifies_and_removes_a_set_of_files",)),
}


def outcomes(text):
    """Returns {test/python: PASSED, FAILED, ...} of what pytest -v said, without those that were skipped."""
    found = re.findall(r"::(test_\w+)\[(3\.\d+)\] (PASSED|FAILED|ERROR)", text)
    return {"%s/%s" % (test, version): outcome for test, version, outcome in found}


def table(seen):
    """Returns the table's lines; ``seen`` is the outcomes of every run."""
    lines = ["| on a position | %s |" % " | ".join("Python " + version for version in PYTHONS), "|---" * (len(PYTHONS) + 1) + "|"]
    for program, (oldest, tests) in PROGRAMS.items():
        reported = [_reported([seen.get("%s/%s" % (test, version)) for test in tests]) for version in PYTHONS[PYTHONS.index(oldest):]]
        lines.append("| %s | %s |" % (program, " | ".join(["–"] * PYTHONS.index(oldest) + reported)))
    return lines


def _reported(words):
    if not all(words):
        return "not here"
    return "passes" if set(words) == {"PASSED"} else "**fails**"
