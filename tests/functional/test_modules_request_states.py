# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves rapidauth_request's states in a first run, a second run, check mode, check mode after the change, and diff.

While check mode runs, the sandbox refuses and counts every write: none may come.
"""

import pytest
from harness import Observed, admin_task, effects_since_reset, scenario, task

REQUEST = "rapidauth_request"
CHECK = {"check_mode": True}
FATES = ("unchanged", "expired", "removed")  # of the credential that was replaced, at the service


@pytest.fixture(scope="module", name="ids")
def fixture_ids(running_sandbox):
    return running_sandbox.fleet[0]


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, ids, tmp_path_factory):
    ledgers = tmp_path_factory.mktemp("ledgers")
    one = {"request_id": ids["request_id"]}
    replaced = {**one, "state": "replaced", "anon_id": "position-2026q4"}
    allow_writes = admin_task("after check mode", ["GET", "/stats"], ["GET", "/audit"], ["PATCH", "/switches", {"writes_refused": False}])
    scenarios = [
        scenario("look", task("first", REQUEST, **one), task("check", REQUEST, CHECK, **one),
                 task("upper case", REQUEST, request_id=ids["request_id"].upper(), expect_anon_id=ids["anon_id"]),
                 switches={"writes_refused": True}),
        scenario("prevent", task("check", REQUEST, CHECK, **one, prevent_collection=True), allow_writes,
                 task("first", REQUEST, **one, prevent_collection=True), task("second", REQUEST, **one, prevent_collection=True),
                 task("check after", REQUEST, CHECK, **one, prevent_collection=True), switches={"writes_refused": True}),
        scenario("allow", task("check", REQUEST, CHECK, **one, prevent_collection=False), allow_writes,
                 task("first", REQUEST, **one, prevent_collection=False), task("second", REQUEST, **one, prevent_collection=False),
                 task("check after", REQUEST, CHECK, **one, prevent_collection=False), task("just look", REQUEST, **one),
                 switches={"writes_refused": True}, credentials={ids["request_id"]: {"prevent_collection": True}}),
        scenario("replace", task("check", REQUEST, CHECK, **replaced), allow_writes, task("first", REQUEST, {"register": "rotation"}, **replaced),
                 task("second", REQUEST, **replaced), task("check after", REQUEST, CHECK, **replaced),
                 task("by its own RequestId", REQUEST, **dict(replaced, request_id="{{ rotation.request_id }}")), switches={"writes_refused": True}),
        scenario("writes refused", task("prevent", REQUEST, **one, prevent_collection=True), task("replace", REQUEST, **replaced),
                 switches={"writes_refused": True}),
        scenario("same AnonId", task("replace", REQUEST, **dict(replaced, anon_id=ids["anon_id"]))),
        scenario("expected", task("replace", REQUEST, **replaced, expect_anon_id=ids["anon_id"]),
                 task("second", REQUEST, **replaced, expect_anon_id=ids["anon_id"])),
    ]
    scenarios += [
        scenario("old one " + fate, task("first", REQUEST, **replaced), task("second", REQUEST, **replaced), switches={"old_request_after_replace": fate})
        for fate in FATES]
    scenarios += [
        scenario("ledger, old one " + fate, *(task(name, REQUEST, **replaced, ledger_path=str(ledgers / fate)) for name in ("first", "second")),
                 switches={"old_request_after_replace": fate}) for fate in FATES]
    return run_scenarios(scenarios, diff=True)


def nothing_was_written(seen):
    stats, log, _switches = seen.result("after check mode")["answers"]
    effects = {entry["effect"] for entry in effects_since_reset(log["entries"])}
    return stats["refused_writes"] == 0 and effects <= {"admin_change"} and not {"patch_request", "replace"} & set(stats["calls"])


def test_looking(run, ids):
    seen = Observed(run, "look")
    for name in ("first", "check", "upper case"):
        result = seen.result(name)
        assert (result["_status"], result["changed"], result["outcome"]) == ("ok", False, "unchanged") and "diff" not in result
        assert result["credential"]["anon_id"] == ids["anon_id"] and result["credential"]["status"] == "Collected"
        assert result["credential"]["collected_date"].endswith("Z") and len(result["response"]["CollectedDate"]) == 28
    assert seen.stats["refused_writes"] == 0 and seen.effects() == [] and seen.calls("get_request") == 3


@pytest.mark.parametrize("name, wanted", [("prevent", True), ("allow", False)])
def test_prevent_collection(run, ids, name, wanted):
    seen = Observed(run, name)
    difference = {"before": {"prevent_collection": not wanted}, "after": {"prevent_collection": wanted}}
    check, first, second, check_after = (seen.result(each) for each in ("check", "first", "second", "check after"))
    assert (check["changed"], check["outcome"], check["diff"]) == (True, "patched", difference)
    assert check["credential"]["prevent_collection"] is not wanted, "check mode shows the credential as it is"
    assert nothing_was_written(seen)
    assert (first["changed"], first["outcome"], first["diff"]) == (True, "patched", difference)
    assert first["credential"]["prevent_collection"] is wanted
    for result in (second, check_after):
        assert (result["changed"], result["outcome"]) == (False, "unchanged") and "diff" not in result
    assert [(entry["request_id"], entry["outcome"], entry["detail"]) for entry in seen.effects("patch")] == [
        (ids["request_id"], "done", "PreventCollection %s" % str(wanted).lower())]
    assert seen.calls("patch_request") == 1 and seen.stats["refused_writes"] == 0


def test_replaced(run, ids):
    seen = Observed(run, "replace")
    check, first, second, check_after, own = (seen.result(each) for each in ("check", "first", "second", "check after", "by its own RequestId"))
    before = {"anon_id": ids["anon_id"], "request_id": ids["request_id"]}
    assert (check["changed"], check["outcome"], check["request_ids"]) == (True, "replaced", [ids["request_id"]])
    assert check["diff"] == {"before": before, "after": {"anon_id": "position-2026q4", "request_id": "(assigned by the service)"}}
    assert nothing_was_written(seen)
    successor = first["request_id"]
    assert (first["changed"], first["outcome"], first["request_ids"]) == (True, "replaced", [ids["request_id"], successor])
    assert first["diff"] == {"before": before, "after": {"anon_id": "position-2026q4", "request_id": successor}}
    assert (first["credential"]["status"], first["credential"]["collected_date"]) == ("Requested", None)
    for result in (second, check_after):
        assert (result["changed"], result["outcome"], result["request_id"]) == (False, "adopted", successor)
        assert result["request_ids"] == [ids["request_id"], successor] and "diff" not in result
    assert (own["changed"], own["outcome"], own["request_ids"]) == (False, "already_replaced", [successor])
    assert [(entry["previous_request_id"], entry["request_id"], entry["anon_id"]) for entry in seen.effects("replace")] == [
        (ids["request_id"], successor, "position-2026q4")]
    assert seen.calls("replace") == 1 and seen.stats["refused_writes"] == 0 and seen.stats["licences_used"] == 0


def test_the_diff_is_shown(run):
    assert run.output.count('+    "prevent_collection": true') == 2 and '+    "anon_id": "position-2026q4"' in run.output
    assert '+    "request_id": "(assigned by the service)"' in run.output


def test_refused_writes_are_counted_so_the_proof_can_fail(run):
    seen = Observed(run, "writes refused")
    for name in ("prevent", "replace"):
        assert (seen.result(name)["error_kind"], seen.result(name)["http_status"]) == ("refused", 403)
        assert "error 7713" in seen.result(name)["msg"]
    assert seen.stats["refused_writes"] == 2 and len(seen.effects("write_refused")) == 2


def test_a_replacement_that_is_there_already(run):
    seen = Observed(run, "same AnonId")
    assert (seen.result("replace")["changed"], seen.result("replace")["outcome"]) == (False, "already_replaced")
    assert seen.calls("replace") == 0
    seen = Observed(run, "expected")
    assert [seen.result(name)["outcome"] for name in ("replace", "second")] == ["replaced", "adopted"] and seen.calls("replace") == 1


@pytest.mark.parametrize("fate", FATES)
def test_a_second_run_with_a_ledger_knows_the_replacement(run, fate):
    seen = Observed(run, "ledger, old one " + fate)
    first, second = seen.result("first"), seen.result("second")
    assert (first["changed"], second["changed"]) == (True, False) and second["request_id"] == first["request_id"]
    assert seen.calls("replace") == len(seen.effects("replace")) == 1


@pytest.mark.parametrize("fate", FATES)
def test_a_second_run_finds_the_replacement_whatever_became_of_the_old_one(run, fate):
    seen = Observed(run, "old one " + fate)
    first, second = seen.result("first"), seen.result("second")
    assert (second["changed"], second["outcome"], second["request_id"]) == (False, "adopted", first["request_id"])
    assert seen.calls("replace") == len(seen.effects("replace")) == 1
