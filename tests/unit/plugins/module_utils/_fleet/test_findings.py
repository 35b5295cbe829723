# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import (
    account_finding, installed_sac_findings, launcher_findings, sac_findings, service_finding)
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import credential_findings
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import build_history
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import Limits, read_limits, judge_severity
from ansible_collections.eccops.rapid.tests.unit.support.report_fleets import LIMITS, NOW, RULES, days_ago, entry, guid, unknown


def row(number=1, outcome="replaced", position="north-01", **changes):
    """A row of the ledger: the credential with this number was replaced by the next one."""
    reported = {
        "position": position, "rotation_id": "2026q%d" % number, "original_request_id": guid(1), "request_id": guid(number),
        "new_request_id": guid(number + 1) if outcome == "replaced" else None, "new_anon_id": "new-%d" % number, "outcome": outcome,
        "intended_at": days_ago(40 - number), "finished_at": days_ago(40 - number) if outcome == "replaced" else None}
    return dict(reported, **changes)


def replaced(original, *rows, **changes):
    """What is known of a credential that the ledger has a history of."""
    chain = rows or (row(),)
    return entry(len(chain) + 1, build_history(list(chain)), original, **dict({"anon_id": "new-%d" % len(chain)}, **changes))


YOUNG = {"requested_date": days_ago(1), "collected_date": days_ago(1)}
OLD = entry(1, requested_date=days_ago(355), collected_date=days_ago(355))
# what a credential is -> (severity, kind, what its reason and its to-do say)
CASES = {
    "fine": (entry(), []),
    "history determines when it expires, not its own dates": (
        replaced(OLD, **YOUNG), [("critical", "expiring", "it ends in 10 days, on 2026-12-02;", "replacement would end")]),
    "first of its history is gone": (
        replaced(None, row(intended_at=days_ago(320)), **YOUNG), [("warning", "expiring", "on 2027-01-06 or earlier;", "request a new")]),
    "history of one that is still young": (replaced(entry(), **YOUNG), []),
    "days": (entry(collected_date=days_ago(306)), [("warning", "expiring", "it ends in 59 days", "within 59 days")]),
    "the last day before the warning": (entry(collected_date=days_ago(305)), []),
    "today": (entry(collected_date=days_ago(364)), [("critical", "expiring", "it ends in 1 days", "today")]),
    "over, though called Collected": (entry(collected_date=days_ago(400)), [("critical", "expired", "35 days ago, though the service", "check whether")]),
    "expired": (entry(status="Expired"), [("critical", "expired", "it is Expired", "cannot be replaced")]),
    "lapsed": (entry(status="Expired", collected_date=None), [("critical", "lapsed", "never collected, and lapsed", "request a new")]),
    "a lapsed replacement": (replaced(OLD, status="Expired", collected_date=None), [("critical", "lapsed", "never collected", "what it replaced lives on")]),
    "about to lapse": (
        entry(status="Requested", collected_date=None, requested_date=days_ago(0, minutes=4)),
        [("critical", "not_collected", "lapses in 6 minutes", "collect it now")]),
    "lapsing": (
        entry(status="Requested", collected_date=None, requested_date=days_ago(0, minutes=12)), [("critical", "not_collected", "at any moment", "now")]),
    "prevented": (entry(prevent_collection=True), [("warning", "collection_prevented", "cannot be replaced or renewed", "unless the device is lost")]),
    "unknown": (unknown(), [("critical", "unknown", "the service does not know its RequestId", "check the id")]),
    "unknown though replaced": (
        dict(unknown(), history=build_history([row()])), [("critical", "unknown", "the ledger says that it was replaced at", "check the id")]),
    "not looked up well": (entry(is_known=None, reason="HTTP 500"), [("critical", "look_up_failed", "HTTP 500", "again")]),
    "unresolved": (
        replaced(entry(), row(1, "unresolved"), anon_id="old", request_id=guid(1)),
        [("critical", "unresolved", "rotation 2026q1 of", "run that rotation again")]),
    "intended": (replaced(entry(), row(1, "intended"), request_id=guid(1)), [("critical", "unresolved", "left it open", "run that rotation again")]),
    "drift of the AnonId": (replaced(entry(), **dict(YOUNG, anon_id="other")), [("critical", "drift", "AnonId other where the ledger has new-1", "block")]),
    "drift of the position": (replaced(entry(), row(position="south-01"), **YOUNG), [("critical", "drift", "for position south-01", "correct")]),
    "undocumented": (entry(status="Revoked"), [("warning", "status_unexpected", "its status is 'Revoked'", "vendor")]),
    "without any date": (entry(collected_date=None, requested_date=None), [("warning", "end_unknown", "no date", "rotate")]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_credential_has_exactly_its_findings(case):
    reported, expected = CASES[case]
    found = credential_findings({"north-01": {"ecc": "north", "request_id": guid(7)}}, {guid(7): reported}, RULES)
    assert [(each.severity, each.kind) for each in found] == [each[:2] for each in expected]
    for each, (unused_severity, unused_kind, reason, what_to_do) in zip(found, expected):
        assert reason in each.reason and what_to_do in each.what_to_do
        assert (each.about, each.subject, each.ecc) == ("credential", "north-01", "north")


def test_the_inventory_has_findings_of_its_own():
    positions = {"a": {"ecc": "", "request_id": ""}, "b": {"ecc": "", "request_id": "nonsense"}}
    positions.update({"c%d" % number: {"ecc": "", "request_id": guid(1)} for number in range(6)})
    found = credential_findings(positions, {guid(1): entry()}, RULES)
    assert [each.kind for each in found] == ["no_request_id", "request_id_malformed"] + ["request_id_shared"] * 6
    assert "c0 and c1 and c2 and 3 more have the same" in found[-1].reason
    assert credential_findings({"a": {"ecc": "", "request_id": guid(1)}}, {}, RULES) == []  # not checked: that is the SAC's finding


def sac(days_left, **changes):
    return dict({"subject": "CN=x", "not_before": days_ago(100), "not_after": days_ago(-days_left), "problems": [], "weaknesses": []}, **changes)


def test_a_sac_is_judged_by_days_and_percent_and_by_what_is_wrong_with_it():
    def kinds(reported, limits=LIMITS):
        return [(each.severity, each.kind) for each in sac_findings(reported, "north", NOW, limits)]

    problem = [{"kind": "sac_key_mismatch", "reason": "r", "what_to_do": "w"}]
    assert kinds(sac(60)) == [] and kinds(sac(59)) == [("warning", "sac_expiring")] and kinds(sac(13)) == [("critical", "sac_expiring")]
    assert kinds(sac(59), Limits(None, None, 40, 30)) == [("warning", "sac_expiring")]  # 37 % of 159 days
    assert kinds(sac(59), Limits(None, None, 60, 38)) == [("critical", "sac_expiring")]
    assert kinds(sac(300, problems=problem)) == [("critical", "sac_key_mismatch")]
    assert kinds(sac(300, weaknesses=[dict(problem[0], kind="weak_algorithm")])) == [("warning", "weak_algorithm")]
    assert kinds(sac(-3, problems=[dict(problem[0], kind="sac_expired")])) == [("critical", "sac_expired")]  # said once


def test_what_keeps_a_service_from_being_looked_at_says_what_to_do():
    found = service_finding("sac.pem", "north", RapidError("the passphrase does not open it; check sac_passphrase", kind="sac_wrong_passphrase"))
    assert found[3:] == ("critical", "sac_wrong_passphrase", "the passphrase does not open it", "check sac_passphrase")
    assert service_finding("sac.pem", "north", RapidError("nothing")).reason == "nothing"


def test_a_refused_login_is_distinguished_from_one_that_failed():
    assert account_finding("a@b.c", "north", Refusal("HTTP 401", http_status=401)).kind == "login_refused"
    assert account_finding("a@b.c", "north", Refusal("HTTP 503", http_status=503)).kind == "login_failed"
    assert account_finding("a@b.c", "north", RapidError("no route", kind="connection_refused")).kind == "login_failed"


@pytest.mark.parametrize(("launcher", "kinds"), [
    ({"is_reachable": True, "program_sha256": "AA" * 32, "configuration_sha256": "bb" * 32}, []),
    ({"is_reachable": True, "program_sha256": "cc" * 32, "configuration_sha256": "bb" * 32}, [("critical", "launcher_changed")]),
    ({"is_reachable": True, "program_sha256": "aa" * 32, "configuration_sha256": "cc" * 32}, [("warning", "configuration_drift")]),
    ({"is_reachable": True, "program_sha256": "", "configuration_sha256": "bb" * 32}, [("critical", "launcher_missing")]),
    ({"is_reachable": False}, [("warning", "position_unreachable")]),
])
def test_a_launcher_is_compared_with_what_it_must_be(launcher, kinds):
    found = launcher_findings("north-01", launcher, {"program": "aa" * 32, "configuration": "BB" * 32})
    assert [(each.severity, each.kind) for each in found] == kinds


@pytest.mark.parametrize(("installed", "kinds"), [
    ({"is_reachable": True, "sha256_fingerprint": "aa" * 32}, []),
    ({"is_reachable": True, "sha256_fingerprint": "bb" * 32}, [("warning", "sac_outdated")]),
    ({"is_reachable": True, "sha256_fingerprint": ""}, [("critical", "sac_not_installed")]),
    ({"is_reachable": False, "sha256_fingerprint": ""}, [("warning", "position_unreachable")]),
    ({"is_reachable": False, "is_readable": False, "sha256_fingerprint": ""}, [("warning", "sac_not_inspected")]),
])
def test_an_installed_sac_is_compared_with_the_controllers(installed, kinds):
    found = installed_sac_findings("SAC on north-01", "north", installed, "aa" * 32)
    assert [(each.severity, each.kind) for each in found] == kinds


@pytest.mark.parametrize("params", [
    {"x_warning_days": 5, "x_critical_days": 10}, {"x_warning_percent": 5, "x_critical_percent": 10}, {"x_warning_days": float("nan")},
    {"x_critical_days": -1}, {"x_critical_percent": 101},
])
def test_limits_that_make_no_sense_are_refused(params):
    with pytest.raises(InvalidInput, match="x_"):
        read_limits(params, "x_")


def test_without_limits_nothing_is_near():
    assert judge_severity(0, 365, Limits(None, None, None, None)) == (None, None)
    assert judge_severity(0, None, Limits(None, None, 10, 5)) == (None, None)
