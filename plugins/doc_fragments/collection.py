# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options of rapidauth_collection, on POSIX and on Windows positions."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - >-
        V(ready) checks whether the position could collect: the directory is writable and has enough free space, and the command's program is executable.
        V(collected) delivers the RequestId and collects the credential.
    type: str
    choices: [ready, collected]
    default: collected
  request_path:
    description:
      - >-
        Absolute path of the request file, a JSON object with C(request_id) and C(anon_id). The file is replaced atomically. Only its owner can read it,
        on Windows also SYSTEM and the administrators.
        Missing directories are created without access for others. C(~) and variables such as C($HOME) are expanded on the position.
    type: path
    required: true
  request_id:
    description:
      - RequestId to deliver. Anyone who has it can collect the credential. Required if O(state=collected).
    type: str
  anon_id:
    description:
      - AnonId of the credential, for the request file.
    type: str
  argv:
    description:
      - >-
        The command as a list of the program and its arguments. It does not run in a shell. C({request_path}) in an argument is replaced by the path of the
        request file. The credential counts as collected if the command ends with exit code 0.
    type: list
    elements: str
    required: true
  timeout_seconds:
    description:
      - Time limit in seconds for the command, 1 to 3600. When it is reached, the command and all processes that it started are ended.
    type: int
    default: 300
"""
