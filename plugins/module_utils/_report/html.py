# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: a report as one self-contained page. It asks nobody for anything: its own policy (CSP) forbids every request."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import STATES, SUBJECTS
from ansible_collections.eccops.rapid.plugins.module_utils._report.charts import draw_centers, draw_timeline, draw_trend
from ansible_collections.eccops.rapid.plugins.module_utils._report.page_script import SCRIPT
from ansible_collections.eccops.rapid.plugins.module_utils._report.page_style import build_style
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import BASES, KINDS, NOUNS, STATE_WORDS, counted, number

_MARKS = {"critical": "M14 14l12 12M26 14L14 26", "warning": "M20 11v11M20 28v.4", "fine": "M12.5 20.5l5 5 10-11"}
_KINDS_OF_SUBJECT = [(plural, NOUNS[about][0]) for plural, about in SUBJECTS.items()]
#: As many findings are in the page for readers without scripts.
_WITHOUT_SCRIPT = 200
#: How each column of a table is called, what it holds, and where in a row that stands.
_FINDING_COLUMNS = (("Severity", "state"), ("ECC", "text"), ("Subject", "text"), ("Kind", "text"), ("Reason", "text"), ("What to do", "text"))
_ALL_COLUMNS = (
    ("State", "state"), ("Name", "text"), ("ECC", "text"), ("Kind", "text"), ("Status", "text"), ("Collected", "date"), ("Ends", "date"),
    ("Days left", "number"), ("Findings", "text"))


def render_html(report):
    """Returns the page as text."""
    style, script = build_style(), SCRIPT
    policy = "default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'" % (_hash(style), _hash(script))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>' % (escape(report["verdict"]["headline"]), style),
        '<header class="top"><strong>Credential report</strong><span>%s UTC</span><span class="space"></span>' % _minute(report["generated_at"]),
        '<button class="button small" id="theme" type="button" hidden data-needs-script>Theme</button></header>\n<main>',
        _verdict(report),
        _tiles(report["counts"]),
        _charts(report),
        _findings(report),
        _all(report),
        "</main>",
        _footer(report),
        '<script type="application/json" id="data">%s</script>' % _json(_data(report)),
        "<script>%s</script>\n</body>\n</html>\n" % script,
    ]
    return "\n".join(part for part in parts if part)


