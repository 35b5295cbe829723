#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_request_info
short_description: Look up RapidAuth credentials
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up many RapidAuth credentials by RequestId, by AnonId or both, over a limited number of keep-alive mutual TLS connections, and determines which
    are due for rotation and why.
  - >-
    If one look-up fails, the results of the others are still returned. The task fails if every look-up would fail: the SAC is refused, the service is
    unreachable or in maintenance, or an id is malformed.
options:
  request_ids:
    description:
      - RequestIds to look up.
    type: list
    elements: str
    default: []
  anon_ids:
    description:
      - AnonIds to look up. For these the service may omit the RequestId.
    type: list
    elements: str
    default: []
  concurrency:
    description:
      - Maximum number of connections, 1 to 64. The service's limits are not published.
    type: int
    default: 16
  rotate_after_days:
    description:
      - Age in days, counted from its collection, at which a credential is due for rotation. Without it no credential is due by age.
    type: float
  now:
    description:
      - Time to evaluate against, in UTC, such as V(2026-11-22T08:00:00Z). The default is the current time.
    type: str
  ledger_path:
    description:
      - >-
        Ledger of replacements, written by M(eccops.rapid.rapidauth_rotation). With it each of O(request_ids) is resolved to the newest RequestId of its
        history. The results are still keyed by the ids given. Without it a RequestId that was replaced is looked up as it is, so set this option to find
        out what is due for rotation.
    type: path
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger.place
  - eccops.rapid.ledger.service_name
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise.
  diff_mode:
    support: none
    details: The module changes nothing.
seealso:
  - module: eccops.rapid.rapidauth_request
"""

EXAMPLES = r"""
- name: Look up the credentials of the whole fleet
  eccops.rapid.rapidauth_request_info:
    request_ids: "{{ groups['dispatch_workstations'] | map('extract', hostvars, 'rapidauth_request_id') | list }}"
    rotate_after_days: 90
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Show which are due
  ansible.builtin.debug:
    msg: "{{ item }}: {{ fleet.credentials[item].reason }}"
  loop: "{{ fleet.due }}"
  run_once: true
"""

RETURN = r"""
credentials:
  description: The result of each look-up, keyed by the id given.
  type: dict
  returned: when at least one id was looked up
  contains:
    is_known:
      description: Whether the service has the credential. Null if the look-up failed.
      type: bool
      sample: true
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
      sample: Collected
    requested_date:
      description: When the credential was requested, in UTC.
      type: str
      sample: "2026-08-01T08:00:00Z"
    collected_date:
      description: When the credential was collected, in UTC. Null if it was not collected yet.
      type: str
      sample: "2026-08-01T08:01:30Z"
    should_rotate:
      description: Whether the credential is due for rotation and can be replaced.
      type: bool
      sample: true
    reason:
      description: Why the credential is due or not, or why the look-up failed.
      type: str
      sample: "113 days old: the threshold is 90"
    error:
      description: The failure of this look-up, with C(msg), C(error_kind) and what the service returned. Null if it succeeded.
      type: dict
      sample: null
due:
  description: The ids that are due for rotation, in the order given.
  type: list
  elements: str
  returned: success
  sample: [65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
summary:
  description:
    - >-
      Counts: C(total), C(by_status) with the status names of the service, C(unknown) to the service, C(failed) look-ups, C(collection_prevented) and
      C(due).
  type: dict
  returned: when at least one id was looked up
  sample:
    total: 3
    by_status:
      Collected: 2
    unknown: 1
    failed: 0
    collection_prevented: 0
    due: 1
sac:
  description: The SAC that was used.
  type: dict
  returned: success
  sample:
    subject: CN=Service Authentication Certificate,O=Harbor County ECC
    serial: 4f1c
    sha256_fingerprint: 5d0f6c...
    not_after: "2027-05-01T00:00:00Z"
    days_left: 160
now:
  description: The time that was evaluated against, in UTC.
  type: str
  returned: success
  sample: "2026-11-22T08:00:00Z"
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: sac_expired
"""

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.lookup import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
