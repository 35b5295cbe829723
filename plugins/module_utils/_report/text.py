# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as lines for a terminal, and its verdict with every finding that makes it fail."""

from __future__ import annotations

from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import FATAL, FINE, UNCHECKED
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import format_number

#: The most rows of each table and the most findings of a summary. A larger fleet is shown without what is fine.
MOST_SHOWN = 200
_ROW = "{:{}}  {:{}}  {:9}  {:10}  {:10}  {}"


def render_lines(report: dict[str, Any]) -> list[str]:
    """Returns the table of the credentials, a line for each other subject, and the verdict."""
    credentials, findings = report["credentials"], report["findings"]
    is_small = len(credentials) <= MOST_SHOWN
    rows = [row for row in credentials if is_small or row["state"] != FINE]
    shown = rows[:MOST_SHOWN]
    widths = [max([least] + [len(row[name]) for row in shown]) for name, least in (("name", 8), ("ecc", 3))]
    lines = [_ROW.format("POSITION", widths[0], "ECC", widths[1], "STATUS", "COLLECTED", "ENDS", "FINDING")]
    for row in shown:
        days = [(row[name] or "-")[:10] for name in ("collected_date", "expires_date")]
        lines.append(_ROW.format(row["name"], widths[0], row["ecc"] or "-", widths[1], row["status"] or "-", days[0], days[1], _describe_row(row, findings)))
    if not is_small:
        lines.append("%s of %s shown, those that are not fine" % (format_number(len(shown)), format_number(len(credentials))))
    for plural, prefix in (("sacs", "SAC "), ("accounts", "account "), ("launchers", "launcher ")):
        for row in [row for row in report[plural] if plural != "launchers" or row["state"] != FINE][:MOST_SHOWN]:
            left = ", %d days left" % row["days_left"] if row["days_left"] is not None else ""
            lines.append("%s%s%s: %s" % (prefix, row["name"], left, _describe_row(row, findings)))
    return lines + [_verdict(report)]


def summarize_report(report: dict[str, Any]) -> str:
    """Returns the verdict in one line, with the findings that make it fail."""
    fatal = FATAL[report["verdict"]["fail_on"]]
    lines = [
        "%s (%s): %s; %s" % (each["subject"], each["ecc"] or "no ECC", each["reason"], each["what_to_do"])
        for each in report["findings"]
        if each["severity"] in fatal
    ]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = ["and %s more" % format_number(len(lines) - MOST_SHOWN)]
    return "%s %s" % (report["verdict"]["headline"], " | ".join(lines)) if lines else _verdict(report)


def _verdict(report: dict[str, Any]) -> str:
    return "{headline} {advice} {scope}".format(**report["verdict"])


def _describe_row(row: dict[str, Any], findings: list[dict[str, Any]]) -> str:
    own = [findings[index] for index in row["findings"]]
    if not own:
        return "not checked" if row["state"] == UNCHECKED else "fine"
    return "%s: %s" % (", ".join(each["severity"] for each in own), "; ".join(each["reason"] for each in own))
