# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Waits for what another process does."""

from __future__ import annotations

import time


def wait_until(is_so):
    """Returns when ``is_so()`` is true; fails after a minute."""
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
