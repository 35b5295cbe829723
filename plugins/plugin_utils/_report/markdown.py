# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import STATE_WORDS, format_number

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#+|~!:@&$^=.()])")
#: GitHub shows at most 1 MiB of a summary.
MOST_FINDINGS = 200


def render_markdown(report: dict[str, Any]) -> str:
    """Returns the summary; the findings beyond the first 200 are in the other formats."""
    verdict, counts = report["verdict"], report["counts"]
    lines = ["## %s" % verdict["headline"], "", "%s %s Checked at %s." % (verdict["advice"], verdict.get("scope", ""), report["generated_at"]), ""]
    if report["to_do"]:
        lines += ["| | what | what to do | where |", "|---|---|---|---|"]
        for each in report["to_do"]:
            where = ", ".join("%s: %s" % (escape_markdown(ecc or "no ECC"), format_number(count)) for ecc, count in each["by_ecc"].items())
            lines.append("| %s | %s | %s | %s |" % (each["severity"], escape_markdown(each["title"]), escape_markdown(each["what_to_do"]), where))
        lines.append("")
    lines += ["| ECC | credentials | %s |" % " | ".join(STATE_WORDS.values()), "|---|---:|---:|---:|---:|---:|"]
    for ecc, by_state in counts["by_ecc"].items():
        lines.append(_row(escape_markdown(ecc or "no ECC"), by_state))
    lines += [_row("all", counts["credentials"]), ""]
    if report["findings"]:
        shown = report["findings"][:MOST_FINDINGS]
        lines += ["| | ECC | subject | reason | what to do |", "|---|---|---|---|---|"]
        for each in shown:
            cells = [escape_markdown(each[name]) for name in ("ecc", "subject", "reason", "what_to_do")]
            lines.append("| %s | %s |" % (each["severity"], " | ".join(cells)))
        lines.append("")
        if len(shown) < len(report["findings"]):
            numbers = (format_number(len(shown)), format_number(len(report["findings"])))
            lines += ["%s of %s findings are shown; the rest is in the other formats." % numbers, ""]
    return "\n".join(lines)


def _row(name: str, by_state: dict[str, int]) -> str:
    return "| %s | %s | %s |" % (name, format_number(by_state["total"]), " | ".join(format_number(by_state[state]) for state in STATE_WORDS))


def escape_markdown(text: str) -> str:
    """Returns the text so that Markdown shows it as it is: without markup or links, and within its table cell."""
    return _ACTIVE.sub(r"\\\1", text)
