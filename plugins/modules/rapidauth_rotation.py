#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_rotation
short_description: Replace the RapidAuth credentials of one wave, each exactly once
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Replaces many credentials in one task, over a bounded number of kept-alive connections. Each replacement is
    recorded in a ledger before it is sent and after it came out, so that the task can be killed at any instant and run
    again: no credential is replaced twice, and no new RequestId is lost.
  - >-
    B(Replacing cannot be undone), and a replacement that the device does not collect lapses within minutes: take no
    more credentials than can be delivered and collected in time.
  - >-
    The task fails when a position is refused, failed, unresolved or was not begun; what became of every position is
    returned all the same. SIGTERM and Ctrl-C let what is in flight finish, and begin nothing more.
options:
  credentials:
    description:
      - The credentials to replace.
    type: list
    elements: dict
    required: true
    suboptions:
      position:
        description:
          - Name of the position that holds the credential.
        type: str
        required: true
      request_id:
        description:
          - Any RequestId of the credential's history.
        type: str
        required: true
      anon_id:
        description:
          - AnonId of the replacement, instead of one made by O(anon_id_template).
        type: str
  rotation_id:
    description:
      - Names this rotation, such as V(2026q4). The new AnonIds are made from it, so it is the idempotency key.
    type: str
    required: true
  anon_id_template:
    description:
      - >-
        How a new AnonId is made from C({position_id}), C({position}) and C({rotation_id}). The position id is opaque: by
        default 16 hexadecimal digits of a hash of the position's name, kept in the ledger from then on.
      - Put no personal data into it. At most 64 of a-z, A-Z, 0-9, C(_) and C(-) may come out.
    type: str
    default: "{position_id}-{rotation_id}"
  replace_lapsed:
    description:
      - >-
        Whether a replacement that lapsed uncollected is replaced once more, under its AnonId with C(-2) appended. The
        credential it replaced must still live.
    type: bool
    default: false
  resolutions:
    description:
      - >-
        What a person found out about unresolved positions: a mapping from a position to the RequestId of its
        replacement, which must exist under the unresolved AnonId, or to V(not_replaced).
    type: dict
    default: {}
  ledger_path:  # described by the fragment
    type: path
    required: true
  concurrency:
    description:
      - Connections to use at the most, 1 to 64. The service's limits are not published; a C(Retry-After) holds all of them.
    type: int
    default: 16
  max_failures:
    description:
      - Positions that may be refused, failed or unresolved before no further one is begun.
    type: int
    default: 0
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger
  - eccops.rapid.ledger.service_name
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads the service and the ledger, says what would come out for each position, and changes neither.
  diff_mode:
    support: none
    details: The result says for each position what is replaced by what.
seealso:
  - module: eccops.rapid.rapidauth_request
  - module: eccops.rapid.rapidauth_ledger_info
"""

EXAMPLES = r"""
- name: Replace the credentials of a wave
  eccops.rapid.rapidauth_rotation:
    rotation_id: 2026q4
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    credentials:
      - position: north-01
        request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
      - position: north-02
        request_id: 64f926b3-209a-4e32-8da8-bbe5fd99de46
    sac_path: /etc/rapidauth/sac.p12
    sac_passphrase: "{{ vault_sac_passphrase }}"
  delegate_to: localhost
  register: wave
"""

RETURN = r"""
positions:
  description: What became of each position, keyed by its name.
  type: dict
  returned: when the wave was begun
  contains:
    outcome:
      description:
        - V(replaced) by this task, V(already_replaced) before, or V(adopted), found at the service without a record.
        - >-
          V(refused) by the guards or the service, V(failed), V(unresolved) when it is not known whether it was replaced,
          V(not_started) when the wave was stopped before.
      type: str
      sample: replaced
    changed:
      description: Whether this task replaced it, or in check mode would.
      type: bool
      sample: true
    reason:
      description: Why, in words.
      type: str
      sample: replaced under AnonId 0c9f4558c60a80ae-2026q4
    error_kind:
      description: A stable word for the cause of a failure; else null.
      type: str
      sample: null
    anon_id:
      description: The AnonId of the replacement.
      type: str
      sample: 0c9f4558c60a80ae-2026q4
    request_id:
      description: The current RequestId, which the position needs to collect; null where it is not known.
      type: str
      sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    old_anon_id:
      description: The AnonId of the credential that was or would be replaced.
      type: str
      sample: north-01-2025
    previous_request_id:
      description: The one that was or would be replaced.
      type: str
      sample: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    request_ids:
      description: The known history, oldest first.
      type: list
      elements: str
      sample: [1b661ed5-12a0-4abd-b0e6-1be7c665a100, 65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
    status:
      description: The current one's status at the service.
      type: str
      sample: Requested
summary:
  description: How many positions came to each outcome, and C(total).
  type: dict
  returned: when the wave was begun
  sample:
    replaced: 2
    total: 2
failed_positions:
  description: The positions that need another run or a person.
  type: list
  elements: str
  returned: when the wave was begun
  sample: []
lines:
  description: The outcomes as a table for people, with the rotation that replaced each credential last and a line about a new ledger.
  type: list
  elements: str
  returned: when the wave was begun
  sample: ["POSITION  WOULD BE          NEW ANONID, WHY"]
refusal:
  description: What keeps a rotation of these positions from beginning, in one text; empty where nothing does.
  type: str
  returned: when the wave was begun
  sample: ""
stopped_by:
  description: Why nothing more was begun; null where nothing stopped the wave.
  type: str
  returned: when the wave was begun
  sample: null
clock_skew_seconds:
  description: By how many seconds the service's clock is ahead of the one here; null where the service did not say.
  type: int
  returned: when the wave was begun
  sample: 0
ledger_path:
  description: The ledger that was used.
  type: str
  returned: when there is a ledger
  sample: /var/lib/rapidauth/ledger.sqlite
ledger_is_new:
  description: Whether it was created by this task. If you expected one, its disk may not be mounted.
  type: bool
  returned: when there is a ledger
  sample: false
error_kind:
  description: V(wave_incomplete) where positions need another run; other words where nothing could be begun.
  type: str
  returned: failure
  sample: wave_incomplete
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.rotation import OPERATION


def main():
    run_module(OPERATION)


if __name__ == "__main__":
    main()
