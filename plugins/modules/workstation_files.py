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
  - The position needs only Python 3.8 or later.
options:
  state:
    description:
      - V(present) installs the files as described, V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
  directories:
    description:
      - >-
        Directories that belong to this set alone, at least one. The first one holds the journal of an unfinished change. With O(state=absent) they are
        removed with everything in them.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path of the directory.
        type: path
        required: true
      mode:
        description: Permissions, in octal digits and in quotes.
        type: str
        default: "0755"
      group:
        description: Group that owns the directory. It must exist. Without it the group is not changed.
        type: str
  files:
    description:
      - The files, at least one. A file with neither O(files[].content) nor O(files[].secret) must not exist and is removed.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path of the file. Missing parent directories are created, and removed again with O(state=absent).
        type: path
        required: true
      content:
        description: Content of the file. It is shown in diffs.
        type: str
      secret:
        description: Key in O(secrets) whose value is the content of the file. It is never shown.
        type: str
      mode:
        description: Permissions, in octal digits and in quotes. The file of a secret must not be accessible to others.
        type: str
        default: "0644"
      group:
        description: Group that owns the file. It must exist. Without it the group is not changed.
        type: str
  secrets:
    description:
      - Secret contents, each with a name of your choice.
      - Without pipelining the task fails before anything is sent, because the module's options would be written to the position's temporary directory.
    type: dict
  owner:
    description:
      - User that owns the files and directories.
    type: str
    default: root
  refresh_commands:
    description:
      - Commands to run after a change, each as a list, such as C([update-desktop-database]). A command that is not installed is skipped.
    type: list
    elements: list
    default: []
  verify_command:
    description:
      - Command to run after a change, as a list. If its exit code is not 0, the previous files are restored and the task fails with the command's output.
    type: list
    elements: str
  trace_patterns:
    description:
      - Shell patterns of files that the program creates elsewhere. They are removed with O(state=absent).
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


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
