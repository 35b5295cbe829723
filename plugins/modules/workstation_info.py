#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workstation_info
short_description: Look at files and links of a position
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - Returns the hashes of files and the targets of links, so that a check can compare them with what was deployed.
  - >-
    What the position answers is data. Only the return values documented here pass to the controller, bounded in length and
    printable; facts and new hosts do not.
options:
  files:
    description:
      - Files whose SHA-256 is wanted.
    type: list
    elements: path
    default: []
  links:
    description:
      - Symbolic links whose targets are wanted.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, in check mode and without.
  diff_mode:
    support: none
    details: It changes nothing.
requirements:
  - Python 3.8 on the position, with nothing but its standard library
seealso:
  - module: eccops.rapid.credential_check_info
"""

EXAMPLES = r"""
- name: Look at the launcher
  eccops.rapid.workstation_info:
    files: [/usr/local/bin/portal-launcher]
  register: look
"""

RETURN = r"""
files:
  description: The SHA-256 of each file in hexadecimal, an empty text where there is no file.
  type: dict
  returned: success
  sample:
    /usr/local/bin/portal-launcher: ""
links:
  description: Where each link leads, an empty text where there is no link.
  type: dict
  returned: success
  sample:
    /etc/rapidauth-sac/current: ""
error_kind:
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: unreadable
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.inspection import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
