# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The formats of a report give the same numbers, are what they claim to be, and are harmless."""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

from ansible_collections.eccops.rapid.plugins.plugin_utils._report.html import PAGE_DIRECTORY
from ansible_collections.eccops.rapid.plugins.plugin_utils._report.writer import RENDERERS
from ansible_collections.eccops.rapid.tests.unit.support.pages import Page
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import entry, guid, large_fleet, report, small_fleet, unknown

xmlschema = pytest.importorskip("xmlschema")

STYLE, SCRIPT = ((PAGE_DIRECTORY / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
#: {theme: [{colour: its value} of each place where page.css defines the theme]}
THEMES = {theme: [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r"color-scheme: %s;([^}]+)" % theme, STYLE)]
          for theme in ("light", "dark")}
JUNIT = pathlib.Path(__file__).parents[3] / "support" / "junit.xsd"


def rendered(made, name):
    return RENDERERS[name][1](made)


def test_the_json_is_the_report():
    for made in (small_fleet(), large_fleet(600), report({"a": ("", entry())})):
        assert json.loads(rendered(made, "json")) == made


def test_ids_are_shortened_unless_asked_for():
    history = {"position": "a", "original_request_id": guid(9), "rotation_id": "q4", "anon_id": "the-ledgers-own-anon-id",
               "replaced_at": "2026-11-01T00:00:00Z", "first_replaced_at": "2026-11-01T00:00:00Z", "unresolved_rotation_id": None, "unresolved_since": None}
    reported = {"a": ("", entry(5, history, entry(), anon_id="the-services-own-anon-id")),
                "b": ("", entry(6, is_known=None, reason="GET for %s failed" % guid(6)))}
    texts = [rendered(report(reported), name) for name in RENDERERS]
    for secret in (guid(5), guid(6), guid(9), "the-ledgers-own-anon-id", "the-services-own-anon-id"):
        assert not [text for text in texts if secret in text]
    assert all("the-serv..." in each for each in (texts[0], texts[1]))
    full = rendered(report(reported, show_ids=True), "json")
    assert guid(5) in full and "the-ledgers-own-anon-id" in full


def test_no_number_differs_between_the_formats():
    made = large_fleet(1200)
    counts = made["counts"]
    suites = ElementTree.fromstring(rendered(made, "junit"))
    assert int(suites.get("tests")) == counts["subjects"]["total"] and int(suites.get("failures")) == counts["subjects"]["critical"]
    assert len(suites.findall("*/testcase/failure")) == counts["subjects"]["critical"]
    samples = dict(line.rsplit(" ", 1) for line in rendered(made, "metrics").splitlines() if not line.startswith("#"))
    for state in ("critical", "warning", "unchecked", "fine"):
        assert sum(int(value) for name, value in samples.items() if 'state="%s"' % state in name) == counts["credentials"][state]
    assert sum(int(value) for name, value in samples.items() if name.startswith("rapidauth_findings")) == counts["findings"]["total"]
    markdown = rendered(made, "markdown")
    whole = counts["credentials"]
    assert "| all | %s | %d | %d | %d | %s |" % (
        format(whole["total"], ","), whole["critical"], whole["warning"], whole["unchecked"], format(whole["fine"], ",")) in markdown
    page = Page(rendered(made, "html"))
    drawn = page.texts.index("When credentials end")
    tiles = [texts for texts in zip(page.texts[:drawn], page.texts[1:]) if texts[1] in ("critical", "warning", "not checked", "fine")]
    shown = {word: int(number.replace(",", "")) for number, word in tiles if number.replace(",", "").isdigit()}
    assert shown == {"critical": counts["subjects"]["critical"], "warning": counts["subjects"]["warning"], "not checked": 0, "fine": counts["subjects"]["fine"]}
    data = json.loads(page.data)
    assert len(data["findings"]["rows"]) == counts["findings"]["total"] and len(data["all"]["rows"]) == counts["subjects"]["total"]
    assert all(made["verdict"]["headline"] in text for text in (markdown, "".join(page.texts)))


@pytest.mark.parametrize("fail_on", ["critical", "warning", "never"])
def test_junit_is_what_ci_systems_read(fail_on):
    schema = xmlschema.XMLSchema(str(JUNIT))
    made = dict(large_fleet(300), accounts=[dict(large_fleet(6)["sacs"][0], name="a@b.c", state="unchecked", findings=[])])
    made["verdict"] = dict(made["verdict"], fail_on=fail_on)
    for each in (made, small_fleet()):
        schema.validate(rendered(each, "junit"))
    suites = ElementTree.fromstring(rendered(made, "junit"))
    failing = {"critical": 1, "warning": 2, "never": 0}[fail_on]
    assert len(suites.findall(".//failure")) == sum(made["counts"]["subjects"][state] for state in ("critical", "warning")[:failing])
    assert len(suites.findall(".//skipped")) == 1
    broken = rendered(made, "junit").replace("<testcase name=", "<testcase nom=", 1)
    assert not schema.is_valid(broken)


def test_promtool_takes_the_metrics():
    if not shutil.which("promtool"):
        pytest.skip("promtool is missing (Debian's package prometheus has it): the metrics were not checked by it")
    for made in (small_fleet(), large_fleet(60)):
        done = subprocess.run(["promtool", "check", "metrics"], input=rendered(made, "metrics"), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_page_asks_nobody_for_anything():
    page = Page(rendered(large_fleet(60), "html"))
    assert {tag for tag, unused in page.tags} & {"img", "iframe", "object", "embed", "form", "base", "a", "audio", "video"} == set()
    loading = [(tag, name, value) for tag, attributes in page.tags for name, value in attributes.items() if name in ("src", "href", "srcset", "action", "data")]
    assert loading == [("link", "href", "data:,")]
    policy = next(attributes["content"] for unused_tag, attributes in page.tags if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    assert not [name for unused_tag, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "url(" not in STYLE and "@import" not in STYLE


def test_the_page_allows_its_own_style_and_script_only():
    page = rendered(large_fleet(60), "html")
    assert page.count("<style>%s</style>" % STYLE) == page.count("<script>%s</script>" % SCRIPT) == 1
    allowed = ["sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (STYLE, SCRIPT)]
    assert re.findall(r"(?:style|script)-src '([^;]*)';", page) == allowed


def luminance(colour):
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_dark_theme_is_the_same_whether_the_reader_or_the_browser_chose_it():
    assert len(THEMES["dark"]) == 2 and THEMES["dark"][0] == THEMES["dark"][1] and len(THEMES["light"]) == 1
    assert set(THEMES["dark"][0]) == set(THEMES["light"][0])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_has_the_contrast_that_wcag_aa_asks_for(theme):
    colours = THEMES[theme][0]
    states = ("critical", "warning", "fine", "unchecked")
    texts = [(text, ground) for text in ("text", "muted") for ground in ("ground", "surface", "raised")]
    texts += [(state, ground) for state in states for ground in ("surface", state + "-ground")]
    shapes = [(state + "-shape", "surface") for state in states] + [("accent", "ground"), ("accent", "surface"), ("muted", "surface")]
    for least, pairs in ((4.5, texts), (3, shapes)):
        low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < least}
        assert low == {}


def test_the_metrics_name_each_series_once():
    same = report({"a": ("north", entry(1))}, [("north", "CN=x", 300), ("north", "CN=x", 300)])
    same["sacs"][1]["serial"] = same["sacs"][0]["serial"]
    names = [line.rsplit(" ", 1)[0] for line in rendered(same, "metrics").splitlines()]
    assert len(names) == len(set(names)) and [name for name in names if name.startswith("rapidauth_sac_expiry")]


def test_summaries_of_ci_jobs_stay_small():
    many = report({"p-%04d" % number: ("north", unknown(number + 1)) for number in range(900)})
    markdown = rendered(many, "markdown")
    assert len(markdown) < 200000 and "200 of 900 findings are shown" in markdown
    assert len(re.findall(r"^\| critical \| north", markdown, re.M)) == 200
