# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads processes from /proc: whose children they are, and whether they still run."""

import pathlib


def descendants(pid):
    """Returns the ids of all processes below ``pid``, parents first; itself is not among them."""
    found = []
    for each in pathlib.Path("/proc/%d/task" % pid).glob("*/children"):
        for child in map(int, each.read_text(encoding="ascii").split()):
            found += [child, *descendants(child)]
    return found


def is_running(pid):
    """Whether there is such a process, and not only its exit code."""
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
