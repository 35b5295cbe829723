# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The data structure from which every format of a report is rendered: see docs/credential_report.md."""

from __future__ import annotations

import collections
import datetime
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import describe_scope, describe_verdict, find_remedy, find_title, rank_urgency
from ansible_collections.eccops.rapid.plugins.module_utils._text import printable_tree, shortened, without_ids
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import CRITICAL, WARNING, Limits, days_between
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, parse_instant
from ansible_collections.eccops.rapid.plugins.module_utils._version import COLLECTION_VERSION

FORMAT, FORMAT_VERSION = "eccops.rapid.credential_report", 1
FINE, UNCHECKED = "fine", "unchecked"
REQUESTED, EXPIRED = "Requested", "Expired"
#: Worst first.
STATES = (CRITICAL, WARNING, UNCHECKED, FINE)
#: {key of the rows of each kind of subject in a report: the kind}
SUBJECTS = {"credentials": "credential", "sacs": "sac", "accounts": "account", "launchers": "launcher"}
FATAL = {"critical": (CRITICAL,), "warning": (CRITICAL, WARNING), "never": ()}
#: The timeline counts by weeks: -1 has what is expired, the last week all that expires later.
LAST_WEEK = 53


def build_report(seen: Any, rules: Any, sac_limits: Limits, fail_on: str, show_ids: bool = False) -> dict[str, Any]:
    """Returns the report, which has JSON's types only. Every text in it is one printable line.

    seen is _fleet.check.Observations, rules are _fleet.findings.Rules. Without show_ids all ids are shortened.
    """
    anon_ids = {} if show_ids else _anon_ids(seen.credentials)
    findings = [_finding(each, anon_ids, show_ids) for each in sorted(seen.findings, key=lambda each: each.severity != CRITICAL)]
    of_subject: dict[tuple[str, ...], list[int]] = collections.defaultdict(list)
    for index, finding in enumerate(findings):
        of_subject[finding["about"], finding["subject"], finding["ecc"]].append(index)
    credentials, others = [], {"sac": [], "account": [], "launcher": []}
    for each in seen.credentials:
        entry = each["entry"] or {}
        row = _subject(each, findings, of_subject, bool(entry), _find_end(entry, rules.now), rules.now)
        shown = (lambda identifier: identifier) if show_ids else shortened
        row.update(
            status=entry.get("status"),
            request_id=shown(entry.get("request_id") or each["request_id"]) or None,
            anon_id=shown(entry.get("anon_id")),
            collected_date=entry.get("collected_date"),
            expires_basis=entry.get("expires_basis"),
        )
        credentials.append(printable_tree(row))
    for each in seen.subjects:
        row = _subject(each, findings, of_subject, each.get("is_checked", True), each.get("expires_date"), rules.now)
        if each["about"] == "sac":
            row["serial"] = each["serial"]
        others[each["about"]].append(printable_tree(row))
    counts = _counts(credentials, others, findings)
    answer, headline, advice = describe_verdict(counts)
    severity = next((each for each in (CRITICAL, WARNING) if counts["findings"][each]), FINE)
    generated_at = format_instant(rules.now)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "collection_version": COLLECTION_VERSION,
        "generated_at": generated_at,
        "verdict": {
            "severity": severity,
            "is_failing": severity in FATAL[fail_on],
            "fail_on": fail_on,
            "answer": answer,
            "headline": headline,
            "advice": advice,
            "scope": describe_scope(counts),
        },
        "counts": counts,
        "to_do": _to_do(findings),
        "findings": findings,
        "credentials": credentials,
        "sacs": others["sac"],
        "accounts": others["account"],
        "launchers": others["launcher"],
        "timeline": _timeline(credentials),
        "trend": [dict(counts["subjects"], generated_at=generated_at)],
        "limits": {
            "end": dict(rules.end._asdict()),
            "sac": dict(sac_limits._asdict()),
            "validity_days": rules.validity_days,
            "collection_minutes": rules.collection_minutes,
        },
    }


def _find_end(entry: dict[str, Any], now: datetime.datetime) -> str | None:
    """Returns when a credential stops working. A year from now would mislead where it lapses within minutes, or the service calls it expired."""
    ends = parse_instant(entry.get("expires_date"))
    is_early = entry.get("status") == REQUESTED or (entry.get("status") == EXPIRED and ends is not None and ends > now)
    return None if is_early else entry.get("expires_date")


