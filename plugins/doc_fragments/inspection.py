# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options of workstation_info, on POSIX and on Windows positions."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  files:
    description:
      - Files whose SHA-256 to return.
    type: list
    elements: path
    default: []
  links:
    description:
      - Symbolic links whose targets to return.
    type: list
    elements: path
    default: []
"""
