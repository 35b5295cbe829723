# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what is wrong with a fleet's credentials, how bad it is, and what to do about it."""

from __future__ import annotations

import collections

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils.instants import parse_instant
from ansible_collections.eccops.rapid.plugins.module_utils.plan import COLLECTED, EXPIRED, REQUESTED
from ansible_collections.eccops.rapid.plugins.module_utils.rapidauth import ensure_request_id

CRITICAL, WARNING = "critical", "warning"


def check_positions(positions, credentials, now, warning_days, critical_days):
    """Returns the findings, a list of {position, ecc, severity, kind, reason, what_to_do, text}, in the fleet's order.

    C(positions) maps a position to {ecc, request_id}; C(credentials) is what rapidauth_request_info returned for
    their RequestIds; C(now) is a datetime; the thresholds are ages in days since collection.
    """
    if warning_days > critical_days:
        raise InvalidInput("the age for a warning (%s days) lies above the one for critical (%s days)" % (warning_days, critical_days))
    holders = collections.defaultdict(list)
    for name, position in positions.items():
        if position.get("request_id"):
            holders[position["request_id"].lower()].append(name)
    findings = []
    for name, position in positions.items():
        for severity, kind, reason, what_to_do in _about(position, holders, credentials, now, warning_days, critical_days):
            ecc = position.get("ecc")
            findings.append(
                {
                    "position": name,
                    "ecc": ecc,
                    "severity": severity,
                    "kind": kind,
                    "reason": reason,
                    "what_to_do": what_to_do,
                    "text": "%s (%s): %s; %s" % (name, ecc, reason, what_to_do),
                }
            )
    return findings


def _about(position, holders, credentials, now, warning_days, critical_days):
    request_id = position.get("request_id")
    if not request_id:
        yield CRITICAL, "no_request_id", "the inventory has no RequestId for it", "set rapidauth_request_id"
        return
    try:
        ensure_request_id(request_id)
    except InvalidInput as error:
        yield CRITICAL, "request_id_malformed", error.message, "correct rapidauth_request_id"
        return
    shared_by = holders[request_id.lower()]
    if len(shared_by) > 1:
        yield CRITICAL, "request_id_shared", "%s have the same RequestId" % " and ".join(shared_by), "give each position its own"
    entry = credentials.get(request_id)
    if entry is None:
        yield CRITICAL, "not_checked", "it was not looked up", "run the check again"
    elif entry["is_known"] is False:
        yield CRITICAL, "unknown", "the service does not know its RequestId", "check the id; request a new credential if it was never collected"
    elif entry["is_known"] is None:
        yield CRITICAL, "look_up_failed", entry["reason"], "run the check again"
    else:
        yield from _about_known(entry, now, warning_days, critical_days)


def _about_known(entry, now, warning_days, critical_days):
    status = entry["status"]
    if entry["prevent_collection"]:
        yield WARNING, "collection_prevented", "its collection is prevented: it cannot be replaced or renewed", "allow collection unless the device is lost"
    if status == EXPIRED:
        yield CRITICAL, "expired", "it is Expired", "request a new credential: an expired one cannot be replaced"
    elif status == REQUESTED:
        yield CRITICAL, "not_collected", "it was requested on %s and not collected" % entry["requested_date"], "collect it now: it lapses within minutes"
    elif status != COLLECTED:
        yield WARNING, "status_unexpected", "its status is '%s'" % status, "ask the vendor what that means"
    else:
        yield from _about_age(entry, now, warning_days, critical_days)


def _about_age(entry, now, warning_days, critical_days):
    since = parse_instant(entry["collected_date"]) or parse_instant(entry["requested_date"])
    if since is None:
        yield WARNING, "age_unknown", "the service gave no date to tell its age by", "rotate it to know"
        return
    days = (now - since).days
    if days >= critical_days:
        yield CRITICAL, "too_old", "it is %d days old; the limit is %g" % (days, critical_days), "rotate it today"
    elif days >= warning_days:
        yield WARNING, "ageing", "it is %d days old; the limit is %g" % (days, critical_days), "rotate it within %d days" % (critical_days - days)
