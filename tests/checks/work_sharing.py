# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Shares the tests among the processes of pytest-xdist, a file at a time: what takes long begins first, and many small files are left for the end.

pytest-xdist itself begins with the files of many tests. The files with few tests are the slow ones here, and the last of them kept one process busy
while the others had nothing to do.
"""

from __future__ import annotations

import pytest

#: The directories of tests/ in the order in which they begin.
ORDER = ("crash", "end_to_end", "windows", "functional", "launcher", "sandbox", "unit")
#: All files of such a directory go to one process: what they share, as a desk, takes longer to make than it is used.
TOGETHER = ("end_to_end",)


def scope(nodeid: str) -> str:
    """Returns what goes to a process as a whole: the file of a test, or its directory."""
    path = nodeid.split("::", 1)[0]
    return next((name for name in TOGETHER if "tests/%s/" % name in path), path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: next((place for place, name in enumerate(ORDER) if "tests/%s/" % name in item.nodeid), len(ORDER)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return scope(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)
