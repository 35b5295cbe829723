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
    Replaces many credentials in one task, over a limited number of keep-alive connections. Each replacement is recorded in a ledger before it is sent and
    again when its outcome is known. The task can therefore be killed at any time and run again: no credential is replaced twice, and no new RequestId is
    lost.
  - >-
    B(A replacement cannot be undone), and one that the device does not collect lapses within minutes. Give no more credentials than can be delivered and
    collected in time.
  - >-
    The task fails if a position is refused, failed, unresolved or not started, but it still returns the outcome of every position. On SIGTERM and Ctrl-C
    it finishes the replacements in progress and starts no more.
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
          - AnonId of the replacement, instead of one generated from O(anon_id_template).
        type: str
  rotation_id:
    description:
      - Name of this rotation, such as V(2026q4). The new AnonIds contain it, which makes it the idempotency key.
    type: str
    required: true
  anon_id_template:
    description:
      - >-
        Template of the new AnonIds, with the placeholders C({position_id}), C({position}) and C({rotation_id}). The position id is opaque: by default 16
        hexadecimal digits of a hash of the position's name. The ledger keeps it from then on.
      - Do not use personal data. The result may have at most 64 characters of a-z, A-Z, 0-9, C(_) and C(-).
    type: str
    default: "{position_id}-{rotation_id}"
  replace_lapsed:
    description:
      - >-
        Whether to replace a credential once more if its replacement lapsed uncollected, with C(-2) appended to the AnonId. The credential that was
        replaced must not have expired.
    type: bool
    default: false
  resolutions:
    description:
      - >-
        Decisions of a person about unresolved positions: a mapping from a position to the RequestId of its replacement, which must exist under the
        unresolved AnonId, or to V(not_replaced).
    type: dict
    default: {}
  concurrency:
    description:
      - Maximum number of connections, 1 to 64. The service's limits are not published; a C(Retry-After) pauses all connections.
    type: int
    default: 16
  max_failures:
    description:
      - Number of positions that may be refused, failed or unresolved. If more fail, the module starts no more replacements.
    type: int
    default: 0
extends_documentation_fragment:
  - eccops.rapid.rapidauth
  - eccops.rapid.service
  - eccops.rapid.ledger
  - eccops.rapid.ledger.place
  - eccops.rapid.ledger.service_name
  - eccops.rapid.attributes
  - eccops.rapid.attributes.group_rapidauth
attributes:
  check_mode:
    support: full
    details: Reads the service and the ledger, returns the expected outcome of each position, and changes neither.
  diff_mode:
    support: none
    details: RV(positions) shows the old and the new credential of each position.
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
  description: The outcome of each position, keyed by its name.
  type: dict
  returned: when the wave was started
  contains:
    outcome:
      description:
        - >-
          V(replaced) if this task replaced it, V(already_replaced) if an earlier one did, or V(adopted) if the service already had the replacement and the
          ledger did not.
        - >-
          V(refused) if a guard or the service refused it, V(failed), V(unresolved) if it is not known whether it was replaced, or V(not_started) if the
          wave stopped first.
      type: str
      sample: replaced
    changed:
      description: Whether this task replaced it, or would in check mode.
      type: bool
      sample: true
    reason:
      description: The reason for the outcome.
      type: str
      sample: replaced under AnonId 0c9f4558c60a80ae-2026q4
    error_kind:
      description: Stable identifier for the cause of the failure. Null if there was none.
      type: str
      sample: null
    anon_id:
      description: AnonId of the replacement.
      type: str
      sample: 0c9f4558c60a80ae-2026q4
    request_id:
      description: The current RequestId, which the position needs to collect the credential. Null if it is not known.
      type: str
      sample: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
    old_anon_id:
      description: AnonId of the credential that was or would be replaced.
      type: str
      sample: north-01-2025
    previous_request_id:
      description: RequestId of the credential that was or would be replaced.
      type: str
      sample: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
    request_ids:
      description: The known history of RequestIds, oldest first.
      type: list
      elements: str
      sample: [1b661ed5-12a0-4abd-b0e6-1be7c665a100, 65c4d858-23b2-4a9e-9c45-b8f36d1c442f]
    status:
      description: Status of the current credential at the service.
      type: str
      sample: Requested
summary:
  description: Number of positions with each outcome, and C(total).
  type: dict
  returned: when the wave was started
  sample:
    replaced: 2
    total: 2
failed_positions:
  description: Positions that need another run or a decision by a person.
  type: list
  elements: str
  returned: when the wave was started
  sample: []
lines:
  description: The outcomes as a readable table. The last column is the rotation that replaced each credential. A further line reports a new ledger.
  type: list
  elements: str
  returned: when the wave was started
  sample: ["POSITION  WOULD BE          NEW ANONID, WHY"]
refusal:
  description: Why a rotation of these positions cannot start, as one text. Empty if it can.
  type: str
  returned: when the wave was started
  sample: ""
stopped_by:
  description: Why the module started no more replacements. Null if nothing stopped the wave.
  type: str
  returned: when the wave was started
  sample: null
clock_skew_seconds:
  description: Seconds by which the service's clock is ahead of the local clock. Null if the service did not send its time.
  type: int
  returned: when the wave was started
  sample: 0
ledger_path:
  description: Path of the ledger that was used.
  type: str
  returned: when the ledger is a file
  sample: /var/lib/rapidauth/ledger.sqlite
ledger_url:
  description: URL of the ledger that was used, without its parameters.
  type: str
  returned: when the ledger is in a database
  sample: postgresql://jobs@db.example.org/ledger
ledger_is_new:
  description: Whether this task created the ledger. If you expected an existing one, its disk may not be mounted.
  type: bool
  returned: when there is a ledger
  sample: false
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - V(wave_incomplete) if positions need another run. Other values mean that nothing was started.
  type: str
  returned: failure
  sample: wave_incomplete
"""

from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.rotation import OPERATION


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
