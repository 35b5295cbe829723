# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options in module_utils/_options.py: audit_options."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  audit_log_path:
    description:
      - >-
        File to which the task appends a record of its actions, as JSON Lines: what, when, where, by whom, on what and with which outcome. It never
        contains a secret. One record is on disk before anything is sent, and another one follows with the outcome. Without this option nothing is
        recorded.
      - >-
        The file is created on first use with mode 0600 on the host where the task runs. It must belong to the user that runs the task; its group may have
        read access. If the file cannot be written, the task fails before it sends anything.
    type: path
"""
