# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rapidauth_request_info looks at many credentials over few connections, judges them, and hides none behind another's error."""

import pytest
from harness import Observed, assert_sentence, scenario, task

INFO = "rapidauth_request_info"
NOW = "2027-01-01T00:00:00Z"
UNKNOWN = ["00000000-0000-4000-a000-%012d" % number for number in range(10)]
ONCE = {"timeout_seconds": 2, "retry_budget_seconds": 0}
COLLECTED = {"status": "Collected", "requested_date": "2026-09-30T23:00:00Z", "collected_date": "2026-10-01T00:00:00Z"}
# what a credential is -> (changes, should_rotate, what the reason says), judged at NOW with a threshold of 90 days
JUDGED = {
    "old": ({**COLLECTED, "collected_date": "2026-10-01T00:00:00Z"}, True, "92 days old: the threshold is 90"),
    "just due": ({**COLLECTED, "collected_date": "2026-10-03T00:00:00Z"}, True, "90 days old"),
    "young": ({**COLLECTED, "collected_date": "2026-12-31T00:00:00Z"}, False, "1 days old: due in 89"),
    "expired": ({"status": "Expired"}, False, "Expired: cannot be replaced"),
    "prevented": ({**COLLECTED, "prevent_collection": True}, False, "collection is prevented"),
    "uncollected": ({"status": "Requested", "collected_date": None}, False, "not collected yet"),
}
POINTLESS = {
    "empty": ({}, "invalid_input", ["nothing to look up", "give request_ids, anon_ids or both"]),
    "empty lists": ({"request_ids": [], "anon_ids": []}, "invalid_input", ["nothing to look up"]),
    "malformed": ({"request_ids": [UNKNOWN[0], "12345"]}, "request_id_malformed", ["RequestId '12345' is malformed"]),
    "AnonId malformed": ({"anon_ids": ["good", "not good"]}, "anon_id_malformed", ["AnonId 'not good' is malformed"]),
    "AnonId too long": ({"anon_ids": ["y" * 65]}, "anon_id_too_long", ["has 65 characters"]),
    "no concurrency": ({"request_ids": UNKNOWN, "concurrency": 0}, "invalid_input", ["concurrency must be between 1 and 64"]),
    "too much concurrency": ({"request_ids": UNKNOWN, "concurrency": 65}, "invalid_input", ["concurrency must be between 1 and 64"]),
    "negative": ({"request_ids": UNKNOWN, "rotate_after_days": -1}, "invalid_input", ["rotate_after_days must"]),
    "no time": ({"request_ids": UNKNOWN, "now": "yesterday"}, "invalid_input", ["now is 'yesterday'", "2026-11-22T08:00:00Z"]),
}


@pytest.fixture(scope="module", name="ids")
def fixture_ids(running_sandbox):
    return [position["request_id"] for position in running_sandbox.fleet]


@pytest.fixture(scope="module", name="asked")
def fixture_asked(ids):
    """Fifty different ids: the fleet, unknown ones between them, and by AnonId."""
    return {"request_ids": [each for pair in zip(ids, UNKNOWN + ids[:2]) for each in pair][:20] + ids + ids[:1],
            "anon_ids": ["unknown-%02d" % number for number in range(28)]}


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios, ids, asked):
    anon_ids = [position["anon_id"] for position in running_sandbox.fleet]
    scenarios = [scenario(name, task("look", INFO, **options)) for name, (options, *_expected) in POINTLESS.items()]
    scenarios += [
        scenario("fifty", task("look", INFO, concurrency=4, **asked), task("check", INFO, {"check_mode": True}, concurrency=4, **asked),
                 switches={"writes_refused": True}),
        scenario("one connection", task("look", INFO, request_ids=ids, concurrency=1)),
        scenario("AnonIds", task("look", INFO, anon_ids=anon_ids, concurrency=2)),
        scenario("silent AnonIds", task("look", INFO, anon_ids=anon_ids), switches={"anon_id_route_returns_request_id": False}),
        scenario("judged", task("look", INFO, request_ids=ids[:len(JUDGED)], now=NOW, rotate_after_days=90),
                 task("no threshold", INFO, request_ids=ids[:1], now=NOW),
                 credentials={identifier: changes for identifier, (changes, *_expected) in zip(ids, JUDGED.values())}),
        scenario("partly broken", task("look", INFO, request_ids=ids, concurrency=2, **ONCE), faults=[
            {"route": "get_request", "kind": "garbage", "matching": {"request_id": ids[3]}},
            {"route": "get_request", "kind": "wrong_request_id", "matching": {"request_id": ids[5]}},
            {"route": "get_request", "kind": "bad_gateway", "matching": {"request_id": ids[7]}}]),
        scenario("refused SAC", task("look", INFO, request_ids=ids + UNKNOWN, concurrency=4, sac_path="{{ sandbox_sacs.foreign_authority.combined_path }}",
                                     sac_passphrase="{{ sandbox_sacs.foreign_authority.passphrase }}")),
        scenario("maintenance", task("look", INFO, request_ids=ids + UNKNOWN, concurrency=4, **ONCE), switches={"maintenance": True}),
        scenario("down", task("look", INFO, request_ids=ids + UNKNOWN, concurrency=4, api_url="https://localhost:9/rapid", **ONCE)),
        scenario("goes down", task("look", INFO, request_ids=ids + UNKNOWN, concurrency=1, **ONCE), faults=[
            {"route": "get_request", "kind": "latency", "seconds": 0, "count": 5}, {"route": "get_request", "kind": "garbage", "count": None}]),
        scenario("slow down", task("look", INFO, request_ids=ids, concurrency=4), faults=[
            {"route": "get_request", "kind": "too_many_requests", "seconds": 1, "count": 2}]),
    ]
    return run_scenarios(scenarios)


