# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: a report as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re

from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import STATE_WORDS, number

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#+|~!:@&$^=.()])")
#: GitHub shows at most 1 MiB of a summary.
MOST_FINDINGS = 200


def render_markdown(report):
    """Returns the summary; the findings beyond the first 200 are in the other formats."""
    verdict, counts = report["verdict"], report["counts"]
    lines = ["## %s" % verdict["headline"], "", "%s %s Judged at %s." % (verdict["advice"], verdict.get("scope", ""), report["generated_at"]), ""]
    if report["to_do"]:
        lines += ["| | what | what to do | where |", "|---|---|---|---|"]
        for each in report["to_do"]:
            where = ", ".join("%s: %s" % (harmless(ecc or "no ECC"), number(count)) for ecc, count in each["by_ecc"].items())
            lines.append("| %s | %s | %s | %s |" % (each["severity"], harmless(each["title"]), harmless(each["what_to_do"]), where))
        lines.append("")
    lines += ["| ECC | credentials | %s |" % " | ".join(STATE_WORDS.values()), "|---|---:|---:|---:|---:|---:|"]
    for ecc, by_state in counts["by_ecc"].items():
        lines.append(_row(harmless(ecc or "no ECC"), by_state))
    lines += [_row("all", counts["credentials"]), ""]
    if report["findings"]:
        shown = report["findings"][:MOST_FINDINGS]
        lines += ["| | ECC | subject | reason | what to do |", "|---|---|---|---|---|"]
        lines += ["| %s | %s |" % (each["severity"], " | ".join(harmless(each[name]) for name in ("ecc", "subject", "reason", "what_to_do"))) for each in shown]
        lines.append("")
        if len(shown) < len(report["findings"]):
            lines += ["%s of %s findings are shown; the rest is in the other formats." % (number(len(shown)), number(len(report["findings"]))), ""]
    return "\n".join(lines)


def _row(name, by_state):
    return "| %s | %s | %s |" % (name, number(by_state["total"]), " | ".join(number(by_state[state]) for state in STATE_WORDS))


def harmless(text):
    """Returns C(text) so that Markdown shows it as it is: no markup, no link, no table cell ends."""
    return _ACTIVE.sub(r"\\\1", text)
