# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A demo of the collection's jobs against the sandbox: ``python -m rapid_demo``."""
