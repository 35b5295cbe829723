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
        File to which what the task does is appended, as JSON Lines: what, when, where, by whom, to what, with which outcome,
        and no secret. A record is on disk before anything is sent, and another after it came out. Without it nothing is recorded.
      - >-
        It is created at the first use with mode 0600, must belong to the user that runs the task, and lies where the task
        runs. Its group may be allowed to read it. Where it cannot be written nothing is done.
    type: path
"""
