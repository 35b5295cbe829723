# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The collection's version, as sent in the User-Agent; a test compares it with galaxy.yml."""

from __future__ import annotations

COLLECTION_VERSION = "0.1.0"
