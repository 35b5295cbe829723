# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as one self-contained page, from page.html.j2, page.css and page.js. Its policy (CSP) forbids every request."""

from __future__ import annotations

import base64
import hashlib
import pathlib
from typing import Any

import jinja2
from markupsafe import Markup

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import STATES, SUBJECTS
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import BASES, KINDS, NOUNS, STATE_WORDS, count_nouns, format_number
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.charts import draw_timeline, draw_trend, list_centers

PAGE_DIRECTORY = pathlib.Path(__file__).parent

_MARKS = {"critical": "M14 14l12 12M26 14L14 26", "warning": "M20 11v11M20 28v.4", "fine": "M12.5 20.5l5 5 10-11"}
_KINDS_OF_SUBJECT = [(plural, NOUNS[about][0]) for plural, about in SUBJECTS.items()]
#: So many findings are in the page for readers without scripts.
_FINDINGS_WITHOUT_SCRIPT = 200
#: {id of a table: the name of each column and the type of its values, in the order of the values in a row}
_COLUMNS = {
    "findings": (("Severity", "state"), ("ECC", "text"), ("Subject", "text"), ("Kind", "text"), ("Reason", "text"), ("What to do", "text")),
    "all": (
        ("State", "state"), ("Name", "text"), ("ECC", "text"), ("Kind", "text"), ("Status", "text"), ("Collected", "date"), ("Ends", "date"),
        ("Days left", "number"), ("Findings", "text")),
}


def render_html(report: dict[str, Any]) -> str:
    """Returns the page as text."""
    style, script = (Markup((PAGE_DIRECTORY / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    return _environment().get_template("page.html.j2").render(
        report=report, words=STATE_WORDS, mark=_MARKS[report["verdict"]["severity"]], total=_describe_total(report["counts"]), notes=_notes(report),
        columns=_COLUMNS, selects={"findings": _finding_selects(report["findings"]), "all": _all_selects(report)},
        tables={"findings": _table("findings", _finding_rows(report)), "all": _table("all", _all_rows(report))},
        findings_without_script=_FINDINGS_WITHOUT_SCRIPT, style=style, script=script, policy=Markup(_policy(style, script)))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE_DIRECTORY), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters.update(
        number=format_number, readable_kind=_readable_kind, draw_timeline=draw_timeline, list_centers=list_centers, draw_trend=draw_trend)
    return environment


def _policy(style: str, script: str) -> str:
    """Returns the Content-Security-Policy that allows this style and this script, and nothing else."""
    return "default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'" % (_hash(style), _hash(script))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _readable_kind(kind: str) -> str:
    return kind.replace("_", " ") if kind in KINDS else kind


def _describe_total(counts: dict[str, Any]) -> str:
    """Returns what stands below the number of credentials, e.g. "credentials and 2 SACs"."""
    others = [count_nouns(about, counts[plural]["total"]) for plural, about in SUBJECTS.items() if plural != "credentials" and counts[plural]["total"]]
    return NOUNS["credential"][counts["credentials"]["total"] != 1] + (" and " + ", ".join(others) if others else "")


def _table(name: str, rows: list[list[Any]]) -> dict[str, Any]:
    """Returns what page.js needs to show a table."""
    return {"columns": [{"at": index, "name": title, "type": of_type} for index, (title, of_type) in enumerate(_COLUMNS[name])], "rows": rows}


def _finding_rows(report: dict[str, Any]) -> list[list[Any]]:
    return [
        [each["severity"], each["ecc"], each["subject"], _readable_kind(each["kind"]), each["reason"], each["what_to_do"]] for each in report["findings"]
    ]


def _all_rows(report: dict[str, Any]) -> list[list[Any]]:
    rows = [
        [
            row["state"], row["name"], row["ecc"], about, row.get("status"), (row.get("collected_date") or "")[:10], (row["expires_date"] or "")[:10],
            row["days_left"], "; ".join(report["findings"][index]["reason"] for index in row["findings"]),
        ]
        for plural, about in _KINDS_OF_SUBJECT
        for row in report[plural]
    ]
    return sorted(rows, key=lambda row: STATES.index(row[0]))


def _finding_selects(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    severities, kinds = {each["severity"] for each in findings}, sorted({_readable_kind(each["kind"]) for each in findings})
    return [
        _select("Severity", "state", 0, [(state, STATE_WORDS[state]) for state in STATES if state in severities]),
        _select("ECC", "ecc", 1, [(ecc, ecc or "no ECC") for ecc in sorted({each["ecc"] for each in findings})]),
        _select("Kind", "kind", 3, [(kind, kind) for kind in kinds]),
    ]


def _all_selects(report: dict[str, Any]) -> list[dict[str, Any]]:
    statuses = sorted({row["status"] or "" for row in report["credentials"]})
    eccs = sorted({row["ecc"] for plural, unused_about in _KINDS_OF_SUBJECT for row in report[plural]})
    return [
        _select("State", "state", 0, list(STATE_WORDS.items())),
        _select("ECC", "ecc", 2, [(ecc, ecc or "no ECC") for ecc in eccs]),
        _select("Status", "status", 4, [(status, status or "none") for status in statuses]),
        _select("Kind", "about", 3, [(about, about) for plural, about in _KINDS_OF_SUBJECT if report[plural]]),
    ]


def _select(label: str, name: str, at: int, choices: list[tuple[str, str]]) -> dict[str, Any]:
    return {"label": label, "name": name, "at": at, "choices": choices}


def _notes(report: dict[str, Any]) -> list[str]:
    limits = report["limits"]
    bases = sorted({row["expires_basis"] for row in report["credentials"] if row["expires_basis"]})
    notes = ["A credential expires %s." % ", or ".join(BASES[basis] for basis in bases)] if bases else []
    notes.append("Credentials: %s. SACs: %s." % (_describe_limits(limits["end"]), _describe_limits(limits["sac"])))
    notes.append("Ids are shortened unless requested in full. Made by eccops.rapid %s. The same numbers are in report.json." % report["collection_version"])
    return notes


def _describe_limits(limits: dict[str, Any]) -> str:
    parts = []
    for severity in ("critical", "warning"):
        for unit, word in (("days", "days"), ("percent", "%")):
            value = limits["%s_%s" % (severity, unit)]
            if value is not None:
                parts.append("%s below %g %s" % (severity, value, word))
    return ", ".join(parts) or "no limit"
