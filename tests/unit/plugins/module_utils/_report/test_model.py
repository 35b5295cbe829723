# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The report's own numbers: that they add up and follow the schema."""

from __future__ import annotations

import collections
import json
import pathlib

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._report import model
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import entry, large_fleet, report, seen_of, small_fleet

jsonschema = pytest.importorskip("jsonschema")

ROOT = pathlib.Path(model.__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "credential_report.schema.json").read_text(encoding="utf-8"))


def test_the_report_follows_its_schema_and_counts_itself():
    for made in (small_fleet(), large_fleet(600), report({"a": ("", entry())})):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        jsonschema.validate(made, SCHEMA)
        counts, rows = made["counts"], made["credentials"] + made["sacs"]
        states = collections.Counter(row["state"] for row in rows)
        assert {name: counts["subjects"][name] for name in states} == dict(states) and counts["subjects"]["total"] == len(rows)
        assert counts["findings"]["total"] == len(made["findings"]) == sum(counts["by_kind"].values()) == sum(each["count"] for each in made["to_do"])
        assert sorted(index for row in rows for index in row["findings"]) == list(range(len(made["findings"])))
        dated = sum(week[state] for week in made["timeline"]["weeks"] for state in ("critical", "warning", "unchecked", "fine"))
        assert dated + made["timeline"]["without_date"] == counts["credentials"]["total"] == sum(each["total"] for each in counts["by_ecc"].values())


def test_the_verdict_answers_the_question():
    made = small_fleet()
    assert made["verdict"]["headline"] == "Not everywhere: dispatch may be unable to work at 1 of 4 positions."
    assert made["verdict"]["advice"] == "2 findings to fix today." and made["verdict"]["is_failing"]
    assert [(each["severity"], each["kind"]) for each in made["to_do"]] == [
        ("critical", "sac_expiring"), ("critical", "unknown"), ("warning", "collection_prevented")]
    assert report({"a": ("", entry())}, [("", "CN=x", 3)])["verdict"]["headline"].startswith("Not for certain")
    warned = {"a": ("", entry(prevent_collection=True))}
    assert [report(warned, fail_on=each)["verdict"]["is_failing"] for each in ("critical", "warning", "never")] == [False, True, False]
    assert report(warned)["verdict"]["advice"] == "1 finding to plan for."
    assert report({"a": ("", None)})["verdict"]["headline"] == "Yes, as far as it was checked."


def test_what_was_seen_twice_is_distinguished():
    """A name may be a position, a SAC and an account; a finding belongs to one of them."""
    seen = seen_of({"CN=x": ("north", entry(1))}, [("north", "CN=x", 3)])
    assert [each.about for each in seen.findings] == ["sac"]
    made = report({"CN=x": ("north", entry(1))}, [("north", "CN=x", 3)])
    assert made["credentials"][0]["state"] == "fine" and made["sacs"][0]["state"] == "critical"
