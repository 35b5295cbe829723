#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_request_info
short_description: Look at many RapidAuth credentials in one task
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up RapidAuth credentials by RequestId, by AnonId or both, over a bounded number of kept-alive mutual-TLS
    connections, and says which are due for rotation and why.
  - >-
    An id that fails does not hide the others. The task fails where every id would: when the SAC is refused, the service
    cannot be reached or is in maintenance, or the ids are malformed.
options:
  request_ids:
    description:
      - RequestIds to look up.
    type: list
    elements: str
    default: []
  anon_ids:
    description:
      - AnonIds to look up. On this route the service may leave out the RequestId.
    type: list
    elements: str
    default: []
  concurrency:
    description:
      - Connections to use at the most, 1 to 64. The service's limits are not published.
    type: int
    default: 16
  rotate_after_days:
    description:
      - Days since its collection after which a credential is due. Without it none is due by age.
    type: float
  now:
    description:
      - The time to judge by, in UTC, such as V(2026-11-22T08:00:00Z). Default is the clock.
    type: str
  ledger_path:
    description:
      - >-
        Ledger of replacements, written by M(eccops.rapid.rapidauth_rotation). With it each of O(request_ids) is resolved
        to the newest one of its history; the results stay keyed by the id that was asked for.
    type: path
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger.service_name
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads only, in check mode and without.
  diff_mode:
    support: none
    details: It changes nothing.
seealso:
  - module: eccops.rapid.rapidauth_request
"""

EXAMPLES = r"""
- name: Look at the credentials of the whole fleet
  eccops.rapid.rapidauth_request_info:
    request_ids: "{{ groups['dispatch_workstations'] | map('extract', hostvars, 'rapidauth_request_id') | list }}"
    rotate_after_days: 90
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Say which are due
  ansible.builtin.debug:
    msg: "{{ item }}: {{ fleet.credentials[item].reason }}"
  loop: "{{ fleet.due }}"
  run_once: true
"""

RETURN = r"""
credentials:
  description: What was found out, keyed by the id it was asked by.
  type: dict
  returned: when something was looked up
  contains:
    is_known:
      description: Whether the service has the credential; null where that could not be found out.
      type: bool
      sample: true
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
      sample: Collected
    requested_date:
      description: When it was requested, in UTC.
      type: str
      sample: "2026-08-01T08:00:00Z"
    collected_date:
      description: When it was collected, in UTC; null before.
      type: str
      sample: "2026-08-01T08:01:30Z"
    should_rotate:
      description: Whether it is due for rotation and can be replaced.
      type: bool
      sample: true
    reason:
      description: Why it is due or not, or why the look-up failed.
      type: str
      sample: "113 days old: the threshold is 90"
    error:
      description: The failure of this id's look-up, with C(msg), C(error_kind) and what the service said; else null.
      type: dict
      sample: null
due:
  description: The ids that are due for rotation, in the order they were asked for.
  type: list
  elements: str
  returned: success
  sample: [65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
summary:
  description:
    - >-
      Counts: C(total), C(by_status) under the service's own words, C(unknown) to the service, C(failed) look-ups,
      C(collection_prevented), C(due).
  type: dict
  returned: when something was looked up
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
  description: The time that was judged by.
  type: str
  returned: success
  sample: "2026-11-22T08:00:00Z"
error_kind:
  description: A stable word for the cause of a failure.
  type: str
  returned: failure
  sample: sac_expired
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.lookup import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
