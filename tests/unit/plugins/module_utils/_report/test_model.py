# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The report's own numbers: that they add up and follow the schema."""

from __future__ import annotations

import collections
import json
import pathlib

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._report import model
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import days_ago, entry, large_fleet, report, seen_of, small_fleet

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
    assert made["verdict"]["advice"] == "2 findings to fix today. 1 not checked." and made["verdict"]["is_failing"]
    assert [(each["severity"], each["kind"]) for each in made["to_do"]] == [
        ("critical", "sac_expiring"), ("critical", "unknown"), ("warning", "collection_prevented")]
    assert report({"a": ("", entry())}, [("", "CN=x", 3)])["verdict"]["headline"].startswith("Not for certain")
    warned = {"a": ("", entry(prevent_collection=True))}
    assert [report(warned, fail_on=each)["verdict"]["is_failing"] for each in ("critical", "warning", "never")] == [False, True, False]
    assert report(warned)["verdict"]["advice"] == "1 finding to plan for."
    assert report({"a": ("", None)})["verdict"]["headline"] == "Yes, as far as it was checked."
    partly = report({**warned, "b": ("", None)})["verdict"]
    assert (partly["headline"], partly["advice"]) == ("Yes, as far as it was checked.", "1 finding to plan for. 1 not checked.")
    nothing = report({})["verdict"]
    assert (nothing["answer"], nothing["headline"]) == ("no", "Nothing was checked.") and nothing["scope"].startswith("Covers nothing, but no ")


def test_what_lapses_or_has_expired_has_no_year_left():
    """The year of a collection that never took place is neither shown nor drawn; an end that has passed is."""
    requested = entry(1, status="Requested", collected_date=None, requested_date=days_ago(0, minutes=5))
    early = entry(2, status="Expired", collected_date=days_ago(30), requested_date=days_ago(30))
    late = entry(3, status="Expired", collected_date=days_ago(400), requested_date=days_ago(400))
    made = report({"lapsing": ("north", requested), "early": ("north", early), "late": ("north", late), "fine": ("north", entry(4))})
    assert [row["days_left"] for row in made["credentials"]] == [None, None, -35, 345]
    assert [row["expires_date"] is None for row in made["credentials"]] == [True, True, False, False]
    assert made["timeline"]["without_date"] == 2 and sum(made["timeline"]["weeks"][0][state] for state in model.STATES) == 1


def test_what_was_seen_twice_is_distinguished():
    """A name may be a position, a SAC and an account; a finding belongs to one of them."""
    seen = seen_of({"CN=x": ("north", entry(1))}, [("north", "CN=x", 3)])
    assert [each.about for each in seen.findings] == ["sac"]
    made = report({"CN=x": ("north", entry(1))}, [("north", "CN=x", 3)])
    assert made["credentials"][0]["state"] == "fine" and made["sacs"][0]["state"] == "critical"
