#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_plan
short_description: Read and validate the variables of a fleet
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Reads the inventory's variables of each host, validates types and ids, and returns the plan of a job: what to do with each position, the ledger and its
    host, the service and the limits. The playbooks of this collection use only this plan afterwards, so that nothing a position reports about itself can
    influence the job.
  - >-
    All problems are reported at once, each with its position. The module refuses host facts that would override the inventory, text that YAML has turned
    into a number, unknown variables with the collection's prefixes, and a ledger host that is one of the positions.
  - It always runs on the controller, and it connects to nothing.
options:
  job:
    description:
      - The job to plan. Each job reads the variables that the playbook of the same name documents.
    type: str
    choices: [block, check, provision, rotate]
    required: true
  hosts:
    description:
      - Positions of the run, by their inventory names.
    type: list
    elements: str
    required: true
  all_positions:
    description:
      - All positions of the fleet, including those that C(--limit) excludes. None of them may be the ledger host.
    type: list
    elements: str
    default: []
  pattern_variable:
    description:
      - >-
        Name of a variable with patterns that select from O(hosts), as a string or a list of strings. Each pattern must match at least one host. The module
        reads the variable as written, so that it can refuse a number instead of taking it for a name.
    type: str
  tags:
    description:
      - Tags of the run for O(job=provision). The module does not plan what they exclude.
    type: list
    elements: str
    default: [all]
  skipped_tags:
    description:
      - Tags that the run skips, for O(job=provision).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, both in check mode and otherwise.
  diff_mode:
    support: none
    details: The module changes nothing.
  platform:
    details: The module runs on the controller only.
notes:
  - The result contains the passphrase of the SAC and is hidden from the output.
seealso:
  - module: eccops.rapid.rapidauth_rotation
"""

EXAMPLES = r"""
- name: Plan a rotation
  eccops.rapid.fleet_plan:
    job: rotate
    hosts: "{{ ansible_play_hosts_all }}"
    all_positions: "{{ groups['dispatch_workstations'] }}"
  register: plan
  run_once: true
"""

RETURN = r"""
ledger_host:
  description: The host that keeps the ledger and calls the service.
  type: str
  returned: success
  sample: localhost
ledger_connection:
  description: The connection to that host if it has no C(ansible_connection).
  type: str
  returned: success
  sample: local
ledger_path:
  description: Path of the ledger on that host. Null if it is in a database.
  type: str
  returned: success
  sample: ~/.local/state/eccops.rapid/ledger.sqlite
ledger_url:
  description: URL of the ledger's database. Null if it is a file.
  type: str
  returned: success
  sample: null
ledger_password:
  description: Password for that database.
  type: str
  returned: success
  sample: null
service:
  description: Options of the C(rapidauth) modules for the service and its SAC.
  type: dict
  returned: when O(job=rotate)
  sample:
    sac_path: /etc/rapidauth/sac.p12
services:
  description: The services of the run, each with its C(options) and the C(credentials) to block at that service.
  type: list
  elements: dict
  returned: when O(job=block)
  sample:
    - options:
        sac_path: /etc/rapidauth/sac.p12
      credentials:
        - position: north-07
          request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
positions:
  description: What to do with each position, keyed by its name.
  type: dict
  returned: success
  sample:
    north-01:
      request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
error_kind:
  description:
    - Stable identifier for the cause of the failure.
    - V(fleet_invalid) if the variables are invalid.
  type: str
  returned: failure
  sample: fleet_invalid
"""