def _anon_ids(credentials: list[dict[str, Any]]) -> dict[str, set[str | None]]:
    """Returns {position: the AnonIds that a sentence about it may contain}."""
    found = {}
    for each in credentials:
        entry = each["entry"] or {}
        found[each["name"]] = {entry.get("anon_id"), (entry.get("history") or {}).get("anon_id")}
    return found


def _finding(finding: Any, anon_ids: dict[str, set[str | None]], show_ids: bool) -> dict[str, Any]:
    entry = finding._asdict()
    if not show_ids:
        for name in ("reason", "what_to_do"):
            entry[name] = without_ids(entry[name], anon_ids.get(finding.subject, ()) if finding.about == "credential" else ())
    return printable_tree(dict(entry))


def _subject(
    seen: dict[str, Any], findings: list[dict[str, Any]], of_subject: dict[tuple[str, ...], list[int]], is_checked: bool, expires_date: str | None,
    now: datetime.datetime,
) -> dict[str, Any]:
    key = printable_tree([seen["about"], seen["name"], seen["ecc"]])
    own = of_subject.get(tuple(key), [])
    severities = {findings[index]["severity"] for index in own}
    state = next((each for each in (CRITICAL, WARNING) if each in severities), FINE if is_checked else UNCHECKED)
    ends = parse_instant(expires_date)
    return {
        "name": seen["name"],
        "ecc": seen["ecc"],
        "state": state,
        "expires_date": expires_date,
        "days_left": None if ends is None else days_between(now, ends),
        "findings": own,
    }


def _by_state(rows: list[dict[str, Any]]) -> dict[str, int]:
    counter = collections.Counter(row["state"] for row in rows)
    return dict({state: counter[state] for state in STATES}, total=len(rows))


def _counts(credentials: list[dict[str, Any]], others: dict[str, list[dict[str, Any]]], findings: list[dict[str, Any]]) -> dict[str, Any]:
    by_ecc = collections.defaultdict(list)
    for row in credentials:
        by_ecc[row["ecc"]].append(row)
    positions = credentials + others["launcher"]
    severities = collections.Counter(finding["severity"] for finding in findings)
    return {
        "subjects": _by_state(credentials + others["sac"] + others["account"] + others["launcher"]),
        "credentials": _by_state(credentials),
        "sacs": _by_state(others["sac"]),
        "accounts": _by_state(others["account"]),
        "launchers": _by_state(others["launcher"]),
        "positions": len({row["name"] for row in positions}),
        "critical_positions": len({row["name"] for row in positions if row["state"] == CRITICAL}),
        "findings": {"total": len(findings), CRITICAL: severities[CRITICAL], WARNING: severities[WARNING]},
        "by_kind": dict(sorted(collections.Counter(finding["kind"] for finding in findings).items())),
        "by_status": dict(sorted(collections.Counter(row["status"] or "none" for row in credentials).items())),
        "by_ecc": {ecc: _by_state(by_ecc[ecc]) for ecc in sorted(by_ecc)},
    }


def _to_do(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the findings grouped by kind, the most urgent first."""
    groups = collections.defaultdict(list)
    for finding in findings:
        groups[finding["severity"], finding["about"], finding["kind"]].append(finding)
    order = sorted(groups, key=lambda key: (key[0] != CRITICAL, rank_urgency(key[2]), key))
    return [
        {
            "severity": severity,
            "about": about,
            "kind": kind,
            "title": find_title(about, kind, len(groups[severity, about, kind])),
            "what_to_do": find_remedy(kind, groups[severity, about, kind][0]["what_to_do"]),
            "count": len(groups[severity, about, kind]),
            "by_ecc": dict(sorted(collections.Counter(each["ecc"] for each in groups[severity, about, kind]).items())),
            "examples": [each["subject"] for each in groups[severity, about, kind][:3]],
        }
        for severity, about, kind in order
    ]


def _timeline(credentials: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns how many credentials expire in each week from now: {weeks: [{week, critical, ...}], without_date}."""
    weeks = {week: collections.Counter() for week in range(-1, LAST_WEEK + 1)}
    for row in credentials:
        if row["days_left"] is not None:
            weeks[max(-1, min(row["days_left"] // 7, LAST_WEEK))][row["state"]] += 1
    return {
        "weeks": [dict({state: counter[state] for state in STATES}, week=week) for week, counter in weeks.items()],
        "without_date": sum(row["days_left"] is None for row in credentials),
    }
