# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows which positions an inventory has, in the JSON that ``ansible-inventory --list`` prints."""

import json
import secrets

from rapid_sandbox.data_directory import StartupError
from rapid_sandbox.identifiers import normal_request_id

VARIABLE = "rapidauth_request_id"


def read_fleet(path):
    """Returns the hosts that have a RequestId as positions of a fleet; each gets a random AnonId."""
    try:
        with open(path, encoding="utf-8") as file:
            hosts = json.load(file)["_meta"]["hostvars"]
    except (OSError, ValueError, LookupError, TypeError):
        raise StartupError(f"cannot read positions from {path}; --inventory needs what 'ansible-inventory --list' prints") from None
    fleet = [_position(name, variables) for name, variables in hosts.items() if VARIABLE in variables]
    if not fleet:
        raise StartupError(f"no host of the inventory has {VARIABLE}")
    return fleet


def _position(name, variables):
    request_id = normal_request_id(variables[VARIABLE])
    if request_id is None:
        raise StartupError(f"{VARIABLE} of {name} must be a RequestId, such as 1b661ed5-12a0-4abd-b0e6-1be7c665a100")
    return {"position": name, "ecc": str(variables.get("ecc", "no_ecc")), "request_id": request_id, "anon_id": secrets.token_hex(8)}
