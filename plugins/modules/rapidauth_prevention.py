#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_prevention
short_description: Prevent collection of all credentials of lost positions
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Prevents collection, replacement and automatic renewal of each unexpired credential in the history of each position: the first one, each one that a
    rotation created, and any that an unresolved replacement may have left. It verifies each change, and returns the AnonIds that the relying party must
    refuse.
  - >-
    B(It does not revoke a certificate that a device already has.) The device keeps working until the relying party refuses its AnonId. If the last
    rotation was not collected, that is not the newest AnonId.
  - >-
    If one credential fails, the module continues with the others and reports all failures at the end. It is also a failure if the service has no
    credential of a position.
options:
  credentials:
    description:
      - The positions whose devices are lost.
    type: list
    elements: dict
    required: true
    suboptions:
      position:
        description:
          - Name of the position.
        type: str
        required: true
      request_id:
        description:
          - Any RequestId of the history of the position's credential, such as the first one.
        type: str
        required: true
  ledger_path:
    description:
      - The ledger with the histories. It is only read. Without it, or if it does not exist yet, only the RequestIds given are known.
    type: path
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger.place
  - eccops.rapid.ledger.service_name
  - eccops.rapid.audit
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only. Nothing that changes anything is sent.
  diff_mode:
    support: none
    details: RV(lines) shows what was, or would be, prevented.
seealso:
  - module: eccops.rapid.rapidauth_request
"""

EXAMPLES = r"""
- name: Prevent collection and renewal of a lost device's credentials
  eccops.rapid.rapidauth_prevention:
    credentials:
      - position: north-07
        request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  register: prevention

- name: List the AnonIds that the relying party must refuse
  ansible.builtin.debug:
    msg: "{{ prevention.positions['north-07'] | map(attribute='anon_id') }}"
"""

RETURN = r"""
positions:
  description: The unexpired credentials of each position, oldest first, keyed by the position's name.
  type: dict
  returned: success, and failure if some credentials are not prevented
  contains:
    anon_id:
      description: Its AnonId, which the relying party must refuse.
      type: str
      sample: f3k9-2026q3
    request_id:
      description: Its RequestId. Null if an unresolved replacement left it unknown.
      type: str
      sample: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    status:
      description: Its status as returned by the service. Null if the service no longer has the credential or could not be reached.
      type: str
      sample: Collected
    is_prevented:
      description: Whether collection, replacement and renewal are now prevented. Null if the service did not report it.
      type: bool
      sample: true
    is_held_by_device:
      description: Whether the device has this credential. It is the newest one that was collected.
      type: bool
      sample: true
failed_positions:
  description: Names of the positions with a credential that is not prevented.
  type: list
  elements: str
  returned: success, and failure if some credentials are not prevented
  sample: []
lines:
  description: The credentials as a readable table.
  type: list
  elements: str
  returned: success, and failure if some credentials are not prevented
  sample:
    - "POSITION  ANONID       STATUS     COLLECTION"
    - "north-07  f3k9-2026q3  Collected  prevented, the device holds it"
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - V(not_prevented) if at least one credential is not prevented.
  type: str
  returned: failure
  sample: not_prevented
"""

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.prevention import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
