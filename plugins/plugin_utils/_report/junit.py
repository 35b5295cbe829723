# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A report as JUnit XML, one test case for each credential, SAC, account and launcher, grouped by ECC."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import FATAL, SUBJECTS, UNCHECKED


def render_junit(report: dict[str, Any]) -> str:
    """Returns the document as text. A test case fails for the severities of fail_on. A lesser finding is in its system-out."""
    fatal = FATAL[report["verdict"]["fail_on"]]
    suites: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for plural, about in SUBJECTS.items():
        for row in report[plural]:
            suites.setdefault(row["ecc"] or "no ECC", []).append((about, row))
    root = ElementTree.Element("testsuites", name="RapidAuth credentials", time="0")
    timestamp = report["generated_at"].rstrip("Z")
    for index, (ecc, rows) in enumerate(suites.items()):
        failures = sum(row["state"] in fatal for unused_about, row in rows)
        skipped = sum(row["state"] == UNCHECKED for unused_about, row in rows)
        attributes = {"name": ecc, "tests": str(len(rows)), "failures": str(failures), "errors": "0", "skipped": str(skipped)}
        suite = ElementTree.SubElement(root, "testsuite", attributes, id=str(index), time="0", timestamp=timestamp, hostname="localhost")
        for about, row in rows:
            _case(suite, about, row, report["findings"], fatal)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.attrib[name]) for suite in root)))
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, about: str, row: dict[str, Any], findings: list[dict[str, Any]], fatal: tuple[str, ...]) -> None:
    case = ElementTree.SubElement(suite, "testcase", name=row["name"], classname="%s.%s" % (about, suite.get("name")), time="0")
    own = [findings[index] for index in row["findings"]]
    text = "\n".join("%s: %s; %s" % (each["severity"], each["reason"], each["what_to_do"]) for each in own)
    if row["state"] in fatal:
        failure = ElementTree.SubElement(case, "failure", type=own[0]["kind"], message=own[0]["reason"])
        failure.text = text
    elif row["state"] == UNCHECKED:
        ElementTree.SubElement(case, "skipped", message="it was not checked")
    elif text:
        ElementTree.SubElement(case, "system-out").text = text
