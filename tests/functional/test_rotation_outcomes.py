# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what rapidauth_rotation does with each position and reports, through real ansible-playbook runs."""

import pytest
from harness import Observed, admin_task, assert_sentence, scenario, task

ROTATION = "rapidauth_rotation"
REPAIR = admin_task("repair", ["DELETE", "/faults"])


@pytest.fixture(scope="module", name="fleet")
def fixture_fleet(running_sandbox):
    return {each["position"]: each["request_id"] for each in running_sandbox.fleet}


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, fleet, place):
    names = list(fleet)

    def rotate(name, ledger, keywords=None, chosen=tuple(names), request_ids=None, **options):
        credentials = [{"position": each, "request_id": (request_ids or fleet)[each], **(options.pop("own", {}).get(each, {}))} for each in chosen]
        return task(name, ROTATION, keywords, **{"rotation_id": "q1", "ledger_path": str(place / ledger), "credentials": credentials, **options})

    seven = names[:7]
    own = [dict(position=each, request_id=fleet[each]) for each in seven]
    own[2]["anon_id"] = "adopted-one"
    outcomes = scenario(
        "outcomes",
        rotate("one before", "outcomes", chosen=seven[1:2]),
        task("without a ledger", "rapidauth_request", request_id=fleet[seven[2]], state="replaced", anon_id="adopted-one"),
        rotate("rotate", "outcomes", credentials=own, concurrency=1, max_failures=2),
        REPAIR, admin_task("allow", ["PATCH", "/credentials/" + fleet[seven[3]], {"prevent_collection": False}]),
        rotate("again", "outcomes", credentials=own),
        credentials={fleet[seven[3]]: {"prevent_collection": True}},
        faults=[{"route": "replace", "kind": "disconnect_before_effect", "matching": {"request_id": fleet[seven[4]]}},
                {"route": "replace", "kind": "gateway_timeout", "matching": {"request_id": fleet[seven[5]]}}])
    rehearsal = scenario(
        "check", rotate("rehearse", "check", {"check_mode": True}), switches={"writes_refused": True})
    refused_sac = scenario(
        "refused SAC", rotate("rotate", "sac", concurrency=1, max_failures=99, sac_path="{{ sandbox_sacs.foreign_authority.combined_path }}",
                              sac_passphrase="{{ sandbox_sacs.foreign_authority.passphrase }}"))
    slowed = scenario("slowed look-up", rotate("rotate", "slowed", concurrency=4),
                      faults=[{"route": "get_request", "kind": "too_many_requests", "seconds": 2}])
    throttled = scenario("slowed POST", rotate("rotate", "throttled", concurrency=2, max_failures=99), rotate("again", "throttled"),
                         faults=[{"route": "replace", "kind": "too_many_requests", "seconds": 1}])
    wait = admin_task("wait", ["PUT", "/clock", {"advance_seconds": 660}])
    lapsed = scenario(
        "lapsed", rotate("rotate", "lapsed", chosen=seven[:2]), wait, rotate("reported", "lapsed", chosen=seven[:2], max_failures=9),
        rotate("once more", "lapsed", chosen=seven[:2], replace_lapsed=True), rotate("again", "lapsed", chosen=seven[:2], replace_lapsed=True),
        wait, rotate("no further", "lapsed", chosen=seven[:2], replace_lapsed=True, max_failures=9),
        rotate("next rotation", "lapsed", chosen=seven[:2], rotation_id="q2"))
    history = scenario("history", *(rotate(rotation, "history", rotation_id=rotation) for rotation in ("q1", "q2", "q3")))
    malformed = scenario(
        "malformed",
        rotate("twice", "malformed", credentials=[{"position": each, "request_id": fleet[seven[0]]} for each in "ab"]),
        rotate("no GUID", "malformed", credentials=[{"position": "a", "request_id": "1234"}]),
        rotate("no position", "malformed", credentials=[{"request_id": fleet[seven[0]]}]),
        rotate("rotation id", "malformed", rotation_id="2026/q4"),
        rotate("same AnonId", "malformed", anon_id_template="{rotation_id}"),
        rotate("long AnonId", "malformed", anon_id_template="{position}" * 12))
    named = scenario("template", rotate("rotate", "template", chosen=seven[:2], anon_id_template="{rotation_id}_{position}"))
    return run_scenarios([outcomes, rehearsal, refused_sac, slowed, throttled, lapsed, history, malformed, named])


def words(result):
    return [entry["outcome"] for entry in result["positions"].values()]


def test_every_outcome_is_reported_by_position_and_a_rerun_finishes(run, fleet):
    seen = Observed(run, "outcomes")
    result, names = seen.result("rotate"), list(fleet)[:7]
    assert list(result["positions"]) == names
    assert words(result) == ["replaced", "already_replaced", "adopted", "refused", "failed", "unresolved", "not_started"]
    kinds = [entry["error_kind"] for entry in result["positions"].values()]
    assert kinds == [None, None, None, "collection_prevented", "not_replaced", "unresolved", None]
    assert [entry["changed"] for entry in result["positions"].values()] == [True] + [False] * 6 and result["changed"] is True
    assert result["failed_positions"] == names[3:] and result["stopped_by"] == "3 failures, and max_failures is 2"
    assert result["summary"] == {**dict.fromkeys(words(result), 1), "total": 7}
    assert result["_status"] == "failed" and result["error_kind"] == "wave_incomplete"
    assert "4 of 7 positions are not confirmed as replaced" in result["msg"] and names[4] in result["msg"]
    again = seen.result("again")
    assert words(again) == ["already_replaced"] * 3 + ["replaced"] * 4 and again["failed_positions"] == []
    effects = {entry["previous_request_id"]: entry["request_id"] for entry in seen.effects("replace")}
    assert len(seen.effects("replace")) == 7 and {fleet[name]: entry["request_id"] for name, entry in again["positions"].items()} == effects
    for name, entry in again["positions"].items():
        assert entry["request_ids"] == [fleet[name], effects[fleet[name]]]


