# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Documentation of the options in module_utils/_options.py: ledger_options."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ledger_path:
    description:
      - >-
        SQLite file in which every replacement is recorded before it is sent and after it came out. It is created at
        the first use with mode 0600, must belong to the user that runs the task, and must lie on a local file system.
      - With it a task may go on naming any RequestId of a credential's history, such as the first one.
      - It lies where the task runs. Where the controller is disposable, delegate the task to a host that keeps it.
    type: path
  anon_ids_are_unique:
    description:
      - >-
        Whether the service refuses an AnonId that another credential of the account has. Where it does not, a
        replacement whose answer was lost stays unresolved until the next run finds it or a person resolves it.
    type: bool
    default: true
"""

    SERVICE_NAME = r"""
options:
  service_name:
    description:
      - >-
        Name under which the ledger keeps the service. The default is made from the URL: the case of the host, the port 443 and
        slashes at the end make no difference. Set it to the name that the ledger already has when the service gets another URL.
    type: str
  other_service_names:
    description:
      - >-
        Names of services in the ledger that really are other services than this one. A RequestId that the ledger knows under any
        other name is refused: a service that is called by a new name or URL would lose its history, and its credentials would be
        replaced again.
    type: list
    elements: str
    default: []
"""
