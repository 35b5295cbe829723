#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_request
short_description: Bring one RapidAuth credential into its desired state
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks at a RapidAuth credential by its RequestId, allows or prevents its collection, or replaces it, through the
    vendor's Requests API with a Service Authentication Certificate (SAC) over mutual TLS.
  - >-
    B(Replacing cannot be undone), and a replacement that the device does not collect lapses within minutes. The new
    AnonId is the idempotency key: it is looked up before anything is sent, the replacement is requested exactly once,
    and where the answer is lost it is looked up again. So the same task can be run again at any time.
options:
  request_id:
    description:
      - RequestId of the credential, a GUID. For O(state=replaced) the one of the credential to replace.
    type: str
    required: true
  state:
    description:
      - V(present) wants the credential to exist, with O(prevent_collection) as given if it is given.
      - V(replaced) wants a replacement with O(anon_id) to exist.
    type: str
    choices: [present, replaced]
    default: present
  prevent_collection:
    description:
      - >-
        Whether collecting, replacing and automatic renewal of the credential are prevented. On the device it takes
        effect with its next renewal; the relying party must block the AnonId itself to stop a lost device at once.
      - Only with O(state=present).
    type: bool
  anon_id:
    description:
      - >-
        AnonId of the replacement: at most 64 of a-z, A-Z, 0-9, C(_) and C(-), no personal data, and new for every
        rotation. Only allowed with O(state=replaced), and required there unless O(rotation_id) and O(ledger_path) are
        given, from which one is made.
      - Without O(ledger_path) it needs an account whose AnonIds are unique.
    type: str
  expect_anon_id:
    description:
      - Fail, changing nothing, unless the credential has this AnonId now. A guard against a RequestId of another device.
    type: str
  position:
    description:
      - Name of the position that holds the credential, for the ledger. By default O(request_id).
    type: str
  rotation_id:
    description:
      - Names the rotation, for the ledger and for an AnonId that is made from it. By default O(anon_id).
    type: str
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger
  - eccops.rapid.ledger.service_name
  - eccops.rapid.audit
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only; nothing is ever sent that changes something.
  diff_mode:
    support: full
seealso:
  - module: eccops.rapid.rapidauth_request_info
"""

EXAMPLES = r"""
- name: Rotate the credential of one position
  eccops.rapid.rapidauth_request:
    request_id: "{{ rapidauth_request_id }}"
    state: replaced
    anon_id: "{{ position_id }}-2026q4"
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  register: rotation

- name: Keep a lost device from collecting or renewing its credential
  eccops.rapid.rapidauth_request:
    request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    prevent_collection: true
    expect_anon_id: f3k9-2026q3
    sac_content: "{{ vault_sac_pem }}"
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
"""

RETURN = r"""
outcome:
  description:
    - V(unchanged) and V(patched) come with O(state=present).
    - >-
      V(replaced) means that this task replaced the credential, V(adopted) that the replacement was there already, and
      V(already_replaced) that O(request_id) names it itself. In check mode what would come out.
  type: str
  returned: success
  sample: replaced
credential:
  description:
    - The credential as it is now; after a replacement the replacement. Every field may be null.
    - In check mode the credential as it is, unchanged.
  type: dict
  returned: success
  contains:
    anon_id:
      description: Its anonymous id.
      type: str
      sample: f3k9-2026q4
    request_id:
      description: Its RequestId.
      type: str
      sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    prevent_collection:
      description: Whether collecting, replacing and renewing are prevented.
      type: bool
      sample: false
    status:
      description: As the service writes it; documented are V(Requested), V(Collected) and V(Expired).
      type: str
      sample: Requested
    requested_date:
      description: When it was requested, in UTC.
      type: str
      sample: "2026-11-22T08:00:00Z"
    collected_date:
      description: When it was collected, in UTC; null before.
      type: str
      sample: null
response:
  description: The object as the service sent it.
  type: dict
  returned: success
  sample:
    AnonId: f3k9-2026q4
    RequestId: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    PreventCollection: false
    Status: Requested
    RequestedDate: "2026-11-22T08:00:00.1234567Z"
    CollectedDate: null
request_id:
  description: The RequestId to use from now on. Keep it; a position needs it to collect.
  type: str
  returned: success
  sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
request_ids:
  description: The chain of RequestIds this task knows, oldest first.
  type: list
  elements: str
  returned: success
  sample: [1b661ed5-12a0-4abd-b0e6-1be7c665a100, 65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
error_kind:
  description: A stable word for the cause of a failure, such as V(unknown), V(expired), V(sac_expired) or V(unresolved).
  type: str
  returned: failure
  sample: unknown
http_status:
  description: Status of the answer that made the task fail, where there was one.
  type: int
  returned: failure
  sample: 404
number:
  description: The service's own error number, where it gave one.
  type: int
  returned: failure
  sample: 1109
service_message:
  description: The service's own message, where it gave one.
  type: str
  returned: failure
  sample: The credential does not exist
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.state import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
