# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The intents that tests write into a ledger, a ledger that has one, and what may lie in its place."""

from __future__ import annotations

import sqlite3

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord

API = "https://service.example/rapid"


def intent(**changes):
    """Returns the intent to replace r0 of north-01 under the AnonId a1."""
    reported = {"position": "north-01", "rotation_id": "q1", "original_request_id": "r0", "request_id": "r0", "old_anon_id": "a0", "new_anon_id": "a1"}
    return {**reported, **changes}


def make_ledger(path):
    """Makes a ledger with one open intent at C(path)."""
    with LedgerRecord(str(path), API) as record:
        record.intend(intent())


def linked(path):
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def foreign(path):
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    path.chmod(0o600)
