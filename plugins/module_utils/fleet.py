# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: a fleet as the inventory tells it."""

from __future__ import annotations

import hashlib


def fleet_positions(variables, names):
    """Returns {position: {ecc, request_id}} in the order of C(names), empty strings for what is not given.

    C(variables) maps a host to its variables.
    """
    return {
        str(name): {"ecc": str(variables[name].get("ecc") or ""), "request_id": str(variables[name].get("rapidauth_request_id") or "")}
        for name in names
    }


def wave_credentials(variables, names):
    """Returns what rapidauth_rotation takes as C(credentials) for the positions C(names)."""
    credentials = []
    for name in names:
        credential = {"position": str(name), "request_id": str(variables[name].get("rapidauth_request_id") or "")}
        if variables[name].get("rotation_anon_id"):
            credential["anon_id"] = str(variables[name]["rotation_anon_id"])
        credentials.append(credential)
    return credentials


def opaque_position_id(position):
    """Returns what stands for a position in its AnonIds: no personal data, and the same in every run without any record."""
    return hashlib.sha256(position.encode("utf-8")).hexdigest()[:16]