def test_check_mode_lists_what_would_be_replaced_and_sends_and_creates_nothing(run, fleet, place):
    seen = Observed(run, "check")
    result = seen.result("rehearse")
    assert (result["changed"], result["summary"], result["failed_positions"]) == (True, {"replaced": 12, "total": 12}, [])
    assert {name: entry["previous_request_id"] for name, entry in result["positions"].items()} == fleet
    assert (seen.stats["refused_writes"], seen.calls("replace"), seen.effects("replace", "patch", "write_refused")) == (0, 0, [])
    assert not list(place.glob("check*"))


def test_a_refused_sac_stops_the_wave_at_once(run):
    seen = Observed(run, "refused SAC")
    result = seen.result("rotate")
    assert words(result) == ["failed"] + ["not_started"] * 11 and "refused the" in result["stopped_by"] and seen.effects("replace") == []
    assert next(iter(result["positions"].values()))["error_kind"] == "sac_refused"


def test_retry_after_holds_all_and_the_wave_succeeds(run):
    seen = Observed(run, "slowed look-up")
    assert seen.result("rotate")["summary"] == {"replaced": 12, "total": 12}
    log = run.result("slowed look-up: observe")["answers"][0]["entries"]
    arranged_at = [entry["at"] for entry in log if entry["effect"] == "reset"][-1]
    first_at = min(entry["at"] for entry in seen.effects("replace"))
    assert seconds(first_at) - seconds(arranged_at) >= 2, "something was sent within the time that the service asked for"


def seconds(instant):
    """Of a day, which no test lasts; the sandbox writes 2026-11-22T08:00:00.1234567Z."""
    hours, minutes, rest = instant.rstrip("Z").split("T")[1].split(":")
    return (int(hours) * 60 + int(minutes)) * 60 + float(rest)


def test_a_post_that_has_to_wait_is_not_repeated_and_ends_the_wave_clearly(run):
    seen = Observed(run, "slowed POST")
    result = seen.result("rotate")
    throttled = [entry for entry in result["positions"].values() if entry["error_kind"] == "throttled"]
    assert len(throttled) == 1 and "Retry-After 1 s" in throttled[0]["reason"] and "run again later" in throttled[0]["reason"]
    assert "not_started" in words(result) and "Retry-After 1 s" in result["stopped_by"]
    assert seen.result("again")["failed_positions"] == []
    assert len(seen.effects("replace")) == 12 and seen.calls("replace") == 13


def test_a_lapsed_replacement_is_replaced_once_more_and_then_reported(run, fleet):
    seen = Observed(run, "lapsed")
    names = list(fleet)[:2]
    assert words(seen.result("reported")) == ["refused"] * 2
    for entry in seen.result("reported")["positions"].values():
        assert entry["error_kind"] == "replacement_expired" and "replace again under another AnonId" in entry["reason"]
    once_more = seen.result("once more")
    assert words(once_more) == ["replaced"] * 2 and all(entry["anon_id"].endswith("-q1-2") for entry in once_more["positions"].values())
    assert [entry["previous_request_id"] for entry in once_more["positions"].values()] == [fleet[name] for name in names]
    assert words(seen.result("again")) == ["already_replaced"] * 2
    assert {entry["error_kind"] for entry in seen.result("no further")["positions"].values()} == {"replacement_expired"}
    # What lapsed is no one's successor: the next rotation replaces what still lives.
    assert words(seen.result("next rotation")) == ["replaced"] * 2
    assert sorted(entry["previous_request_id"] for entry in seen.effects("replace")) == sorted([fleet[name] for name in names] * 3)


def test_the_first_request_id_names_a_position_for_ever(run, fleet):
    seen = Observed(run, "history")
    results = [seen.result(rotation) for rotation in ("q1", "q2", "q3")]
    for name, request_id in fleet.items():
        chain = [request_id] + [result["positions"][name]["request_id"] for result in results]
        assert results[2]["positions"][name]["request_ids"] == chain and len(set(chain)) == 4
        assert [result["positions"][name]["previous_request_id"] for result in results] == chain[:3]
    pairs = {(entry["previous_request_id"], entry["request_id"]) for entry in seen.effects("replace")}
    assert len(seen.effects("replace")) == len(pairs) == 36


def test_malformed_input_is_refused_before_any_contact(run):
    seen = Observed(run, "malformed")
    assert assert_sentence(seen.result("twice"), "invalid_input", "b: it has the same RequestId as a")
    assert assert_sentence(seen.result("no GUID"), "request_id_malformed", "a: RequestId '1234' is malformed")
    assert "position" in seen.result("no position")["msg"] and seen.result("no position")["_status"] == "failed"
    assert assert_sentence(seen.result("rotation id"), "invalid_input", "2026/q4", "1 to 24")
    assert assert_sentence(seen.result("same AnonId"), "invalid_input", "same AnonId q1", "change anon_id_template")
    assert assert_sentence(seen.result("long AnonId"), "anon_id_too_long", "at most 64")
    assert set(seen.stats["calls"]) <= {"audit", "stats"} and seen.stats["tls_handshakes"].get("rapidauth", 0) == 0


def test_the_site_chooses_its_anon_ids(run, fleet):
    seen = Observed(run, "template")
    assert sorted(entry["anon_id"] for entry in seen.effects("replace")) == sorted("q1_" + name for name in list(fleet)[:2])
