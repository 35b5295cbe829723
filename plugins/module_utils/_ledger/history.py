# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: when a credential expires, which the service does not return.

A credential is valid for a year, and a replacement ends when what it replaced does (Requests API page). So the date
hangs on the first of its history, which the ledger knows; the replacement's own dates mislead.
"""

from __future__ import annotations

import datetime

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import DONE, OPEN
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import is_same_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, parse_instant

#: What an end was reckoned from: its own collection, that of the first of its history, the first replacement in the
#: ledger (it ends then or earlier), or its own request.
OWN, FIRST, AT_MOST, REQUESTED = "own_collection", "first_collection", "first_replacement", "own_request"


def build_history(chain: list[dict]) -> dict | None:
    """Returns what a ledger's ``chain`` (rows, oldest first) says about a credential, or None where there is no chain."""
    if not chain:
        return None
    done = [row for row in chain if row["outcome"] in DONE and row["new_request_id"]]
    still_open = [row for row in chain if row["outcome"] in OPEN]
    return {
        "position": chain[-1]["position"],
        "original_request_id": chain[0]["original_request_id"],
        "rotation_id": done[-1]["rotation_id"] if done else None,
        "anon_id": done[-1]["new_anon_id"] if done else None,
        "replaced_at": done[-1]["finished_at"] if done else None,
        "first_replaced_at": done[0]["intended_at"] if done else None,
        "unresolved_rotation_id": still_open[-1]["rotation_id"] if still_open else None,
        "unresolved_since": still_open[-1]["intended_at"] if still_open else None,
    }


def calculate_expiry(entry: dict, history: dict | None, original: dict | None, validity_days: int) -> dict:
    """Returns {expires_date, expires_basis} of a credential, both None where no date is known.

    ``entry`` and ``original``, the first of its history or None, are as rapidauth_request_info returns them.
    """
    since, basis = parse_instant(entry["collected_date"]), OWN
    if since is None:
        since, basis = parse_instant(entry["requested_date"]), REQUESTED
    if history and history["replaced_at"] and not is_same_request_id(history["original_request_id"], entry["request_id"]):
        first = parse_instant((original or {}).get("collected_date"))
        if first is not None:
            since, basis = first, FIRST
        elif parse_instant(history["first_replaced_at"]) is not None:
            since, basis = parse_instant(history["first_replaced_at"]), AT_MOST
    if since is None:
        return {"expires_date": None, "expires_basis": None}
    return {"expires_date": format_instant(since + datetime.timedelta(days=validity_days)), "expires_basis": basis}
