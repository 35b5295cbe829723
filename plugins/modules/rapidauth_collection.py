#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_collection
short_description: Deliver a RequestId to a position and have it collect the credential
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Writes the RequestId of a replaced credential to a file on the position, then runs the site's own command, which has the
    position collect the credential. One remote task does both.
  - >-
    The position keeps a durable mark of the RequestId for which the command ended well, beside the request file. With the mark
    nothing is done again. Without it the command runs, whatever the service says of the credential: the service calls a credential
    Collected as soon as it has signed it, even where the certificate never reached the position.
  - >-
    What the position answers is data. Only the return values documented here pass to the controller, bounded in length and
    printable; facts and new hosts do not.
options:
  state:
    description:
      - >-
        V(ready) tries whether the position could collect: the directory can be written to and has room, and the command's program
        can be run. V(collected) delivers and collects.
    type: str
    choices: [ready, collected]
    default: collected
  request_path:
    description:
      - >-
        Absolute path of the request file, a JSON object with C(request_id) and C(anon_id). It is written whole and readable by its
        owner only; missing directories are made, closed to others. C(~) and variables such as C($HOME) are the position's.
    type: path
    required: true
  request_id:
    description:
      - RequestId to deliver. Whoever has it can collect the credential. Required with O(state=collected).
    type: str
  anon_id:
    description:
      - AnonId of the credential.
    type: str
  argv:
    description:
      - >-
        The command, as a list: the program and its arguments. No shell is involved. C({request_path}) in an argument stands for the
        request file. The position counts as having collected when the command ends with 0.
    type: list
    elements: str
    required: true
  timeout_seconds:
    description:
      - Seconds after which the command, and all that it started, is ended. Between 1 and 3600.
    type: int
    default: 300
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Looks and changes nothing. O(state=ready) then neither makes a directory nor tries to write.
  diff_mode:
    support: none
    details: A RequestId is nothing to show.
requirements:
  - Python 3.8 on the position, with nothing but its standard library
seealso:
  - module: eccops.rapid.rapidauth_rotation
"""

EXAMPLES = r"""
- name: Have the position collect its new credential
  eccops.rapid.rapidauth_collection:
    request_path: /var/lib/rapidauth/request.json
    request_id: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    anon_id: 0c9f4558c60a80ae-2026q4
    argv: [/opt/vendor/collect, --request-file, "{request_path}"]
  become: true
"""

RETURN = r"""
is_delivered:
  description: Whether the RequestId is on the position.
  type: bool
  returned: success, and failure of O(state=collected)
  sample: true
is_collected:
  description: Whether the position's command has ended well for this RequestId, now or before.
  type: bool
  returned: success
  sample: true
exit_code:
  description: What the command ended with, where it failed.
  type: int
  returned: failure
  sample: 1
error_kind:
  description: V(not_ready), V(not_collected) or V(invalid_input).
  type: str
  returned: failure
  sample: not_collected
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.collection import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
