# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs C(ansible-test sanity) over this tree, with this Python unless C(--python) says otherwise."""

from __future__ import annotations

import sys

import ansible_test_runner

if __name__ == "__main__":
    sys.exit(ansible_test_runner.run("sanity", *sys.argv[1:]))
