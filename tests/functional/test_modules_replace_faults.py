# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a replacement whose answer is lost is never requested twice and never lost, by the sandbox's log of effects."""

import random

import pytest
from harness import Observed, admin_task, assert_sentence, scenario, task

REQUEST = "rapidauth_request"
NEW = "position-2026q4"
ONCE = {"timeout_seconds": 1, "retry_budget_seconds": 0}
DONE = {
    "cut after": {"kind": "disconnect_after_effect"},
    "empty 500": {"kind": "error_after_effect_empty_500"},
    "garbage": {"kind": "garbage"},
    "truncated": {"kind": "truncated_json"},
    "HTML after": {"kind": "html", "is_effect_done": True},
    "gateway gave up": {"kind": "gateway_timeout", "is_effect_done": True},
    "dripping": {"kind": "slow_drip", "seconds": 0.2},
}
# name: (fault, what the sentence says)
NOT_DONE = {
    "cut before": ({"kind": "disconnect_before_effect"}, "cut the connection"),
    "bad gateway": ({"kind": "bad_gateway"}, "HTTP 502"),
    "HTML": ({"kind": "html"}, "HTML"),
}
#: PATCH is idempotent and can be verified: it is enough to look.
PATCHED = {"patch cut after": ("disconnect_after_effect", True), "patch empty 500": ("error_after_effect_empty_500", True),
           "patch cut before": ("disconnect_before_effect", False), "patch bad gateway": ("bad_gateway", False)}


def second_call_only(route, **fault):
    """A fault that spares the first call and hits the second: the look before the replacement must succeed."""
    for seed in range(1000):
        draws = random.Random(seed)
        if draws.random() >= 0.5 > draws.random():
            return {"route": route, "probability": 0.5, "seed": seed, **fault}
    raise AssertionError("no seed does it")


@pytest.fixture(scope="module", name="request_id")
def fixture_request_id(running_sandbox):
    return running_sandbox.fleet[0]["request_id"]


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, request_id):
    named = {"request_id": request_id, "state": "replaced"}
    options = {**named, "anon_id": NEW}
    first, second = task("first", REQUEST, **options, **ONCE), task("second", REQUEST, **options)
    repaired = admin_task("repair", ["DELETE", "/faults"])
    blind = second_call_only("get_credential", kind="unavailable")
    silent = {"anon_id_route_returns_request_id": False}
    scenarios = [scenario(name, first, second, faults=[{"route": "replace", **fault}]) for name, fault in DONE.items()]
    scenarios += [scenario(name, first, second, faults=[{"route": "replace", **fault}]) for name, (fault, _said) in NOT_DONE.items()]
    scenarios += [
        scenario("unresolved, done", first, repaired, second, faults=[{"route": "replace", "kind": "disconnect_after_effect"}, blind]),
        scenario("unresolved, not done", first, repaired, second, faults=[{"route": "replace", "kind": "disconnect_before_effect"}, blind]),
        scenario("silent, answer came", first, second, switches=silent),
        scenario("silent, answer lost", first, second, faults=[{"route": "replace", "kind": "disconnect_after_effect"}], switches=silent),
        scenario("lapsed", first, admin_task("wait", ["PUT", "/clock", {"advance_seconds": 660}]), second,
                 task("under another AnonId", REQUEST, **named, anon_id="position-2026q4b")),
        scenario("slow down", first, second, faults=[{"route": "replace", "kind": "too_many_requests", "seconds": 1}]),
        scenario("maintenance", first, second, faults=[{"route": "replace", "kind": "maintenance"}]),
        scenario("errors as 200", first, second, switches={"errors_as_200": True}),
    ]
    prevented = {"request_id": request_id, "prevent_collection": True}
    scenarios += [scenario(name, task("first", REQUEST, **prevented), task("second", REQUEST, **prevented), faults=[{"route": "patch_request", "kind": kind}])
                  for name, (kind, _is_done) in PATCHED.items()]
    return run_scenarios(scenarios)


def replaced_once(seen, request_id):
    """The successor's RequestId, given that the log knows exactly one replacement of this credential."""
    (entry,) = seen.effects("replace")
    assert (entry["previous_request_id"], entry["anon_id"]) == (request_id, NEW)
    return entry["request_id"]