@pytest.mark.parametrize("name", POINTLESS)
def test_what_cannot_be_meant_never_reaches_the_service(run, name):
    _options, kind, pieces = POINTLESS[name]
    seen = Observed(run, name)
    assert assert_sentence(seen.result("look"), kind, *pieces)
    assert seen.stats["connections"] == {}


def test_fifty_ids_over_four_connections(run, ids, asked):
    seen = Observed(run, "fifty")
    distinct = list(dict.fromkeys(asked["request_ids"])) + asked["anon_ids"]
    assert len(distinct) == 50
    for name in ("look", "check"):
        result = seen.result(name)
        assert list(result["credentials"]) == distinct and result["changed"] is False
        for identifier in distinct:
            entry = result["credentials"][identifier]
            assert entry["is_known"] is (identifier in ids)
            assert (entry["error"] is None) is entry["is_known"]
            if not entry["is_known"]:
                assert (entry["error"]["error_kind"], entry["error"]["number"]) == ("unknown", 1109) and "no such credential" in entry["reason"]
        assert result["summary"] == {"total": 50, "by_status": {"Collected": 12}, "unknown": 38, "failed": 0, "collection_prevented": 0, "due": 0}
        assert "CN=sandbox-sac-valid" in result["sac"]["subject"]
        assert 690 <= result["sac"]["days_left"] <= 700 and len(result["sac"]["sha256_fingerprint"]) == 64
    assert seen.stats["tls_handshakes"]["rapidauth"] <= 2 * 4
    assert seen.calls("get_request") + seen.calls("get_credential") == 100 and seen.stats["refused_writes"] == 0 and seen.effects() == []


def test_by_anon_id_and_over_one_connection(sandbox, run, ids):
    seen = Observed(run, "AnonIds")
    found = seen.result("look")["credentials"]
    assert {anon_id: entry["request_id"] for anon_id, entry in found.items()} == {each["anon_id"]: each["request_id"] for each in sandbox.fleet}
    assert seen.stats["tls_handshakes"]["rapidauth"] <= 2
    silent = Observed(run, "silent AnonIds").result("look")
    assert all(entry["is_known"] and entry["request_id"] is None for entry in silent["credentials"].values())
    seen = Observed(run, "one connection")
    assert seen.stats["tls_handshakes"] == {"rapidauth": 1} and len(seen.result("look")["credentials"]) == len(ids)


def test_judgement_by_a_given_time(run, ids):
    result = Observed(run, "judged").result("look")
    for identifier, (_changes, should_rotate, reason) in zip(ids, JUDGED.values()):
        entry = result["credentials"][identifier]
        assert entry["should_rotate"] is should_rotate and reason in entry["reason"], entry
    assert result["due"] == ids[:2] and result["now"] == NOW
    assert result["summary"] == {"total": 6, "by_status": {"Collected": 4, "Expired": 1, "Requested": 1}, "unknown": 0, "failed": 0,
                                 "collection_prevented": 1, "due": 2}
    result = Observed(run, "judged").result("no threshold")
    assert result["due"] == [] and result["credentials"][ids[0]]["reason"] == "no age threshold was given"


def test_one_error_does_not_hide_the_rest(run, ids):
    result = Observed(run, "partly broken").result("look")
    assert result["_status"] == "ok" and list(result["credentials"]) == ids
    kinds = {identifier: (entry["error"] or {}).get("error_kind") for identifier, entry in result["credentials"].items()}
    broken = {ids[3]: "unusable_answer", ids[5]: "wrong_request_id", ids[7]: "refused"}
    assert kinds == {**dict.fromkeys(ids), **broken}
    assert all(result["credentials"][each]["is_known"] is None for each in broken)
    assert (result["summary"]["failed"], result["summary"]["by_status"]) == (3, {"Collected": 9})


def test_what_concerns_all_stops_at_once(run):
    seen = Observed(run, "refused SAC")
    assert assert_sentence(seen.result("look"), "sac_refused", "stopped after 0 of 22 answers", "sandbox-sac-foreign-authority", "dashboard")
    assert seen.stats["connections"]["rapidauth"] <= 4 and seen.calls("get_request") == 0
    seen = Observed(run, "maintenance")
    assert assert_sentence(seen.result("look"), "maintenance", "stopped after 0 of 22 answers", "in maintenance")
    assert 1 <= seen.calls("get_request") <= 4 * 2
    assert assert_sentence(Observed(run, "down").result("look"), "connection_refused", "stopped after 0 of 22", "https://localhost:9/rapid")


def test_what_was_learnt_before_a_stop_is_returned(run, ids):
    seen = Observed(run, "goes down")
    result = seen.result("look")
    assert assert_sentence(result, "unusable_answer", "stopped after 5 of 22 answers", "something that is not JSON")
    assert [identifier for identifier, entry in result["credentials"].items() if entry["is_known"]] == ids[:5]
    assert (result["summary"]["total"], result["summary"]["failed"]) == (7, 2) and seen.calls("get_request") == 7


def test_slowing_down_is_obeyed_by_all_connections(run, ids):
    seen = Observed(run, "slow down")
    assert seen.result("look")["summary"]["by_status"] == {"Collected": len(ids)}
    assert seen.calls("get_request") == len(ids) + 2
