#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_prevention
short_description: Prevent collection of every credential that lost positions have had
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Prevents collection, replacement and automatic renewal of each unexpired credential in the history of each position: the
    first one, each one that a rotation put in its place, and what an unresolved replacement may have left. It verifies each
    change, and lists the AnonIds that the relying party must refuse.
  - >-
    B(It does not take back a certificate that a device already has.) The device keeps working until the relying party refuses its
    AnonId. After a rotation that was not collected this is not the newest one.
  - >-
    A failure of one credential does not keep the others from being prevented. All failures are reported at the end. A position
    of which the service has no credential is a failure.
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
          - Any RequestId of the history of the position's credential, such as its first one.
        type: str
        required: true
  ledger_path:
    description:
      - The ledger that has the histories. Without it, or where there is none yet, only the given RequestIds are known. It is only read.
    type: path
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger.service_name
  - eccops.rapid.audit
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only; nothing is ever sent that changes something.
  diff_mode:
    support: none
    details: The lines say what was, or would be, prevented.
seealso:
  - module: eccops.rapid.rapidauth_request
"""

EXAMPLES = r"""
- name: Keep the credentials of a lost device from being collected or renewed
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
  description: The unexpired credentials of each position, keyed by its name, the oldest first.
  type: dict
  returned: success, and failure where some are not prevented
  contains:
    anon_id:
      description: Its AnonId, which the relying party must refuse.
      type: str
      sample: f3k9-2026q3
    request_id:
      description: Its RequestId. Null where an unresolved replacement left it unknown.
      type: str
      sample: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    status:
      description: As the service writes it. Null where the service does not know it any more, or could not be asked.
      type: str
      sample: Collected
    is_prevented:
      description: Whether collecting, replacing and renewing are prevented now. Null where the service did not say.
      type: bool
      sample: true
    is_held_by_device:
      description: Whether this is the one in the device, which is the newest that was collected.
      type: bool
      sample: true
failed_positions:
  description: Names of the positions with a credential that is not prevented.
  type: list
  elements: str
  returned: success, and failure where some are not prevented
  sample: []
lines:
  description: The credentials as a table for people.
  type: list
  elements: str
  returned: success, and failure where some are not prevented
  sample:
    - "POSITION  ANONID       STATUS     COLLECTION"
    - "north-07  f3k9-2026q3  Collected  prevented, the device holds it"
error_kind:
  description: A stable word for the cause of a failure. V(not_prevented) where some are prevented and others are not.
  type: str
  returned: failure
  sample: not_prevented
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.prevention import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
