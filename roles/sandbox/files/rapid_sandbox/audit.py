# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the log of effects: what, when, where, from where, outcome, by whom. Never a secret."""

from rapid_sandbox import clock

COLUMNS = ("seq", "at", "effect", "route", "source", "identity", "outcome",
           "request_id", "anon_id", "previous_request_id", "detail")


def append(storage, at, effect, call, outcome="done", **facts):
    """Add one entry; call it inside the transaction that makes the effect."""
    storage.execute(
        "INSERT INTO audit (at, effect, route, source, identity, outcome, request_id, anon_id,"
        " previous_request_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (at, effect, call.route, call.source, facts.get("identity") or call.identity, outcome,
         facts.get("request_id"), facts.get("anon_id"), facts.get("previous_request_id"),
         facts.get("detail")))


def entries(storage, after, effect, limit):
    """Entries after a number of ``seq`` in order, as plain objects; of one effect unless it is None."""
    condition, values = "seq > ?", [after]
    if effect is not None:
        condition += " AND effect = ?"
        values.append(effect)
    rows = storage.execute(
        f"SELECT {', '.join(COLUMNS)} FROM audit WHERE {condition} ORDER BY seq LIMIT ?", [*values, limit])
    return [{**dict(row), "at": clock.written(row["at"])} for row in rows]
