# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Shares the tests among the processes of pytest-xdist, a file at a time: what takes long begins first, and many small files are left for the end.

pytest-xdist itself begins with the files of many tests. The files with few tests are the slow ones here, and the last of them kept one process busy
while the others had nothing to do.
"""

from __future__ import annotations

import re

import pytest

#: {what is made once, and takes long to make: the files that share it, which go to one process as a whole}. They begin, in this order.
SHARED = {
    "three Windows positions": re.compile(r"tests/functional/test_\w*windows"),
    "a Windows position with the launcher": re.compile(r"tests/windows/test_launcher_windows"),
    "a desk": re.compile(r"tests/end_to_end/"),
}
#: Then come the other files, by directory.
DIRECTORIES = ("crash", "windows", "functional", "launcher", "sandbox", "unit")


def scope(nodeid: str) -> str:
    """Returns what goes to one process as a whole: the file of a test, or what its file shares with others."""
    path = nodeid.split("::", 1)[0]
    return next((name for name, files in SHARED.items() if files.search(path)), path)


def place(nodeid: str) -> int:
    """Returns when a test begins: the tests of a smaller number come before it."""
    shared = list(SHARED)
    if scope(nodeid) in shared:
        return shared.index(scope(nodeid))
    return len(shared) + next((number for number, name in enumerate(DIRECTORIES) if "tests/%s/" % name in nodeid), len(DIRECTORIES))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: place(item.nodeid))


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
