# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the findings that only ledger and service together show: each case has exactly its finding in the report."""

import json
import re

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import ledger as ledgers
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import rows as rows_of_ledger
from playbook_check import Check, change, days_ago, found, replace, young_fleet

pytestmark = pytest.mark.slow


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return young_fleet(sandbox, tmp_path / "fleet")


@pytest.fixture(name="check")
def fixture_check(fleet, run_playbook, tmp_path):
    return Check(fleet, run_playbook, tmp_path / "report")


def test_a_replacement_ends_when_what_it_replaced_does(sandbox, fleet, check):
    first, second, third = list(fleet.positions)[:3]
    change(sandbox, fleet.request_ids[first], collected_date=days_ago(355))
    change(sandbox, fleet.request_ids[second], collected_date=days_ago(320))
    for request_id in replace(sandbox, fleet, first, second, third).values():
        change(sandbox, request_id, status="Collected", collected_date=days_ago(0))
    report = check()
    assert found(report) == [("critical", "expiring", first), ("warning", "expiring", second)]
    rows = {row["name"]: row for row in report["credentials"]}
    assert [rows[name]["days_left"] for name in (first, second, third)] == [9, 44, 344]
    assert {rows[name]["expires_basis"] for name in (first, second, third)} == {"first_collection"}
    assert rows[first]["collected_date"][:10] == days_ago(0)[:10]
    assert sandbox.stats()["calls"]["get_request"]["GET"] >= 12 + 3  # the three firsts were looked at too
    assert "the RequestIds are from the ledger %s" % fleet.ledger_path in check.run.output


def test_where_the_first_is_gone_the_ledger_still_knows_the_latest_end(sandbox, fleet, check):
    sandbox.switch(old_request_after_replace="removed")
    name = next(iter(fleet.positions))
    change(sandbox, replace(sandbox, fleet, name)[name], status="Collected", collected_date=days_ago(0))
    with ledgers.Ledger(str(fleet.ledger_path)) as ledger, ledger.store.transaction() as connection:
        connection.execute("UPDATE replacements SET intended_at = ?", (days_ago(360)[:19] + "Z",))
    report = check()
    assert found(report) == [("critical", "expiring", name)]
    assert "or earlier" in report["findings"][0]["reason"] and report["credentials"][0]["expires_basis"] == "first_replacement"


def test_what_nobody_collected_lapses(sandbox, fleet, check):
    first, second = list(fleet.positions)[:2]
    replace(sandbox, fleet, first)
    assert found(check()) == [("critical", "not_collected", first)]
    assert "and lapses in 9 minutes" in " ".join(re.sub(r"[\s\",]+", " ", check.run.output).split())
    sandbox.advance(minutes=11)
    report = check()
    assert found(report) == [("critical", "lapsed", first)] and report["findings"][0]["what_to_do"].startswith("rotate it again")
    change(sandbox, fleet.request_ids[second], status="Expired", collected_date=None)
    assert ("critical", "lapsed", second) in found(check())


def test_what_the_ledger_left_open_is_unresolved(sandbox, fleet, check):
    name = next(iter(fleet.positions))
    request_id = fleet.request_ids[name]
    fleet.directory.mkdir()
    with ledgers.Ledger(str(fleet.ledger_path)) as ledger, ledger.store.transaction() as connection:
        rows_of_ledger.write_intent(connection, {
            "service": sandbox.values["rapidauth_api_url"], "api_url": sandbox.values["rapidauth_api_url"], "position": name, "rotation_id": "2026q3",
            "original_request_id": request_id,
            "request_id": request_id, "old_anon_id": None, "new_anon_id": "0123456789abcdef-2026q3"})
    report = check()
    assert found(report) == [("critical", "unresolved", name)]
    assert "rotation 2026q3 of" in report["findings"][0]["reason"]


def test_ledger_and_service_can_drift_apart(sandbox, fleet, check):
    first, second = list(fleet.positions)[:2]
    current = replace(sandbox, fleet, first, second)
    for request_id in current.values():
        change(sandbox, request_id, status="Collected", collected_date=days_ago(0))
    change(sandbox, current[first], anon_id="somebody-elses-doing")
    fleet.positions = {"renamed" if name == second else name: variables for name, variables in fleet.positions.items()}
    report = check()
    assert found(report) == [("critical", "drift", first), ("critical", "drift", "renamed")]
    assert "somebody-elses-doing" not in json.dumps(report) and "AnonId somebody... where the ledger has" in report["findings"][0]["reason"]


def test_the_fleet_can_be_the_ledgers(sandbox, fleet, check):
    names = list(fleet.positions)[:3]
    for request_id in replace(sandbox, fleet, *names).values():
        change(sandbox, request_id, status="Collected", collected_date=days_ago(0))
    ecc = fleet.positions[names[0]]["ecc"]
    fleet.positions = {names[0]: fleet.positions[names[0]]}
    report = check({"check_fleet_from": "ledger"})
    assert sorted(row["name"] for row in report["credentials"]) == sorted(names) and found(report) == []
    assert {row["name"]: row["ecc"] for row in report["credentials"]}[names[0]] == ecc
