# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of what all modules of this collection have in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the service.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  platform:
    description: Where the module, if it is shipped, can run.
    support: full
    platforms: posix
  action:
    description: Has a corresponding action plugin, so that a local task runs on the controller without a module process.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details: The options of a background job would lie on its host's disk, and its answer could neither be hidden nor filtered.
"""

    GROUP_RAPIDAUTH = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/eccops.rapid.rapidauth) in C(module_defaults) to set defaults for these modules.
    support: full
    membership:
      - eccops.rapid.rapidauth
"""

    GROUP_PORTAL = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/eccops.rapid.portal) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - eccops.rapid.portal
"""
