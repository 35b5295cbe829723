#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_plan
short_description: Read and validate a fleet's variables once, before any position is touched
version_added: 0.2.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Reads what the inventory says of each host, checks types and ids, and returns the plan of a job: per position what is done with
    it, and for the run the ledger, the host that keeps it, the service and the limits. The playbooks of this collection read nothing
    but this plan afterwards, so that what a position says of itself decides nothing.
  - >-
    All problems are reported at once, each with its position. Refused are facts of a host that would outrank the inventory, text
    that YAML has made a number of, variables with the collection's prefixes that do not exist, and a ledger host that is a position.
  - It runs on the controller, whatever the host of the task, and connects to nothing.
options:
  job:
    description:
      - The job to plan. Each reads the variables that the playbook of its name documents.
    type: str
    choices: [block, check, provision, rotate]
    required: true
  hosts:
    description:
      - The positions of the run, as the inventory names them.
    type: list
    elements: str
    required: true
  all_positions:
    description:
      - All positions of the fleet, also those that C(--limit) leaves out. None of them may keep the ledger.
    type: list
    elements: str
    default: []
  pattern_variable:
    description:
      - >-
        Name of a variable whose patterns choose among O(hosts), text or a list of text. Each pattern must match a host. The variable
        is read as it is written, so that a number is refused and not taken for a name.
    type: str
  tags:
    description:
      - With O(job=provision), the tags of the run; what they leave out is not planned.
    type: list
    elements: str
    default: [all]
  skipped_tags:
    description:
      - With O(job=provision), the tags that the run skips.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Reads only, in check mode and without.
  diff_mode:
    support: none
    details: It changes nothing.
  platform:
    details: It runs on the controller only.
notes:
  - The result holds the SAC's passphrase and is not shown.
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
  description: The host that keeps the ledger and talks to the service.
  type: str
  returned: success
  sample: localhost
ledger_path:
  description: The ledger's path there.
  type: str
  returned: success
  sample: ~/.local/state/eccops.rapid/ledger.sqlite
service:
  description: Options of the C(rapidauth) modules that name the service and its SAC.
  type: dict
  returned: with O(job=rotate)
  sample:
    sac_path: /etc/rapidauth/sac.p12
services:
  description: The services of the run, each with its C(options) and the C(credentials) that are blocked there.
  type: list
  elements: dict
  returned: with O(job=block)
  sample:
    - options:
        sac_path: /etc/rapidauth/sac.p12
      credentials:
        - position: north-07
          request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
positions:
  description: What is done with each position, keyed by its name.
  type: dict
  returned: success
  sample:
    north-01:
      request_id: 1b661ed5-12a0-4abd-b0e6-1be7c665a100
error_kind:
  description: V(fleet_invalid) where the variables are wrong.
  type: str
  returned: failure
  sample: fleet_invalid
"""
