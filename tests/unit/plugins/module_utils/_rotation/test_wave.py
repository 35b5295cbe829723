# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Whether a wave may begin, what it came to, and what is said at the end."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import wave, wording

CREDENTIALS = [{"position": "a", "request_id": "A", "anon_id": "mine"}, {"position": "b", "request_id": "B"}, {"position": "c", "request_id": "C"}]
PLAN = {"positions": dict.fromkeys("abc", {}), "credentials": CREDENTIALS,
        "resolutions": {"a": "not_replaced", "c": "x"},
        "max_failures": 1, "collection_minutes": 10.0, "ledger_path": "/ledger"}


def test_a_wave_takes_its_credentials_from_the_plan():
    begun = wave.begin_wave(PLAN, {}, ["a", "b"], 5, 100.0)
    assert begun["refusal"] == "" and begun["credentials"] == CREDENTIALS[:2]
    assert (begun["resolutions"], begun["rounds"], begun["began_at"]) == ({"a": "not_replaced"}, 1, 100.0)


@pytest.mark.parametrize("progress, positions, reported", [
    ({}, ["a", "z"], "z is not in the plan"),
    ({"failed": ["a", "b"]}, ["c"], "2 positions have failed, and rotation_max_failures is 1: no further wave is started."),
    ({"seconds_per_round": 400}, ["a", "b", "c"], "The next wave of 3 would take about 800 s, and has 10 minutes")])
def test_a_wave_that_must_not_begin(progress, positions, reported):
    begun = wave.begin_wave(PLAN, progress, positions, 2, 0.0)
    assert reported in begun["refusal"] and begun["credentials"] == []


def entry(outcome="replaced", **more):
    return {"outcome": outcome, "request_id": "NEW", "old_anon_id": "old", "anon_id": "new", **more}


def test_the_progress_adds_up():
    begun = wave.begin_wave(PLAN, {}, ["a", "b"], 1, 100.0)
    done, undone = {"is_done": True, "collected_date": "2026-11-22T08:00:00Z", "message": ""}, {"is_done": False, "message": "b is not done"}
    progress = wave.end_wave(PLAN, {}, begun, {"a": entry(), "b": entry()}, {"positions": {"a": done, "b": undone}}, 500.0)
    assert progress["failed"] == ["b"] and (progress["wave_seconds"], progress["seconds_per_round"]) == (400.0, 200.0)
    assert progress["warning"].startswith("This wave took 400 s of the 10 minutes")
    later = wave.end_wave(PLAN, progress, wave.begin_wave(PLAN, progress, ["c"], 1, 600.0), {}, {"msg": "the service is gone"}, 601.0)
    assert later["failed"] == ["b", "c"] and later["warning"] == ""
    assert later["positions"]["c"]["message"] == "c is not done: its outcome could not be confirmed: the service is gone"
    assert later["positions"]["c"]["outcome"] == "not_started"


@pytest.mark.parametrize("answer, reported", [
    ({"is_delivered": False}, None), ({}, "it was not tried"), ({"failed": True, "msg": "no room", "is_delivered": False}, "no room"),
    ({"unreachable": True, "msg": "ssh: refused"}, "it cannot be reached (refused); switch it on, or correct how Ansible connects to it"),
    ({"skipped": True, "msg": "?"}, "?")])
def test_positions_that_are_not_ready(answer, reported):
    tried = {name: {"is_delivered": False} for name in "ab"}
    said = wave.describe_unready(PLAN, {**tried, "c": answer})
    assert said == ("" if reported is None else "Nothing was replaced. c: %s | Fix them, or leave them out with --limit." % reported)


def test_the_report_is_made_from_what_the_ledger_holds():
    progress = {"positions": {"a": dict(entry(), is_done=True, collected_date="2026-11-22T08:00:00Z"), "b": dict(entry("already_replaced"), is_done=True)}}
    row = {"outcome": "replaced", "new_request_id": "new"}
    report = wording.describe_outcomes(PLAN, {"ledger_path": "/ledger"}, progress, [row])
    assert report["failure"] == "" and report["lines"][-1].startswith("The ledger /ledger has every RequestId")
    assert "  a         old -> new" in report["lines"] and not [line for line in report["lines"] if line.startswith("  b  ")]
    lost = wording.describe_outcomes(PLAN, {}, progress, [dict(row, outcome="intended")])
    assert lost["failure"].startswith("The ledger has no complete entry for a,") and "every RequestId" not in lost["lines"][-1]


@pytest.mark.parametrize("skew, reported", [(None, ""), (119, ""), (-120, ""), (121, "differ by 121 s"), (-121, "differ by -121 s")])
def test_clocks_that_differ(skew, reported):
    said = wording.describe_refusals({"failed_positions": [], "clock_skew_seconds": skew})
    assert reported in said and bool(said) == bool(reported)
