# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes what a check came upon, and the report of it, without any service: the same for the same seed."""

from __future__ import annotations

import datetime
import random

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check import Observations
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import Rules, credential_findings, sac_findings
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import calculate_expiry
from ansible_collections.eccops.rapid.plugins.module_utils._report.model import build_report
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import Limits
from ansible_collections.eccops.rapid.plugins.module_utils._time import UTC, format_instant

NOW = datetime.datetime(2026, 11, 22, 8, tzinfo=UTC)
LIMITS = Limits(60, 14, None, None)
RULES = Rules(NOW, LIMITS, 365, 10)
ECCS = ("harbor", "lakeside", "north", "river", "summit", "valley")


def days_ago(days, minutes=0):
    return format_instant(NOW - datetime.timedelta(days=days, minutes=minutes))


def guid(number):
    return "%08x-0000-4000-8000-%012d" % (number * 2654435761 % 2**32, number)


def entry(number=1, history=None, original=None, **changes):
    """Returns what a look-up returned about a credential that was collected 20 days ago."""
    reported = {
        "is_known": True, "anon_id": "%016x-2026q4" % (number * 11400714819323198485 % 2**64), "request_id": guid(number), "status": "Collected",
        "prevent_collection": False, "requested_date": days_ago(20), "collected_date": days_ago(20), "reason": "", "error": None, "history": history}
    reported.update(changes)
    return dict(reported, **calculate_expiry(reported, history, original, 365))


def unknown(number=1):
    nothing = dict.fromkeys(("status", "anon_id", "prevent_collection", "requested_date", "collected_date"))
    return entry(number, is_known=False, reason="no such credential", **nothing)


def seen_of(credentials, sacs=()):
    """Returns the Observations of C(credentials), {position: (ecc, entry or None)}, and of C(sacs), [(ecc, subject, days left)]."""
    positions = {name: {"ecc": ecc, "request_id": reported["request_id"] if reported else guid(0)} for name, (ecc, reported) in credentials.items()}
    by_id = {reported["request_id"]: reported for unused_ecc, reported in credentials.values() if reported}
    seen = Observations()
    seen.findings += credential_findings(positions, by_id, RULES)
    seen.credentials += [dict(positions[name], name=name, about="credential", entry=reported) for name, (unused_ecc, reported) in credentials.items()]
    for number, (ecc, subject, days_left) in enumerate(sacs):
        sac = {"subject": subject, "not_before": days_ago(100), "not_after": days_ago(-days_left), "problems": [], "weaknesses": []}
        seen.subjects.append({"about": "sac", "name": subject, "ecc": ecc, "serial": "4f1%x" % number, "expires_date": sac["not_after"]})
        seen.findings += sac_findings(sac, ecc, NOW, LIMITS)
    return seen


def report(credentials, sacs=(), fail_on="critical", **options):
    return build_report(seen_of(credentials, sacs), RULES, LIMITS, fail_on, **options)


def small_fleet():
    """Returns the report of two ECCs with four credentials and two SACs, one of them near its end."""
    return report(
        {"a-1": ("north", entry(1)), "a-2": ("north", unknown(2)), "b-1": ("south", entry(3, prevent_collection=True)), "b-2": ("south", None)},
        [("north", "CN=one", 10), ("south", "CN=two", 300)])


def large_fleet(size, seed=5):
    """Returns the report of a fleet of which about one in 40 has a finding, with the trend of a month."""
    chance, credentials = random.Random(seed), {}
    for number in range(size):
        ecc = ECCS[number * len(ECCS) // size]
        age = chance.uniform(300, 356) if chance.random() < 0.02 else chance.betavariate(1.4, 2.2) * 300
        reported = entry(number + 1, collected_date=days_ago(age), requested_date=days_ago(age))
        fate = chance.random()
        if fate < 0.0006:
            reported["status"] = "Expired"
        elif fate < 0.0011:
            reported["prevent_collection"] = True
        elif fate < 0.0014:
            reported = entry(number + 1, status="Requested", collected_date=None, requested_date=days_ago(0, minutes=4))
        elif fate < 0.0017:
            reported = unknown(number + 1)
        credentials["%s-%04d" % (ecc, number % (size // len(ECCS) + 1) + 1)] = (ecc, reported)
    sacs = [(ecc, "CN=Service Authentication Certificate,O=%s ECC" % ecc.title(), 41 if ecc == "river" else 300) for ecc in ECCS]
    made = report(credentials, sacs)
    last = made["trend"][-1]
    for days in range(1, 30):
        wave = days * days % 17
        point = dict(last, generated_at=days_ago(days), critical=max(0, last["critical"] - days + wave), warning=max(0, last["warning"] - 3 * days + wave))
        point["fine"] = point["total"] - point["critical"] - point["warning"] - point["unchecked"]
        made["trend"].insert(0, point)
    return made
