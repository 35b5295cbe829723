#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workstation_info
short_description: Read hashes of files and targets of links on a position
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - Returns the hashes of files and the targets of links, so that a check can compare them with what was deployed.
  - >-
    Output from the position is treated as untrusted data. Only the documented return values reach the controller, limited in length and printable. Facts
    and new hosts are dropped.
extends_documentation_fragment:
  - eccops.rapid.inspection
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise.
  diff_mode:
    support: none
    details: The module changes nothing.
requirements:
  - Python 3.8 or later on the position, standard library only
seealso:
  - module: eccops.rapid.credential_check_info
"""

EXAMPLES = r"""
- name: Read the hash of the launcher
  eccops.rapid.workstation_info:
    files: [/usr/local/bin/portal-launcher]
  register: launcher
"""

RETURN = r"""
files:
  description: SHA-256 of each file in hexadecimal digits. Empty if the file does not exist.
  type: dict
  returned: success
  sample:
    /usr/local/bin/portal-launcher: ""
links:
  description: Target of each link. Empty if the link does not exist.
  type: dict
  returned: success
  sample:
    /etc/rapidauth-sac/current: ""
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: unreadable
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.inspection import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
