#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workstation_files
short_description: Install a set of files on a position, all of them or none
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Installs a program with its configuration, secret and menu entries as one change. New files are first written beside the old ones, then renamed into
    place, and then verified by a command of yours. If a step fails, the previous files are restored.
  - If a run is killed, the next run completes or reverts its change.
  - One task replaces about a dozen, each of which would cost the controller 0.3 s or more for every position.
  - The position needs only Python 3.8 or later. On Windows positions the task runs M(eccops.rapid.win_workstation_files).
extends_documentation_fragment:
  - eccops.rapid.attributes
  - eccops.rapid.files
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Never shows the content of a file that others may not read, neither before nor after the change.
"""

EXAMPLES = r"""
- name: Install a program with its secret
  eccops.rapid.workstation_files:
    directories:
      - path: /etc/example
    files:
      - path: /usr/local/bin/example
        content: "{{ lookup('ansible.builtin.file', 'example') }}"
        mode: "0755"
      - path: /etc/example/account.json
        secret: account
        mode: "0640"
        group: dispatch
    secrets:
      account: "{{ {'email': 'launcher@ecc.example', 'password': vault_portal_password} | ansible.builtin.to_json }}"
    verify_command: [/usr/local/bin/example, --check]
  become: true
"""

RETURN = r"""
changed_paths:
  description: Paths that were changed, or would be changed in check mode.
  type: list
  elements: str
  returned: success
  sample: [/usr/local/bin/example]
was_unfinished:
  description: Whether an earlier run was killed before it completed, and this run completed or reverted its change.
  type: bool
  returned: success
  sample: false
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: not_verified
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
