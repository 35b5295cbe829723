# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Whatever a position, an ECC, a SAC or a status is called: every format shows it, and none does what it says."""

from __future__ import annotations

import json
import re
import unicodedata
from xml.etree import ElementTree

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import STATES
from ansible_collections.eccops.rapid.plugins.module_utils._text import printable
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.markdown import escape_markdown
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.writer import RENDERERS
from ansible_collections.eccops.rapid.tests.unit.support.pages import Page
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import entry, report

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

NASTY = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--", "-->", "<![CDATA[", "]]>", "\"'><img src=x onerror=alert(1)>",
    "a\nb", "a\r\nb", "\u202egnp.exe", "\u2066x\u2069", "\u200f", "\ufeff", "\x00\x1b[31m", "\ud800", "\uffff", "\u2028", "{{ 7 * 7 }}",
    "{% raw %}", "| a | b |", "`x`", "![x](http://a.b/c)", "[x](javascript:alert(1))", "http://a.b", "www.a.b", "@everyone", "#1", "**b**",
    "&lt;", "&amp;#60;", "\\", "\\\\|", "\"} 1\nevil_metric 2", "# HELP x", "'", "%s", "a" * 5000, "", " ", "\u05d0\u05d1", "\u0627"]
names = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.builds("".join, st.lists(st.sampled_from(NASTY), max_size=3)))


@hypothesis.settings(max_examples=150)
@hypothesis.given(position=names, ecc=names, subject=names, status=names)
@hypothesis.example(position=NASTY[0], ecc=NASTY[1], subject=NASTY[5], status=NASTY[9])
def test_hostile_names_do_nothing_in_any_format(position, ecc, subject, status):
    made = report({position: (ecc, entry(1, status=status or "x", prevent_collection=True)), "plain": (ecc, entry(2))}, [(ecc, subject, 3)])
    shown = {name: printable(text) for name, text in (("position", position), ("ecc", ecc), ("subject", subject), ("status", status or "x"))}
    texts = {name: render(made) for name, (unused_file, render) in RENDERERS.items()}
    for name, text in texts.items():
        text.encode("utf-8")
        assert not [each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") and each != "\n"], name
    assert json.loads(texts["json"])["credentials"][0]["name"] == shown["position"]

    suites = ElementTree.fromstring(texts["junit"])
    assert [case.get("name") for case in suites.iter("testcase")] == [shown["position"], "plain", shown["subject"]]
    assert {suite.get("name") for suite in suites} == {shown["ecc"] or "no ECC"}
    assert {each.tag for each in suites.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}

    for line in texts["metrics"].splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? -?[0-9]+', line), line
    first = next(line for line in texts["metrics"].splitlines() if line.startswith("rapidauth_credential_expiry"))
    labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', first))
    assert labels["position"].replace('\\"', '"').replace("\\\\", "\\") == shown["position"]

    honest = report({"x": ("y", entry(1, status="z", prevent_collection=True)), "plain": ("y", entry(2))}, [("y", "w", 3)])
    page, harmless_page = Page(texts["html"]), Page(RENDERERS["html"][1](honest))
    assert [tag for tag, unused in page.tags] == [tag for tag, unused in harmless_page.tags]
    assert [sorted(attributes) for unused, attributes in page.tags] == [sorted(attributes) for unused, attributes in harmless_page.tags]
    rows = json.loads(page.data)["all"]["rows"]
    credential, other_sac = ([row for row in rows if row[3] == about] for about in ("credential", "SAC"))
    assert [shown["position"], shown["ecc"]] in [row[1:3] for row in credential] and other_sac[0][1] == shown["subject"]
    states = [row[0] for row in rows]
    assert states == sorted(states, key=STATES.index)

    lines = texts["markdown"].splitlines()
    assert len(lines) == len(RENDERERS["markdown"][1](honest).splitlines())
    for line in lines:
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)(?:\\\\)*\|", line)
            assert len(cells) in (6, 7, 8)
    for text in shown.values():
        assert not re.search(r"(?<!\\)(?:\\\\)*[<>`*_\[\]|~@#!:.]", escape_markdown(text))


@pytest.mark.parametrize("text", ["north-01", "Harbor County \u2013 \u00e9\u00e8", "\u05d0\u05d1", "\u6771\u4eac"])
def test_honest_names_stay_as_they_are(text):
    assert printable(text) == text
