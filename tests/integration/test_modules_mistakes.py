# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that two mistakes are caught before they cost something: one AnonId for a whole fleet, and a bare key that would travel."""

import pytest
from harness import SHIPPED, Observed, assert_sentence, scenario, task

REQUEST = "rapidauth_request"
BARE_KEY = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n"


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, running_sandbox):
    first, second = (running_sandbox.fleet[index]["request_id"] for index in (0, 1))
    wanted, looked_at = {"state": "replaced", "anon_id": "2026q4"}, {"state": "replaced", "anon_id": "2027q1"}
    return run_scenarios([
        scenario("same for all", task("first", REQUEST, request_id=first, **wanted), task("second", REQUEST, request_id=second, **wanted)),
        scenario("same for all, looked at", task("first", REQUEST, {"check_mode": True}, request_id=first, **looked_at),
                 task("second", REQUEST, {"check_mode": True}, request_id=second, **looked_at)),
        scenario("bare key", task("shipped", REQUEST, SHIPPED, request_id=first, sac_key_content=BARE_KEY)),
    ])


@pytest.mark.parametrize("name, replacements", [("same for all", 1), ("same for all, looked at", 0)])
def test_one_anon_id_for_a_whole_fleet_is_refused(run, name, replacements):
    seen = Observed(run, name)
    assert seen.result("first")["outcome"] == "replaced"
    assert assert_sentence(seen.result("second"), "anon_id_taken", "in the same run", "each credential needs its own")
    assert len(seen.effects("replace")) == replacements


def test_a_bare_key_does_not_travel_to_another_host(run):
    result = Observed(run, "bare key").result("shipped")
    assert result["_status"] == "failed"
    assert "sac_key_content holds an unencrypted private key" in result["msg"] and "encrypt it" in result["msg"]
    assert "bm90IGEga2V5" not in result["msg"]
