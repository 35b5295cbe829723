#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_ledger_info
short_description: Read the ledger of replacements
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Reads the ledger that M(eccops.rapid.rapidauth_rotation) and M(eccops.rapid.rapidauth_request) keep: the current RequestId of each position, unresolved
    replacements, and the history of all replacements with time, controller and user.
  - >-
    Nothing is ever deleted from a ledger. Keep it for at least a year. If it must not be kept longer, export it, move it away, and start a new one between
    two rotations.
options:
  ledger_path:
    description:
      - Path of the ledger. It must exist, belong to the user that runs the task, and be inaccessible to all others.
      - One of O(ledger_path), O(ledger_url) and O(show_schema) is required.
    type: path
  show_schema:
    description:
      - >-
        Whether to return only RV(schema_sql), the SQL with which an administrator creates the ledger's schema in a PostgreSQL database and a role for the
        jobs that may neither change the schema nor delete anything. Nothing is contacted.
    type: bool
    default: false
  api_url:
    description:
      - URL of the service whose replacements to return, if the ledger has several services. By default all services are returned.
    type: str
  service_name:
    description:
      - Name of that service in the ledger, instead of its URL.
    type: str
  request_ids:
    description:
      - RequestIds to resolve to the newest RequestId of their history.
    type: list
    elements: str
    default: []
  positions:
    description:
      - Return these positions only. By default all positions are returned.
    type: list
    elements: str
    default: []
  rotation_id:
    description:
      - Return the history of this rotation only. By default all rotations are returned.
    type: str
extends_documentation_fragment:
  - eccops.rapid.ledger.place
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise.
  diff_mode:
    support: none
    details: The module changes nothing.
seealso:
  - module: eccops.rapid.rapidauth_rotation
"""

EXAMPLES = r"""
- name: Read the ledger
  eccops.rapid.rapidauth_ledger_info:
    ledger_path: /var/lib/rapidauth/ledger.sqlite
    rotation_id: 2026q4
  delegate_to: localhost
  register: ledger

- name: Show the SQL of the schema of a ledger in PostgreSQL
  eccops.rapid.rapidauth_ledger_info:
    show_schema: true
  delegate_to: localhost
  register: ledger_schema

- name: Save the history of the rotation for the auditors
  ansible.builtin.copy:
    content: "{{ ledger.json_lines }}"
    dest: /var/lib/rapidauth/2026q4.jsonl
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
schema_sql:
  description: The SQL of the ledger's schema in a PostgreSQL database, for psql.
  type: str
  returned: when O(show_schema=true)
  sample: ""
request_ids:
  description: The newest RequestId for each of O(request_ids). A RequestId that the ledger does not have maps to itself.
  type: dict
  returned: when there is a ledger to read
  sample:
    1b661ed5-12a0-4abd-b0e6-1be7c665a100: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
positions:
  description:
    - >-
      The current C(request_id) and C(anon_id) of each position, with its C(original_request_id), C(rotation_id), C(replaced_at), C(delivered_at),
      C(collected_at) and C(service).
  type: dict
  returned: when there is a ledger to read
  sample:
    north-01:
      request_id: 65c4d858-23b2-4a9e-9c45-b8f36d1c442f
      original_request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
      anon_id: 0c9f4558c60a80ae-2026q4
      rotation_id: 2026q4
      replaced_at: "2026-11-22T08:00:00Z"
services:
  description: Names of the services whose replacements are returned.
  type: list
  elements: str
  returned: when there is a ledger to read
  sample: [https://request.rapidauth.com/rapid]
unresolved:
  description: The rows of RV(history) for which it is not known whether the credential was replaced.
  type: list
  elements: dict
  returned: when there is a ledger to read
  sample: []
history:
  description: >-
    The rows, oldest first, with C(position), C(rotation_id), C(original_request_id), C(request_id) (the one that was replaced), C(new_request_id),
    C(old_anon_id), C(new_anon_id), C(outcome), C(error), C(intended_at), C(finished_at), C(controller), C(user) and C(api_url).
  type: list
  elements: dict
  returned: when there is a ledger to read
  sample: []
json_lines:
  description: The rows of RV(history) as JSON Lines, ready to be written to a file.
  type: str
  returned: when there is a ledger to read
  sample: ""
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: ledger_missing
"""

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
