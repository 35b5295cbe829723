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
        SQLite file in which every replacement is recorded before it is sent and again when its outcome is known. It is created on first use with mode
        0600, must belong to the user that runs the task, and must be on a local file system.
      - With a ledger a task can refer to a credential by any RequestId of its history, such as the first one.
      - The file is on the host where the task runs. If the controller is disposable, delegate the task to a host that keeps the file.
    type: path
  anon_ids_are_unique:
    description:
      - >-
        Whether the service refuses an AnonId that another credential of the account already has. If V(false), a replacement whose response was lost stays
        unresolved until the next run finds it or a person resolves it.
    type: bool
    default: true
"""

    SERVICE_NAME = r"""
options:
  service_name:
    description:
      - >-
        Name of the service in the ledger. The default is derived from the URL; the case of the host name, port 443 and trailing slashes are ignored. If
        the URL of the service changes, set this option to the name that the ledger already has.
    type: str
  other_service_names:
    description:
      - >-
        Names in the ledger that belong to services other than this one. A RequestId that the ledger has under any other name is refused: a service that is
        called by a new name or URL would lose its history, and its credentials would be replaced again.
    type: list
    elements: str
    default: []
"""
