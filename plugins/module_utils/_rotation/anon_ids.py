# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what stands for a position in its AnonIds."""

from __future__ import annotations

import hashlib


def opaque_position_id(position: str) -> str:
    """Returns 16 hexadecimal digits that stand for a position: no personal data, and the same in every run without any record."""
    return hashlib.sha256(position.encode("utf-8")).hexdigest()[:16]
