# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: a fleet as the inventory tells it, and what a rotation of it would do."""

from __future__ import annotations

import collections
import hashlib

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils.instants import parse_instant
from ansible_collections.eccops.rapid.plugins.module_utils.plan import plan_replacement
from ansible_collections.eccops.rapid.plugins.module_utils.rapidauth import ensure_anon_id, ensure_request_id

_Seen = collections.namedtuple("_Seen", "anon_id request_id status is_collection_prevented requested_date")


def fleet_positions(variables, names, newer_request_ids, rotation_id=None):
    """Returns {position: {ecc, request_id}} in the order of C(names); with a C(rotation_id) also the new anon_id.

    C(variables) maps a host to its variables; a RequestId in C(newer_request_ids) goes before C(rapidauth_request_id).
    Empty strings stand for what is not given.
    """
    fleet = {}
    for name in names:
        own = variables[name]
        request_id = newer_request_ids.get(name) or own.get("rapidauth_request_id") or ""
        fleet[str(name)] = {"ecc": str(own.get("ecc") or ""), "request_id": str(request_id)}
        if rotation_id is not None:
            fleet[str(name)]["anon_id"] = str(own.get("rotation_anon_id") or "%s-%s" % (opaque_position_id(str(name)), rotation_id))
    return fleet


def opaque_position_id(position):
    """Returns what stands for a position in its AnonIds: no personal data, and the same in every run without any record."""
    return hashlib.sha256(position.encode("utf-8")).hexdigest()[:16]


def _ensure_rotatable(positions):
    """Raises InvalidInput unless every position has a well-formed RequestId and new AnonId that no other one has.

    C(positions) maps a position to {request_id, anon_id}.
    """
    for name, position in positions.items():
        if not position["request_id"]:
            raise InvalidInput("%s has no RequestId: set rapidauth_request_id for it" % name)
        try:
            ensure_request_id(position["request_id"])
            ensure_anon_id(position["anon_id"])
        except InvalidInput as error:
            raise InvalidInput("%s: %s" % (name, error.message), kind=error.kind) from None
    for field, word in (("request_id", "RequestId"), ("anon_id", "AnonId")):
        holders = {}
        for name, position in positions.items():
            other = holders.setdefault(position[field].lower() if field == "request_id" else position[field], name)
            if other != name:
                raise InvalidInput("%s and %s have the same %s %s; each position needs its own" % (other, name, word, position[field]))


def plan_rotation(positions, credentials):
    """Returns {position: {action, reason, anon_id, request_id}} for what ``state=replaced`` would do to each.

    C(credentials) is what rapidauth_request_info returned for the RequestIds and the new AnonIds. C(request_id) is
    the current one. C(action) is replace, keep, adopt or refuse, or unsure where a look-up failed.
    Raises InvalidInput where ids are missing, malformed or shared.
    """
    _ensure_rotatable(positions)
    plan = {}
    for name, position in positions.items():
        original, found = credentials.get(position["request_id"]), credentials.get(position["anon_id"])
        failed = [entry for entry in (original, found) if entry is None or entry["is_known"] is None]
        if failed:
            action, reason = "unsure", failed[0]["reason"] if failed[0] else "it was not looked up"
        else:
            decision = plan_replacement(_seen(original), _seen(found), position["anon_id"])
            action, reason = decision.action, decision.reason
        plan[name] = {"action": action, "reason": reason, "anon_id": position["anon_id"], "request_id": position["request_id"]}
    return plan


def _seen(entry):
    if not entry["is_known"]:
        return None
    return _Seen(entry["anon_id"], entry["request_id"], entry["status"], entry["prevent_collection"], parse_instant(entry["requested_date"]))
