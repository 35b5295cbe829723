#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_request
short_description: Manage one RapidAuth credential
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up a RapidAuth credential by its RequestId, and allows or prevents its collection or replaces it. The module uses the vendor's Requests API,
    authenticated with a Service Authentication Certificate (SAC) over mutual TLS.
  - >-
    B(A replacement cannot be undone), and one that the device does not collect lapses within minutes. The new AnonId is the idempotency key: the module
    looks it up before it sends anything, requests the replacement exactly once, and looks it up again if the response is lost. The same task is therefore
    safe to run again at any time.
options:
  request_id:
    description:
      - RequestId of the credential, a GUID. With O(state=replaced), the RequestId of the credential to replace.
    type: str
    required: true
  state:
    description:
      - V(present) requires the credential to exist, and applies O(prevent_collection) if it is set.
      - V(replaced) requires a replacement with O(anon_id) to exist.
    type: str
    choices: [present, replaced]
    default: present
  prevent_collection:
    description:
      - Whether to prevent collection, replacement and automatic renewal of the credential. By default the current setting is kept.
      - The device is affected only at its next renewal. To stop a lost device immediately, the relying party must block the AnonId itself.
      - Only allowed if O(state=present).
    type: bool
  anon_id:
    description:
      - >-
        AnonId of the replacement: at most 64 characters of a-z, A-Z, 0-9, C(_) and C(-), without personal data, and new for every rotation. Only allowed
        if O(state=replaced). Required there, unless the module can derive one from O(rotation_id) and O(ledger_path).
      - Without O(ledger_path) the account's AnonIds must be unique.
    type: str
  expect_anon_id:
    description:
      - Fail without changing anything unless the credential has this AnonId now. This guards against the RequestId of another device.
    type: str
  position:
    description:
      - Name of the position that holds the credential, for the ledger. The default is O(request_id).
    type: str
  rotation_id:
    description:
      - Name of the rotation, for the ledger and for an AnonId derived from it. The default is O(anon_id).
    type: str
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger
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
    support: full
seealso:
  - module: eccops.rapid.rapidauth_request_info
"""

EXAMPLES = r"""
- name: Rotate the credential of one position
  eccops.rapid.rapidauth_request:
    request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    state: replaced
    anon_id: f3k9-2026q4
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  register: rotation

- name: Prevent a lost device from collecting or renewing its credential
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
    - V(unchanged) or V(patched) if O(state=present).
    - >-
      V(replaced) if this task replaced the credential, V(adopted) if the replacement already existed, and V(already_replaced) if O(request_id) is the
      RequestId of the replacement itself. In check mode, the outcome that is expected.
  type: str
  returned: success
  sample: replaced
credential:
  description:
    - The credential as it is now; after a replacement, the new credential. Every field may be null.
    - In check mode, the credential before the change.
  type: dict
  returned: success
  contains:
    anon_id:
      description: AnonId of the credential.
      type: str
      sample: f3k9-2026q4
    request_id:
      description: RequestId of the credential.
      type: str
      sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    prevent_collection:
      description: Whether collection, replacement and renewal are prevented.
      type: bool
      sample: false
    status:
      description: Status as returned by the service. The documented values are V(Requested), V(Collected) and V(Expired).
      type: str
      sample: Requested
    requested_date:
      description: When the credential was requested, in UTC.
      type: str
      sample: "2026-11-22T08:00:00Z"
    collected_date:
      description: When the credential was collected, in UTC. Null if it was not collected yet.
      type: str
      sample: null
response:
  description: The object as returned by the service.
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
  description: >-
    The RequestId to use from now on. Keep it: the position needs it to collect the credential.
  type: str
  returned: success
  sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
request_ids:
  description: The history of RequestIds known to this task, oldest first.
  type: list
  elements: str
  returned: success
  sample: [1b661ed5-12a0-4abd-b0e6-1be7c665a100, 65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - For example V(unknown), V(expired), V(sac_expired) or V(unresolved).
  type: str
  returned: failure
  sample: unknown
http_status:
  description: HTTP status of the response that caused the failure, if there was one.
  type: int
  returned: failure
  sample: 404
number:
  description: Error number from the service, if it returned one.
  type: int
  returned: failure
  sample: 1109
service_message:
  description: Error message from the service, if it returned one.
  type: str
  returned: failure
  sample: The credential does not exist
"""

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.state import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
