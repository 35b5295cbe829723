# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests look at credentials, bend them and add many."""

import json
import urllib.parse

from rapid_sandbox import audit, clock, identifiers
from rapid_sandbox.admin_errors import AdminError
from rapid_sandbox.serving import Route, json_answer

_DATES = ("requested_date", "collected_date", "expires_date", "lapses_date")
_STATUSES = ("Requested", "Collected", "Expired")
_MOST_AT_ONCE = 100_000


def json_body(call):
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError):
        raise AdminError("the body is not JSON") from None


def whole_number(query, name, default):
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise AdminError(f"{name} is a whole number")
    return min(int(text), 2**62)


def raw_object(row):
    """The row as stored, without what time did to it since."""
    value = {name: row[name] for name in row.keys()}
    value.update({name: clock.written(row[name]) for name in _DATES})
    value.update(prevent_collection=bool(row["prevent_collection"]), is_reserved=bool(row["is_reserved"]))
    return value


def list_credentials(world, call):
    query = dict(urllib.parse.parse_qsl(call.query))
    rows = world.credentials.raw_page(whole_number(query, "limit", 1000), whole_number(query, "offset", 0))
    return json_answer(200, {"credentials": [raw_object(row) for row in rows], "total": world.credentials.count()})


def read_credential(world, call):
    return json_answer(200, raw_object(_row(world, call)))


def change_credential(world, call):
    row = _row(world, call)
    changes = _columns(json_body(call), ("status", "anon_id", "prevent_collection", *_DATES))
    with world.storage.transaction():
        if changes:
            world.credentials.update(row["request_id"], **changes)
        audit.append(world.storage, world.clock.now_ticks(), "admin_change", call, request_id=row["request_id"],
                     anon_id=changes.get("anon_id", row["anon_id"]), detail=", ".join(sorted(changes)))
    return json_answer(200, raw_object(world.credentials.raw(row["request_id"])))


def add_credentials(world, call):
    """``{"count", "prefix", "status"}``: many credentials at once, for tests of large fleets."""
    wanted = json_body(call)
    if not isinstance(wanted, dict) or not isinstance(wanted.get("count"), int) or isinstance(wanted["count"], bool):
        raise AdminError("give an object with count, a whole number, and optionally prefix, status and dates")
    if not 1 <= wanted["count"] <= _MOST_AT_ONCE:
        raise AdminError(f"count is 1 to {_MOST_AT_ONCE}")
    prefix = wanted.get("prefix", "added-")
    if not isinstance(prefix, str) or not identifiers.is_anon_id(f"{prefix}{wanted['count']:06d}"):
        raise AdminError("prefix must make a good AnonId together with six digits")
    given = {name: value for name, value in wanted.items() if name not in ("count", "prefix")}
    columns = {"status": "Collected", **_columns(given, ("status", "prevent_collection", *_DATES))}
    now = world.clock.now_ticks()
    columns.setdefault("requested_date", now - 30 * clock.TICKS_PER_DAY)
    if columns["status"] == "Collected":
        columns.setdefault("collected_date", columns["requested_date"] + clock.TICKS_PER_MINUTE)
    if columns["status"] == "Requested":
        columns.setdefault("lapses_date", world.credentials.lapse_of_new_request())
    first = _first_free(world, prefix)
    with world.storage.transaction():
        added = []
        for number in range(first, first + wanted["count"]):
            anon_id = f"{prefix}{number:06d}"
            added.append({"request_id": world.credentials.add(anon_id, **columns), "anon_id": anon_id})
        audit.append(world.storage, now, "admin_add", call, detail=f"{len(added)} credentials {prefix}*")
    return json_answer(201, {"credentials": added})


def _first_free(world, prefix):
    """The number after the highest that this prefix has; AnonIds stay unique."""
    row = world.storage.execute(
        "SELECT MAX(anon_id) FROM credentials WHERE anon_id >= ? AND anon_id < ? AND length(anon_id) = ?",
        (f"{prefix}0", f"{prefix}:", len(prefix) + 6)).fetchone()
    tail = (row[0] or "")[len(prefix):]
    return int(tail) + 1 if tail.isdigit() else 1


def _row(world, call):
    row = world.credentials.raw(call.parameters["request_id"].lower())
    if row is None:
        raise AdminError("there is no credential with that RequestId", 404)
    return row


def _columns(fields, allowed):
    if not isinstance(fields, dict):
        raise AdminError("give an object")
    columns = {}
    for name, value in fields.items():
        if name not in allowed:
            raise AdminError(f"there is no field {name!r} to set; there are {', '.join(allowed)}")
        columns[name] = _column(name, value)
    return columns


def _column(name, value):
    if name in _DATES:
        if value is None and name in ("collected_date", "lapses_date"):
            return None
        return clock.read(value)
    if name == "status" and value not in _STATUSES:
        raise AdminError(f"status is one of {', '.join(_STATUSES)}")
    if name == "anon_id" and not identifiers.is_anon_id(value):
        raise AdminError("anon_id is 1 to 64 characters from a-z, A-Z, 0-9, '_' and '-'")
    if name == "prevent_collection":
        if not isinstance(value, bool):
            raise AdminError("prevent_collection is true or false")
        return int(value)
    return value


ROUTES = (
    Route("GET", "/credentials", "credentials", list_credentials),
    Route("POST", "/credentials", "credentials", add_credentials),
    Route("GET", "/credentials/{request_id}", "credentials", read_credential),
    Route("PATCH", "/credentials/{request_id}", "credentials", change_credential),
)
