# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what rapidauth_ledger_info shows, that rapidauth_request keeps the same ledger, and that no secret gets into it."""

import getpass
import json
import socket
import stat

import pytest
from harness import Observed, admin_task, assert_sentence, scenario, task

REQUEST, INFO, LEDGER, ROTATION = "rapidauth_request", "rapidauth_request_info", "rapidauth_ledger_info", "rapidauth_rotation"
FIELDS = {"id", "api_url", "position", "rotation_id", "original_request_id", "request_id", "new_request_id", "old_anon_id", "new_anon_id", "outcome",
          "error", "intended_at", "finished_at", "delivered_at", "collected_at", "service", "controller", "user"}


@pytest.fixture(scope="module", name="fleet")
def fixture_fleet(running_sandbox):
    return {each["position"]: each for each in running_sandbox.fleet}


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, fleet, place):
    names = list(fleet)
    ids = [each["request_id"] for each in fleet.values()]

    def rotate(name, rotation, chosen, **options):
        credentials = [{"position": each, "request_id": fleet[each]["request_id"]} for each in chosen]
        return task(name, ROTATION, credentials=credentials, rotation_id=rotation, ledger_path=str(place / "view"), max_failures=9, **options)

    service = {"api_url": "{{ rapidauth_api_url }}"}  # ledger_info takes no SAC, and so no defaults of the action group
    view = {"ledger_path": str(place / "view"), **service}
    shown = scenario(
        "view", rotate("q1", "q1", names[:3]), rotate("q2", "q2", names[1:4]),
        task("all", LEDGER, **view, request_ids=[*ids[:5], ids[5].upper()]), task("one", LEDGER, **view, positions=[names[1]]),
        task("rotation", LEDGER, **view, rotation_id="q2"), task("check", LEDGER, {"check_mode": True}, **view),
        task("malformed", LEDGER, **view, request_ids=["1234"]), task("other service", LEDGER, **{**view, "api_url": "https://other.example/rapid"}),
        faults=[{"route": "replace", "kind": "gateway_timeout", "matching": {"request_id": ids[3]}}])
    kept = {"ledger_path": str(place / "kept")}
    named = {"request_id": ids[0], "state": "replaced", **kept}
    requests = scenario(
        "requests",
        task("check", REQUEST, {"check_mode": True}, **{**named, "ledger_path": str(place / "never")}, anon_id="first"),
        task("by anon_id", REQUEST, **named, anon_id="first", position=names[0]),
        task("again", REQUEST, **named, anon_id="first", position=names[0]),
        task("by rotation_id", REQUEST, **named, rotation_id="q2", position=names[0]),
        task("by rotation_id again", REQUEST, **named, rotation_id="q2", position=names[0]),
        task("look by the first", REQUEST, request_id=ids[0], **kept),
        task("prevent by the first", REQUEST, request_id=ids[0], prevent_collection=True, **kept),
        task("look at many", INFO, request_ids=[ids[0], ids[1]], **kept),
        task("without a key", REQUEST, request_id=ids[1], state="replaced", **kept),
        task("without a ledger", REQUEST, request_id=ids[1], state="replaced", rotation_id="q2"),
        task("other's AnonId", REQUEST, request_id=ids[1], state="replaced", anon_id="first", **kept),
        task("ledger", LEDGER, **kept, **service, request_ids=[ids[0]]))
    once = {"request_id": ids[2], "state": "replaced", "rotation_id": "q1", "ledger_path": str(place / "lost"), "anon_ids_are_unique": False}
    lost = scenario(
        "lost answer", task("first", REQUEST, **once),
        task("ledger", LEDGER, ledger_path=str(place / "lost"), **service), admin_task("repair", ["DELETE", "/faults"]),
        task("second", REQUEST, **once),
        faults=[{"route": "replace", "kind": "disconnect_after_effect"}], switches={"anon_ids_are_unique": False})
    return run_scenarios([shown, requests, lost])


def test_the_ledger_shows_what_is_current_unresolved_and_past(run, fleet):
    seen, names = Observed(run, "view"), list(fleet)
    everything = seen.result("all")
    effects = seen.effects("replace")
    ends = {name: effects_of(effects, fleet[name], count) for name, count in zip(names, (1, 2, 2))}
    assert {name: row["request_id"] for name, row in everything["positions"].items()} == ends
    assert everything["request_ids"] == {
        **{fleet[name]["request_id"]: ends.get(name, fleet[name]["request_id"]) for name in names[:5]},
        fleet[names[5]]["request_id"].upper(): fleet[names[5]]["request_id"].upper()}
    row = everything["positions"][names[1]]
    assert (row["rotation_id"], row["original_request_id"]) == ("q2", fleet[names[1]]["request_id"])
    assert [row["position"] for row in everything["unresolved"]] == [names[3]] and len(everything["history"]) == 6
    assert everything["changed"] is False and {name for row in everything["history"] for name in row} == FIELDS
    assert {row["position"] for row in seen.result("one")["history"]} == {names[1]} and len(seen.result("one")["history"]) == 2
    assert {row["rotation_id"] for row in seen.result("rotation")["history"]} == {"q2"}
    assert own(seen.result("check")) == {**own(everything), "request_ids": {}}
    assert assert_sentence(seen.result("malformed"), "request_id_malformed", "1234")
    assert seen.result("other service")["history"] == []


