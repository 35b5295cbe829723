#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_collection
short_description: Deliver a RequestId to a position and collect the credential
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Writes the RequestId of a replaced credential to a file on the position, then runs the site's own command that makes the position collect the
    credential. One remote task does both.
  - >-
    Beside the request file the position keeps a durable marker with the RequestId for which the command succeeded. If the marker matches, the module does
    nothing. Otherwise it runs the command, whatever status the service reports: the service reports Collected as soon as it has signed the credential,
    even if the certificate never reached the position.
  - >-
    Output from the position is treated as untrusted data. Only the documented return values reach the controller, limited in length and printable. Facts
    and new hosts are dropped.
extends_documentation_fragment:
  - eccops.rapid.collection
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only. With O(state=ready) it neither creates a directory nor tests writing to it.
  diff_mode:
    support: none
    details: A RequestId must not be shown.
requirements:
  - Python 3.8 or later on the position, standard library only
seealso:
  - module: eccops.rapid.rapidauth_rotation
"""

EXAMPLES = r"""
- name: Collect the new credential on the position
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
  description: Whether the command has succeeded for this RequestId, now or in an earlier run.
  type: bool
  returned: success
  sample: true
exit_code:
  description: Exit code of the command, if it failed.
  type: int
  returned: failure
  sample: 1
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - V(not_ready), V(not_collected) or V(invalid_input).
  type: str
  returned: failure
  sample: not_collected
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.collection import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
