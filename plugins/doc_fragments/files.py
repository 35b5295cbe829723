# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options of workstation_files, on POSIX and on Windows positions."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
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
        description: Content of the file. It is shown in diffs, unless O(files[].diff=hash).
        type: str
      secret:
        description: Key in O(secrets) whose value is the content of the file. It is never shown.
        type: str
      sealed_for:
        description:
          - >-
            Seals the content of O(files[].secret) with Windows' DPAPI for this machine and for this purpose. A program that opens it must
            give the same text as entropy. Windows only.
        type: str
      diff:
        description:
          - >-
            What diffs show of the file. V(content) shows its changed lines. V(hash) is for programs: it shows one line with the SHA-256, and the version if a
            line of the program assigns one in quotes to C(VERSION) or C($Version).
        type: str
        choices: [content, hash]
        default: content
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
  url_schemes:
    description:
      - >-
        URL schemes to register for the machine. A scheme that leads to one of O(directories) under another name is removed, and one that
        belongs to another program is refused. Windows only.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the scheme.
        type: str
        required: true
      description:
        description: Description of the scheme, such as V(URL:RapidSOS Portal).
        type: str
        required: true
      command:
        description: Command line that opens a link, with C(%1) in place of the link.
        type: str
        required: true
  event_sources:
    description:
      - Sources of the Windows application log to register. Windows only.
    type: list
    elements: str
    default: []
  user_registry_keys:
    description:
      - >-
        Keys below C(HKEY_CURRENT_USER) that the program creates. With O(state=absent) those of all users who are logged on are removed.
        Windows only.
    type: list
    elements: str
    default: []
"""