def _hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _json(value):
    """Returns JSON that ends no script element and starts no comment in it."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _minute(text):
    return escape(text[:16].replace("T", " "))


def _chip(state):
    return '<span class="chip %s">%s</span>' % (state, STATE_WORDS[state])


def _show(table, values):
    return 'data-show="%s" data-values="%s"' % (table, escape(json.dumps(values)))


def _verdict(report):
    verdict = report["verdict"]
    mark = '<svg class="mark" viewBox="0 0 40 40" aria-hidden="true"><circle cx="20" cy="20" r="19"/><path d="%s"/></svg>' % _MARKS[verdict["severity"]]
    todo = ""
    for severity, title in (("critical", "To do today"), ("warning", "To plan for")):
        items = [_to_do(each) for each in report["to_do"] if each["severity"] == severity]
        if items:
            todo += '<h2>%s</h2><ol class="todo">%s</ol>' % (title, "".join(items))
    return (
        '<section class="card verdict %s" aria-label="Verdict"><div class="line">%s<div><h1>%s</h1><p class="advice">%s</p></div></div>%s</section>'
        % (verdict["severity"], mark, escape(verdict["headline"]), escape("%s %s" % (verdict["advice"], verdict.get("scope", ""))), todo)
    )


def _to_do(group):
    eccs = ["<bdi>%s</bdi> %s" % (escape(ecc or "no ECC"), number(count)) for ecc, count in sorted(group["by_ecc"].items(), key=lambda pair: -pair[1])]
    where = ", ".join(eccs[:6]) + (" and %d more" % (len(eccs) - 6) if len(eccs) > 6 else "")
    examples = ", ".join("<bdi>%s</bdi>" % escape(each) for each in group["examples"]) + (" \u2026" if group["count"] > len(group["examples"]) else "")
    return (
        '<li>%s<b>%s</b><span>%s</span><button class="button small" type="button" hidden data-needs-script %s>Show<span class="hidden"> %s</span></button>'
        '<span class="where">%s: %s</span></li>'
        % (
            _chip(group["severity"]),
            escape(group["title"]),
            escape(group["what_to_do"]),
            _show("findings", {"kind": _kind(group["kind"]), "state": group["severity"]}),
            escape(group["title"]),
            where,
            examples,
        )
    )


def _tiles(counts):
    shown = [
        '<button class="tile %s" type="button" %s><b>%s</b><span>%s</span></button>'
        % (state, _show("all", {"state": state}), number(counts["subjects"][state]), STATE_WORDS[state])
        for state in STATES
    ]
    others = [counted(about, counts[plural]["total"]) for plural, about in SUBJECTS.items() if plural != "credentials" and counts[plural]["total"]]
    whole = counted("credential", counts["credentials"]["total"]).split(" ", 1)
    more = " and " + ", ".join(others) if others else ""
    shown.append('<button class="tile" type="button" %s><b>%s</b><span>%s%s</span></button>' % (_show("all", {}), whole[0], whole[1], more))
    return '<section class="tiles" aria-label="Counts">%s</section>' % "".join(shown)


def _charts(report):
    legend = "".join('<span><i class="%s"></i>%s</span>' % (state, STATE_WORDS[state]) for state in STATES)
    trend = draw_trend(report)
    figures = [
        ("", "When credentials end", draw_timeline(report), legend),
        ("", "By ECC", draw_centers(report), ""),
        ("wide", "The last %d runs" % len(report["trend"]), trend, ""),
    ]
    return '<section class="charts" aria-label="Charts">%s</section>' % "".join(
        '<figure class="card %s"><figcaption><h2>%s</h2><span class="legend">%s</span></figcaption>%s</figure>' % (place, title, key, drawing)
        for place, title, drawing, key in figures
        if drawing
    )


def _kind(kind):
    return kind.replace("_", " ") if kind in KINDS else kind


def _data(report):
    findings = [
        [each["severity"], each["ecc"], each["subject"], _kind(each["kind"]), each["reason"], each["what_to_do"]] for each in report["findings"]
    ]
    rows = [
        [
            row["state"], row["name"], row["ecc"], about, row.get("status"), (row.get("collected_date") or "")[:10], (row["expires_date"] or "")[:10],
            row["days_left"], "; ".join(report["findings"][index]["reason"] for index in row["findings"]),
        ]
        for plural, about in _KINDS_OF_SUBJECT
        for row in report[plural]
    ]
    return {
        "words": STATE_WORDS,
        "findings": {"columns": _columns(_FINDING_COLUMNS), "rows": findings},
        "all": {"columns": _columns(_ALL_COLUMNS), "rows": rows},
    }


def _columns(columns):
    return [{"at": index, "type": of_type} for index, (unused_name, of_type) in enumerate(columns)]


def _findings(report):
    if not report["findings"]:
        return ""
    findings = report["findings"]
    selects = [
        _select("Severity", "state", 0, [(state, STATE_WORDS[state]) for state in STATES if any(each["severity"] == state for each in findings)]),
        _select("ECC", "ecc", 1, [(ecc, ecc or "no ECC") for ecc in sorted({each["ecc"] for each in findings})]),
        _select("Kind", "kind", 3, [(kind, kind) for kind in sorted({_kind(each["kind"]) for each in findings})]),
    ]
    rows = "".join(_row(each) for each in findings[:_WITHOUT_SCRIPT])
    return _section("findings", "Findings", _counted_findings(report["counts"]["findings"]), selects, _FINDING_COLUMNS, rows)


def _row(finding):
    texts = [finding["ecc"], finding["subject"], _kind(finding["kind"]), finding["reason"], finding["what_to_do"]]
    return "<tr><td>%s</td>%s</tr>" % (_chip(finding["severity"]), "".join("<td><bdi>%s</bdi></td>" % escape(each) for each in texts))


def _counted_findings(counts):
    return "%s critical, %s warning" % (number(counts["critical"]), number(counts["warning"]))


def _all(report):
    statuses = sorted({row["status"] or "" for row in report["credentials"]})
    eccs = sorted({row["ecc"] for plural, unused_about in _KINDS_OF_SUBJECT for row in report[plural]})
    abouts = [about for plural, about in _KINDS_OF_SUBJECT if report[plural]]
    selects = [
        _select("State", "state", 0, [(state, STATE_WORDS[state]) for state in STATES]),
        _select("ECC", "ecc", 2, [(ecc, ecc or "no ECC") for ecc in eccs]),
        _select("Status", "status", 4, [(status, status or "none") for status in statuses]),
        _select("Kind", "about", 3, [(about, about) for about in abouts]),
    ]
    return _section("all", "All", "%s looked at" % number(report["counts"]["subjects"]["total"]), selects, _ALL_COLUMNS, "")


def _select(label, name, at, options):
    inner = "".join('<option value="%s">%s</option>' % (escape(value), escape(text)) for value, text in options)
    return '<label>%s<select data-name="%s" data-at="%d"><option value="*">all</option>%s</select></label>' % (label, name, at, inner)


def _section(identifier, title, notes, selects, columns, rows):
    heads = "".join(
        '<th scope="col"%s><button type="button">%s</button></th>' % (' class="number"' if of_type == "number" else "", name) for name, of_type in columns
    )
    return (
        '<section class="card long" id="%s" aria-labelledby="%s-title"><h2 id="%s-title" tabindex="-1">%s<small>%s</small></h2>'
        '<div class="controls" hidden data-needs-script>'
        '<label>Search<input type="search" autocomplete="off" spellcheck="false" aria-keyshortcuts="/"></label>%s</div>'
        '<div class="scroll" tabindex="0" role="region" aria-label="%s, table"><table><thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>'
        '<div class="pager" hidden data-needs-script><span data-shown role="status"></span><span class="space"></span>'
        '<button class="button" type="button" data-previous>Previous</button><button class="button" type="button" data-next>Next</button></div></section>'
        % (identifier, identifier, identifier, title, notes, "".join(selects), title, heads, rows)
    )


def _footer(report):
    limits = report["limits"]
    bases = sorted({row["expires_basis"] for row in report["credentials"] if row["expires_basis"]})
    notes = ["Ends are reckoned as %s." % ", or ".join(BASES[basis] for basis in bases)] if bases else []
    notes.append("Credentials: %s. SACs: %s." % (_limits(limits["end"]), _limits(limits["sac"])))
    notes.append("Ids are shortened unless asked for. Made by eccops.rapid %s; every number is in report.json too." % escape(report["collection_version"]))
    return "<footer>%s</footer>" % "".join("<p>%s</p>" % each for each in notes)


def _limits(limits):
    parts = []
    for severity in ("critical", "warning"):
        for unit, word in (("days", "days"), ("percent", "%")):
            value = limits["%s_%s" % (severity, unit)]
            if value is not None:
                parts.append("%s below %g %s" % (severity, value, word))
    return ", ".join(parts) or "no limit"
