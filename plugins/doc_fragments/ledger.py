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
      - >-
        The file is on the host where the task runs. If the controller is disposable, use O(ledger_url), or delegate the task to a host that keeps the file.
      - Mutually exclusive with O(ledger_url).
    type: path
  anon_ids_are_unique:
    description:
      - >-
        Whether the service refuses an AnonId that another credential of the account already has. If V(false), a replacement whose response was lost stays
        unresolved until the next run finds it or a person resolves it.
    type: bool
    default: true
"""

    PLACE = r"""
options:
  ledger_url:
    description:
      - >-
        URL of a PostgreSQL database that is the ledger instead of a file, such as V(postgresql://jobs@db.example.org/ledger?sslmode=verify-full). Several
        controllers can use it at the same time. Needs psycopg 3. Libpq's connection parameters, environment variables, service file and passfile apply.
      - >-
        On another host the server's certificate is always verified: C(sslmode) is V(verify-full), unless V(verify-ca) is set. A connection pooler between
        must be in session mode. The schema C(eccops_rapid) is created in an empty database if the login may do that; otherwise an administrator creates it
        from the SQL that M(eccops.rapid.rapidauth_ledger_info) returns.
      - Do not put a password into the URL.
    type: str
  ledger_password:
    description:
      - Password of the login in O(ledger_url).
    type: str
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
