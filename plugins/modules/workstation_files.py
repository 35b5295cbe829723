#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: workstation_files
short_description: Have a set of files on a position, all of them or none
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Installs a program with its configuration, secret and menu entries as one change: everything is written beside the
    files first, renamed into place, and verified by the program itself. What fails puts back what was there before.
  - A run that was killed is finished, or undone, by the next one.
  - One task does the work of a dozen, since each task costs the controller 0.3 s and more for every position.
  - The position needs Python 3.8 and nothing else.
options:
  state:
    description:
      - V(present) has the files as described, V(absent) has nothing of them.
    type: str
    choices: [present, absent]
    default: present
  directories:
    description:
      - >-
        Directories that belong to this set alone, at least one. The first one keeps the journal of an unfinished change.
        With O(state=absent) they are removed with all that is in them.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      mode:
        description: Permissions, in octal digits.
        type: str
        default: "0755"
      group:
        description: Group that owns it, which must exist; without it the group is left alone.
        type: str
  files:
    description:
      - The files, at least one. One with neither O(files[].content) nor O(files[].secret) is a file that must not be there.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path; missing directories that lead to it are made, and removed again with O(state=absent).
        type: path
        required: true
      content:
        description: What the file holds. It is shown in diffs.
        type: str
      secret:
        description: The key of O(secrets) whose value the file holds. It is never shown.
        type: str
      mode:
        description: Permissions, in octal digits; a secret's file must be closed to others.
        type: str
        default: "0644"
      group:
        description: Group that owns it, which must exist; without it the group is left alone.
        type: str
  secrets:
    description:
      - Contents that are secret, by a name of your choice.
      - >-
        The task fails before anything is sent where pipelining is off, since the options of a module would then lie in
        the position's temporary directory.
    type: dict
  owner:
    description:
      - User that owns files and directories.
    type: str
    default: root
  refresh_commands:
    description:
      - Commands, each a list, to run after a change, such as C(update-desktop-database). One that is not installed is left out.
    type: list
    elements: list
    default: []
  verify_command:
    description:
      - Command to run after a change. When it does not end with 0, everything is put back as it was and the task fails with what it said.
    type: list
    elements: str
  trace_patterns:
    description:
      - With O(state=absent), shell patterns of what the program has left elsewhere.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Never shows the content of a file that others may not read, as it is or as it should be.
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
      account: "{{ {'email': example_email, 'password': example_password} | ansible.builtin.to_json }}"
    verify_command: [/usr/local/bin/example, --check]
  become: true
"""

RETURN = r"""
changed_paths:
  description: The paths that were changed, or would be in check mode.
  type: list
  elements: str
  returned: success
  sample: [/usr/local/bin/example]
was_unfinished:
  description: Whether an earlier run had been killed in the middle, and was brought to its end now.
  type: bool
  returned: success
  sample: false
error_kind:
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: not_verified
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.files import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
