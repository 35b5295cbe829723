# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that two mistakes are caught before they cost something: one AnonId for a whole fleet, and secrets that would lie on another host."""

import pytest
from harness import SHIPPED, Observed, assert_sentence, scenario, task

REQUEST = "rapidauth_request"


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, running_sandbox):
    first, second = (running_sandbox.fleet[index]["request_id"] for index in (0, 1))
    wanted, looked_at = {"state": "replaced", "anon_id": "2026q4"}, {"state": "replaced", "anon_id": "2027q1"}
    return run_scenarios([
        scenario("same for all", task("first", REQUEST, request_id=first, **wanted), task("second", REQUEST, request_id=second, **wanted)),
        scenario("same for all, looked at", task("first", REQUEST, {"check_mode": True}, request_id=first, **looked_at),
                 task("second", REQUEST, {"check_mode": True}, request_id=second, **looked_at)),
        scenario("without pipelining", task("shipped", REQUEST, {"vars": {**SHIPPED["vars"], "ansible_pipelining": False}}, request_id=first)),
    ])


@pytest.mark.parametrize("name, replacements", [("same for all", 1), ("same for all, looked at", 0)])
def test_one_anon_id_for_a_whole_fleet_is_refused(run, name, replacements):
    seen = Observed(run, name)
    assert seen.result("first")["outcome"] == "replaced"
    assert assert_sentence(seen.result("second"), "anon_id_taken", "in the same run", "each credential needs its own")
    assert len(seen.effects("replace")) == replacements


def test_no_secret_travels_to_another_host_without_pipelining(run):
    result = Observed(run, "without pipelining").result("shipped")
    assert result["_status"] == "failed"
    assert "nothing was sent" in result["msg"] and "ansible_pipelining: true" in result["msg"]
