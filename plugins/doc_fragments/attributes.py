# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the attributes that all modules of this collection share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  platform:
    description: Target OS/families that can be operated against. It matters only if the module is shipped to a host.
    support: full
    platforms: posix
  action:
    description: Has a corresponding action plugin, so that a local task runs on the controller without a module process.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details: A background job would leave its options on the host's disk, and its result could be neither hidden nor filtered.
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
