#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rapidauth_ledger_import
short_description: Import the rows of another ledger
version_added: 0.1.0
author:
  - eccops.rapid maintainers (@eccops)
description:
  - >-
    Imports the rows that M(eccops.rapid.rapidauth_ledger_info) exported from another ledger, to move a ledger from a SQLite file to a PostgreSQL database
    or back. Import a complete export, while no rotation runs.
  - >-
    Rows that the ledger has already are left alone, so that the task can be repeated. If any row contradicts the ledger, nothing is imported: the rows of a
    credential that the ledger has must be the oldest of the imported ones, and equal.
options:
  ledger_path:
    description:
      - The ledger to import into. It is created if it does not exist.
      - One of O(ledger_path) and O(ledger_url) is required.
    type: path
  json_lines:
    description:
      - The RV(eccops.rapid.rapidauth_ledger_info#module:json_lines) of the other ledger.
    type: str
    required: true
extends_documentation_fragment:
  - eccops.rapid.ledger.place
  - eccops.rapid.attributes
attributes:
  check_mode:
    support: full
    details: Compares only.
  diff_mode:
    support: none
    details: The numbers of rows are returned.
seealso:
  - module: eccops.rapid.rapidauth_ledger_info
"""

EXAMPLES = r"""
- name: Export the ledger that is a file
  eccops.rapid.rapidauth_ledger_info:
    ledger_path: /var/lib/rapidauth/ledger.sqlite
  delegate_to: localhost
  register: exported

- name: Import it into the database
  eccops.rapid.rapidauth_ledger_import:
    ledger_url: postgresql://jobs@db.example.org/ledger?sslmode=verify-full
    ledger_password: "{{ vault_ledger_password }}"
    json_lines: "{{ exported.json_lines }}"
  delegate_to: localhost
"""

RETURN = r"""
imported:
  description: Number of rows that were, or in check mode would be, imported.
  type: int
  returned: success
  sample: 120
known:
  description: Number of rows that the ledger had already.
  type: int
  returned: success
  sample: 0
error_kind:
  description: Stable identifier for the cause of the failure.
  type: str
  returned: failure
  sample: invalid_input
"""

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.transfer import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