def own(result):
    return {name: value for name, value in result.items() if not name.startswith("_")}


def effects_of(effects, position, count):
    """The RequestId at the end of a position's chain of so many replacements."""
    request_id = position["request_id"]
    for _unused in range(count):
        (request_id,) = [entry["request_id"] for entry in effects if entry["previous_request_id"] == request_id]
    return request_id


def test_it_is_exported_as_json_lines_with_six_audit_fields(run):
    result = Observed(run, "view").result("all")
    rows = [json.loads(line) for line in result["json_lines"].splitlines()]
    assert rows == result["history"] and result["json_lines"].endswith("\n")
    for row in rows:
        assert row["position"] and row["request_id"] and row["new_anon_id"]  # what
        assert row["intended_at"].endswith("Z") and row["finished_at"].endswith("Z")  # when
        assert row["api_url"].startswith("https://localhost:")  # where
        assert (row["controller"], row["user"]) == (socket.gethostname(), getpass.getuser())  # source and identity
        assert row["outcome"] in ("replaced", "unresolved") and (row["outcome"] == "replaced" or row["error"])


def test_a_single_request_keeps_the_same_ledger(run, fleet, place):
    seen, names = Observed(run, "requests"), list(fleet)
    first_id = fleet[names[0]]["request_id"]
    assert seen.result("check")["changed"] is True and not (place / "never").exists()
    by_anon_id, by_rotation_id = seen.result("by anon_id"), seen.result("by rotation_id")
    assert [entry["request_id"] for entry in seen.effects("replace")] == [by_anon_id["request_id"], by_rotation_id["request_id"]]
    assert (by_anon_id["outcome"], seen.result("again")["outcome"], seen.result("again")["changed"]) == ("replaced", "already_replaced", False)
    assert by_rotation_id["request_ids"] == [first_id, by_anon_id["request_id"], by_rotation_id["request_id"]]
    assert own(seen.result("by rotation_id again"))["request_id"] == by_rotation_id["request_id"]
    assert seen.result("look by the first")["credential"]["request_id"] == by_rotation_id["request_id"]
    assert [entry["request_id"] for entry in seen.effects("patch")] == [by_rotation_id["request_id"]]
    looked = seen.result("look at many")["credentials"]
    assert looked[first_id]["request_id"] == by_rotation_id["request_id"] and looked[fleet[names[1]]["request_id"]]["prevent_collection"] is False
    assert "anon_id, rotation_id" in seen.result("without a key")["msg"]
    assert assert_sentence(seen.result("without a ledger"), "invalid_input", "rotation_id and ledger_path")
    assert assert_sentence(seen.result("other's AnonId"), "anon_id_taken", "AnonId first was given to position " + names[0])
    assert seen.result("ledger")["request_ids"] == {first_id: by_rotation_id["request_id"]} and len(seen.result("ledger")["history"]) == 2


def test_a_lost_answer_is_open_in_the_ledger_until_the_next_run(run, fleet):
    seen, name = Observed(run, "lost answer"), list(fleet)[2]
    assert assert_sentence(seen.result("first"), "unresolved", fleet[name]["request_id"], "not known whether", "run the same")
    (row,) = seen.result("ledger")["unresolved"]
    assert (row["outcome"], row["request_id"], row["new_request_id"]) == ("unresolved", fleet[name]["request_id"], None)
    (effect,) = seen.effects("replace")
    assert (seen.result("second")["outcome"], seen.result("second")["request_id"]) == ("adopted", effect["request_id"])


def test_no_secret_is_in_any_file_beside_a_ledger(run, running_sandbox, place):
    assert run.returncode == 0
    passphrase = running_sandbox.values["rapidauth_sac_passphrase"].encode()
    files = [each for each in place.iterdir() if each.is_file()]
    assert len(files) >= 6
    for each in files:
        content = each.read_bytes()
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
        assert passphrase not in content and b"PRIVATE KEY" not in content and b"BEGIN" not in content.replace(b"BEGIN IMMEDIATE", b"")