@pytest.mark.parametrize("name", DONE)
def test_a_replacement_whose_answer_was_lost_is_found(run, request_id, name):
    seen = Observed(run, name)
    successor = replaced_once(seen, request_id)
    first, second = seen.result("first"), seen.result("second")
    assert (first["_status"], first["changed"], first["outcome"], first["request_id"]) == ("ok", True, "replaced", successor), first
    assert (second["changed"], second["outcome"], second["request_id"]) == (False, "adopted", successor)
    assert seen.calls("replace") == 1 and seen.stats["faults_fired"] == 1


@pytest.mark.parametrize("name", NOT_DONE)
def test_a_replacement_that_did_not_happen_is_reported_and_made_by_the_next_run(run, request_id, name):
    seen = Observed(run, name)
    # A gateway's answer does not say that what is behind it has given up.
    kind, words = ("unresolved", "may still be at work") if name == "bad gateway" else ("not_replaced", "was not replaced")
    assert assert_sentence(seen.result("first"), kind, request_id, words, NOT_DONE[name][1], NEW, "run the same task again")
    assert (seen.result("second")["outcome"], seen.result("second")["request_id"]) == ("replaced", replaced_once(seen, request_id))
    assert seen.calls("replace") == 2


@pytest.mark.parametrize("name, outcome", [("unresolved, done", "adopted"), ("unresolved, not done", "replaced")])
def test_where_it_cannot_be_looked_up_the_next_run_resolves_it(run, request_id, name, outcome):
    seen = Observed(run, name)
    assert assert_sentence(seen.result("first"), "unresolved", "not known whether", request_id, NEW, "HTTP 503", "run the same task again", "same anon_id")
    second = seen.result("second")
    assert (second["outcome"], second["changed"]) == (outcome, outcome == "replaced")
    assert second["request_id"] == replaced_once(seen, request_id)


def test_a_service_that_does_not_return_the_new_request_id(run, request_id):
    seen = Observed(run, "silent, answer came")
    assert seen.result("first")["request_id"] == replaced_once(seen, request_id)
    assert assert_sentence(seen.result("second"), "request_id_unknown", NEW, "does not return its RequestId", "dashboard")
    seen = Observed(run, "silent, answer lost")
    assert assert_sentence(seen.result("first"), "request_id_unknown", "was replaced", "answer was lost", NEW, "dashboard")
    assert assert_sentence(seen.result("second"), "request_id_unknown", NEW)
    assert replaced_once(seen, request_id) and seen.calls("replace") == 1


def test_a_replacement_that_nobody_collected_in_time(run, request_id):
    seen = Observed(run, "lapsed")
    assert seen.result("first")["outcome"] == "replaced"
    assert assert_sentence(
        seen.result("second"), "replacement_expired", request_id, NEW, seen.result("first")["request_id"], "Expired", "under another AnonId")
    assert seen.result("under another AnonId")["outcome"] == "replaced"
    assert [entry["anon_id"] for entry in seen.effects("replace")] == [NEW, "position-2026q4b"]


@pytest.mark.parametrize("name, kind, pieces", [
    ("slow down", "throttled", ["HTTP 429, Retry-After 1 s", "not repeated", "run again later"]),
    ("maintenance", "maintenance", ["HTTP 503, error 13", "in maintenance"])])
def test_a_refusal_of_the_replacement_is_final_for_this_run(run, request_id, name, kind, pieces):
    seen = Observed(run, name)
    assert assert_sentence(seen.result("first"), kind, *pieces)
    assert seen.result("second")["request_id"] == replaced_once(seen, request_id) and seen.calls("replace") == 2


def test_errors_under_status_200_are_errors(run, request_id):
    seen = Observed(run, "errors as 200")
    assert [seen.result(name)["outcome"] for name in ("first", "second")] == ["replaced", "adopted"] and replaced_once(seen, request_id)


@pytest.mark.parametrize("name", PATCHED)
def test_a_patch_whose_answer_was_lost_is_verified(run, request_id, name):
    seen = Observed(run, name)
    if PATCHED[name][1]:
        assert (seen.result("first")["changed"], seen.result("second")["changed"]) == (True, False)
    else:
        assert assert_sentence(seen.result("first"), "not_taken", request_id, "still False", "run again")
        assert seen.result("second")["changed"] is True
    assert [(entry["request_id"], entry["outcome"]) for entry in seen.effects("patch")] == [(request_id, "done")]
