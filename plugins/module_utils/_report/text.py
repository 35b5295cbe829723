# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as lines for a terminal, and its verdict with every finding that makes it fail."""

from __future__ import annotations

import itertools
import textwrap
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import FATAL, FINE, STATES, UNCHECKED
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import STATE_WORDS, format_number
from ansible_collections.eccops.rapid.plugins.module_utils._text import name_first

#: The most rows of each table, and the most things to do of a summary.
MOST_SHOWN = 200
#: The most positions that a summary names for each thing to do.
MOST_NAMED = 20
#: The columns of a line. Ansible indents it and puts it into quotes, and 100 columns must hold that too.
_WIDTH = 88
#: {column: the most columns that it takes before its text is wrapped}; FINDING takes what is left.
_COLUMNS = {"POSITION": 22, "ECC": 18, "STATUS": 10, "ENDS": 10}


def render_lines(report: dict[str, Any], is_everything_shown: bool = False) -> list[str]:
    """Returns the verdict, a table of the credentials, a line for each other subject, and the verdict again; the worst first.

    What is fine is only counted, unless everything is to be shown.
    """
    rows = sorted(
        (row for row in report["credentials"] if is_everything_shown or row["state"] != FINE), key=lambda row: STATES.index(row["state"]))
    lines = [_verdict(report)]
    if rows:
        cells = [(row["name"], row["ecc"] or "-", row["status"] or "-", (row["expires_date"] or "-")[:10], _describe_row(row, report["findings"]))
                 for row in rows[:MOST_SHOWN]]
        lines += _table([(*_COLUMNS, "FINDING"), *cells])
    for plural, prefix in (("sacs", "SAC "), ("accounts", "account "), ("launchers", "launcher ")):
        for row in [row for row in report[plural] if plural != "launchers" or row["state"] != FINE or is_everything_shown][:MOST_SHOWN]:
            left = ", %d days left" % row["days_left"] if row["days_left"] is not None else ""
            lines += textwrap.wrap("%s%s%s: %s" % (prefix, row["name"], left, _describe_row(row, report["findings"])), _WIDTH, subsequent_indent="  ")
    if len(rows) > MOST_SHOWN:
        lines.append("%s of %s shown; the report has all" % (format_number(MOST_SHOWN), format_number(len(rows))))
    if len(rows) < len(report["credentials"]):
        lines.append("%s of %s credentials are fine; -v shows them" % (
            format_number(len(report["credentials"]) - len(rows)), format_number(len(report["credentials"]))))
    return [*lines, lines[0]]


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Returns the rows as lines. A text that is wider than its column goes on in the next line."""
    widths = [min(most, max(len(row[at]) for row in rows)) for at, most in enumerate(_COLUMNS.values())]
    widths.append(_WIDTH - sum(widths) - 2 * len(widths))
    lines = []
    for row in rows:
        wrapped = [textwrap.wrap(text, width, break_on_hyphens=False) for text, width in zip(row, widths)]
        for pieces in itertools.zip_longest(*wrapped, fillvalue=""):
            lines.append("  ".join("%-*s" % pair for pair in zip(widths, pieces)).rstrip())
    return lines


def summarize_report(report: dict[str, Any]) -> str:
    """Returns the verdict in one line, with what has to be done and where, if it fails; render_lines has the reasons."""
    fatal = FATAL[report["verdict"]["fail_on"]]
    where: dict[str, list[str]] = {}
    for each in report["findings"]:
        if each["severity"] in fatal:
            where.setdefault(each["what_to_do"], []).append(each["subject"])
    lines = ["%s: %s" % (name_first(list(dict.fromkeys(subjects)), MOST_NAMED), what_to_do) for what_to_do, subjects in where.items()]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = ["and %s more" % format_number(len(lines) - MOST_SHOWN)]
    return "%s %s" % (report["verdict"]["headline"], " | ".join(lines)) if lines else _verdict(report)


def _verdict(report: dict[str, Any]) -> str:
    return "{headline} {advice} {scope}".format(**report["verdict"])


def _describe_row(row: dict[str, Any], findings: list[dict[str, Any]]) -> str:
    own = [findings[index] for index in row["findings"]]
    if not own:
        return STATE_WORDS[UNCHECKED if row["state"] == UNCHECKED else FINE]
    return "%s: %s" % (", ".join(each["severity"] for each in own), "; ".join(each["reason"] for each in own))
