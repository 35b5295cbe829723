# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows what is there at the start: a small fleet in three ECCs, and the reserved test requests."""

import secrets

from rapid_sandbox.clock import TICKS_PER_DAY, TICKS_PER_MINUTE
from rapid_sandbox.identifiers import RESERVED, RESERVED_AGE_DAYS
from rapid_sandbox.inventory import read_fleet
from rapid_sandbox.secret_store import ECCS

FILE_NAME = "fleet.json"


def load_or_create_fleet(directory, size, inventory_path=None):
    """Returns the positions: those of the inventory, or those of the last start, or as many as wanted."""
    fleet = directory.read_json(FILE_NAME)
    if inventory_path:
        known = {position["request_id"]: position["anon_id"] for position in fleet or ()}
        fleet = [{**position, "anon_id": known.get(position["request_id"], position["anon_id"])} for position in read_fleet(inventory_path)]
        directory.write_json(FILE_NAME, fleet)
    if fleet is None:
        fleet = [_position(number) for number in range(size)]
        fleet.sort(key=lambda position: (ECCS.index(position["ecc"].split("_")[1]), position["position"]))
        directory.write_json(FILE_NAME, fleet)
    return fleet


def _position(number):
    ecc = ECCS[number % len(ECCS)]
    position = f"{ecc}-{number // len(ECCS) + 1:02d}"
    random = secrets.token_hex(16)
    return {
        "position": position,
        "ecc": f"ecc_{ecc}",
        "request_id": f"{random[:8]}-{random[8:12]}-4{random[13:16]}-a{random[17:20]}-{random[20:]}",
        "anon_id": f"{position}-{secrets.token_hex(4)}",
    }


def plant(credentials, fleet, now):
    """Insert the fleet and the reserved test requests; where a position has the RequestId of a test, it is the position's."""
    plant_fleet(credentials, fleet, now)
    for anon_id in RESERVED:
        if credentials.raw(RESERVED[anon_id][0]) is None:
            plant_reserved(credentials, anon_id, now)


def plant_fleet(credentials, fleet, now):
    """Insert the positions that are not there yet, collected 20 to 340 days ago."""
    for number, position in enumerate(fleet):
        there = credentials.raw(position["request_id"])
        if there is not None and not there["is_reserved"]:
            continue
        credentials.delete(position["request_id"])
        age_days = 20 + (number * 97) % 321
        requested = now - age_days * TICKS_PER_DAY - number * 1_234_567
        credentials.add(
            position["anon_id"], request_id=position["request_id"], status="Collected",
            requested_date=requested, collected_date=requested + 3 * TICKS_PER_MINUTE + 7_654_321)


def plant_reserved(credentials, anon_id, now):
    """Insert one reserved test request anew; it never lapses."""
    request_id, status = RESERVED[anon_id]
    is_collected = status == "Collected" or anon_id in RESERVED_AGE_DAYS
    requested = now - RESERVED_AGE_DAYS.get(anon_id, 0) * TICKS_PER_DAY - (2 * TICKS_PER_MINUTE if is_collected else 0)
    credentials.delete(request_id)
    credentials.add(
        anon_id, request_id=request_id, status=status, requested_date=requested, is_reserved=1,
        collected_date=requested + TICKS_PER_MINUTE if is_collected else None)
