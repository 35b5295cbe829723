# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A clock that tests move, so that what waits for a limit does not wait."""

from __future__ import annotations

import time


class MovedClock:
    """Stands for the module time: sleeping moves it, and whoever sleeps may be given something that happens meanwhile."""

    def __init__(self, meanwhile=None, ahead_seconds=0):
        self._now, self._meanwhile, self._ahead_seconds = 0.0, meanwhile, ahead_seconds

    def monotonic(self):
        return self._now

    def time(self):
        return time.time() + self._ahead_seconds

    def sleep(self, seconds):
        self._now += seconds
        if self._meanwhile:
            self._meanwhile()
