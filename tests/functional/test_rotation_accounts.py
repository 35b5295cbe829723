# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that nothing is guessed where AnonIds are not unique, and that a person's verdict is checked and resolves it."""

import pytest
from harness import Observed, admin_task, assert_sentence, scenario, task

ROTATION = "rapidauth_rotation"
NOT_UNIQUE = {"anon_ids_are_unique": False}


@pytest.fixture(scope="module", name="fleet")
def fixture_fleet(running_sandbox):
    return {each["position"]: each["request_id"] for each in running_sandbox.fleet}


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, fleet, tmp_path_factory):
    place = tmp_path_factory.mktemp("ledgers")
    one, other = list(fleet.items())[:2]

    def rotate(name, ledger, keywords=None, **options):
        credentials = [{"position": position, "request_id": request_id} for position, request_id in (one, other)]
        return task(name, ROTATION, keywords, **{
            "rotation_id": "q1", "ledger_path": str(place / ledger), "credentials": credentials, "max_failures": 9, **NOT_UNIQUE, **options})

    def lost(kind):
        return [{"route": "replace", "kind": kind, "matching": {"request_id": one[1]}}]

    log = dict(admin_task("look in the dashboard", ["GET", "/audit?effect=replace"]), register="dashboard")
    successor = ("{{ (dashboard.answers[0].entries | selectattr('previous_request_id', 'equalto', '%s') | list | last).request_id }}" % one[1])
    return run_scenarios([
        scenario("done", rotate("first", "done"), rotate("second", "done"), faults=lost("disconnect_after_effect"), switches=NOT_UNIQUE),
        scenario(
            "not done", rotate("first", "not"), rotate("second", "not"), rotate("next rotation", "not", rotation_id="q2"),
            rotate("wrong id", "not", resolutions={one[0]: other[1]}), rotate("no id", "not", resolutions={one[0]: "perhaps"}),
            rotate("nobody", "not", resolutions={"nobody": "not_replaced"}),
            rotate("rehearsed", "not", {"check_mode": True}, resolutions={one[0]: "not_replaced"}),
            rotate("resolutions", "not", resolutions={one[0]: "not_replaced"}), rotate("again", "not", resolutions={one[0]: "not_replaced"}),
            faults=lost("disconnect_before_effect"), switches=NOT_UNIQUE),
        scenario(
            "silent service", rotate("first", "silent"), rotate("second", "silent"), log, rotate("resolutions", "silent", resolutions={one[0]: successor}),
            faults=lost("disconnect_after_effect"), switches={**NOT_UNIQUE, "anon_id_route_returns_request_id": False}),
    ])


def entries(result):
    return list(result["positions"].values())


def test_a_lost_answer_is_left_open_and_taken_by_the_next_run_where_it_shows(run, fleet):
    seen = Observed(run, "done")
    first, second = entries(seen.result("first")), entries(seen.result("second"))
    assert [entry["outcome"] for entry in first] == ["unresolved", "replaced"] and "AnonIds are not unique" in first[0]["reason"]
    assert [entry["outcome"] for entry in second] == ["adopted", "already_replaced"]
    effects = {entry["previous_request_id"]: entry["request_id"] for entry in seen.effects("replace")}
    assert len(seen.effects("replace")) == 2 and second[0]["request_id"] == effects[next(iter(fleet.values()))]


def test_what_does_not_show_is_never_sent_again_until_a_person_says_so(run, fleet):
    seen = Observed(run, "not done")
    position = next(iter(fleet))
    for name in ("first", "second", "next rotation"):
        entry = entries(seen.result(name))[0]
        assert (entry["outcome"], entry["error_kind"], entry["request_id"]) == ("unresolved", "unresolved", None), name
    assert "resolve it" in entries(seen.result("second"))[0]["reason"]
    assert "rotation q1 left it open" in entries(seen.result("next rotation"))[0]["reason"]
    assert assert_sentence(seen.result("wrong id"), "invalid_input", position, "check it in the dashboard")
    assert assert_sentence(seen.result("no id"), "request_id_malformed", "perhaps")
    assert assert_sentence(seen.result("nobody"), "invalid_input", "nobody", "not among the credentials")
    assert entries(seen.result("rehearsed"))[0]["outcome"] == "unresolved"
    assert [entry["outcome"] for entry in entries(seen.result("resolutions"))] == ["replaced", "already_replaced"]
    assert [entry["outcome"] for entry in entries(seen.result("again"))] == ["already_replaced"] * 2
    sent = [entry["previous_request_id"] for entry in seen.effects("replace")]
    assert sorted(sent) == sorted([*list(fleet.values())[:2], list(sent)[1]]) and seen.calls("replace") == 4


def test_the_request_id_that_a_person_found_is_taken(run, fleet):
    seen = Observed(run, "silent service")
    assert [entry["outcome"] for entry in entries(seen.result("first"))] == ["unresolved", "replaced"]
    second = entries(seen.result("second"))[0]
    assert (second["outcome"], second["error_kind"]) == ("refused", "request_id_unknown") and "dashboard" in second["reason"]
    resolutions = entries(seen.result("resolutions"))[0]
    effects = {entry["previous_request_id"]: entry["request_id"] for entry in seen.effects("replace")}
    assert (resolutions["outcome"], resolutions["request_id"]) == ("already_replaced", effects[next(iter(fleet.values()))])
    assert len(seen.effects("replace")) == 2
