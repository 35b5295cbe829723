# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""SIGTERM and Ctrl-C as a wish to stop, not as an end in the middle."""

from __future__ import annotations

import signal
import threading


class StopSignals:
    """While it is open, a signal calls ``stop(reason)`` instead of ending the process. Only the main thread can listen."""

    def __init__(self, stop):
        self._stop = stop
        self._earlier = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._earlier[number] = signal.signal(number, self._caught)
        return self

    def _caught(self, number, frame):
        self._stop("%s was received" % signal.Signals(number).name)

    def __exit__(self, *unused):
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
