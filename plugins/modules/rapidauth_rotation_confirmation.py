#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_rotation_confirmation
short_description: Confirm the outcome of a wave of replacements and record it
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Looks up the credentials that M(eccops.rapid.rapidauth_rotation) replaced, compares their status with the result of
    M(eccops.rapid.rapidauth_collection) on each position, and returns a verdict for each position. A position is done only if both agree.
  - Records in the ledger when each RequestId was delivered and when the credential was collected.
options:
  positions:
    description:
      - The C(positions) returned by M(eccops.rapid.rapidauth_rotation).
    type: dict
    required: true
  collections:
    description:
      - Mapping from a position to the result of M(eccops.rapid.rapidauth_collection) on it.
    type: dict
    default: {}
  ledger_path:
    description:
      - The ledger in which the replacements were recorded.
      - One of O(ledger_path) and O(ledger_url) is required.
    type: path
  concurrency:
    description:
      - Maximum number of connections, 1 to 64. The service's limits are not published.
    type: int
    default: 16
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
    details: Looks up the credentials, and does not write to the ledger.
  diff_mode:
    support: none
    details: Only the ledger changes.
seealso:
  - module: eccops.rapid.rapidauth_rotation
  - module: eccops.rapid.rapidauth_collection
"""

EXAMPLES = r"""
- name: Replace a credential
  eccops.rapid.rapidauth_rotation:
    rotation_id: 2026q4
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    credentials:
      - position: north-01
        request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  register: wave

- name: Collect it on the position
  eccops.rapid.rapidauth_collection:
    request_path: /var/lib/rapidauth/request.json
    request_id: "{{ wave.positions['north-01'].request_id }}"
    argv: [/opt/vendor/collect, --request-file, "{request_path}"]
  register: collection

- name: Confirm that it was collected
  eccops.rapid.rapidauth_rotation_confirmation:
    positions: "{{ wave.positions }}"
    collections:
      north-01: "{{ collection }}"
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
"""

RETURN = r"""
positions:
  description: The verdict for each position, keyed by its name.
  type: dict
  returned: success
  contains:
    status:
      description: Status of the credential at the service. Null if the service did not return one.
      type: str
      sample: Collected
    collected_date:
      description: When the credential was collected according to the service, in UTC. Null if it was not collected.
      type: str
      sample: "2026-11-22T08:00:00Z"
    is_done:
      description: Whether the service reports Collected and the position's command succeeded.
      type: bool
      sample: true
    message:
      description: If the position is not done, why and what to do.
      type: str
      sample: ""
awaited:
  description: Positions whose command succeeded, but whose credential still has the status Requested.
  type: list
  elements: str
  returned: success
  sample: []
lapsed:
  description: Positions whose replacement lapsed although collection reported no error.
  type: list
  elements: str
  returned: success
  sample: []
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: invalid_input
"""

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.confirmation import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
