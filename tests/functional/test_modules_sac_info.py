# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that rapidauth_sac_info reports every SAC of the sandbox correctly, and asks the service once, if at all."""

import pytest
from harness import SHIPPED, Observed, assert_sentence, scenario, task
from sac_options import FOREIGN_KEY, sac_options

INFO = "rapidauth_sac_info"
# name: (which SAC, options, is_usable, kinds of problems, is_proven or "not asked", connections to the service)
SACS = {
    "valid": ("valid", {}, True, [], "not asked", 0),
    "valid PKCS12": ("valid", {"sac_path": "pkcs12_path"}, True, [], "not asked", 0),
    "valid, proved": ("valid", {"probe": True}, True, [], True, 1),
    "too few days": ("valid", {"probe": True, "min_days_left": 30000}, False, ["sac_expiring"], None, 0),
    "expired": ("expired", {"probe": True}, False, ["sac_expired"], None, 0),
    "not yet valid": ("not_yet_valid", {"probe": True}, False, ["sac_not_yet_valid"], None, 0),
    "expired, on another day": ("expired", {"now": "2026-01-01T00:00:00Z"}, None, None, "not asked", 0),
    "foreign": ("foreign_authority", {"probe": True}, False, ["sac_refused"], False, 1),
    "key of another": ("valid", {"sac_path": "certificate_path", "sac_key_path": FOREIGN_KEY, "probe": True}, False, ["sac_key_mismatch"], None, 0),
}


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, run_scenarios):
    scenarios = [scenario(name, task("look", INFO, **sac_options(running_sandbox, which, **given))) for name, (which, given, *_expected) in SACS.items()]
    proved = sac_options(running_sandbox, "valid", probe=True)
    scenarios += [
        scenario("in check mode", task("look", INFO, {"check_mode": True}, **proved)),
        scenario("shipped", task("look", INFO, SHIPPED, **proved)),
        scenario("in maintenance", task("look", INFO, **proved), switches={"maintenance": True}),
        scenario("refused by HTTP", task("look", INFO, **sac_options(running_sandbox, "foreign_authority", probe=True)),
                 switches={"sac_refusal": "http_403"}),
        scenario("a page", task("look", INFO, **proved, retry_budget_seconds=0), faults=[{"route": "get_request", "kind": "html", "count": 9}]),
        scenario("wrong passphrase", task("look", INFO, **{**proved, "sac_passphrase": "no such thing"})),
        scenario("passphrase with a line break", task("look", INFO, **{**proved, "sac_passphrase": proved["sac_passphrase"] + "\n"})),
        scenario("passphrase as a number", task("look", INFO, **{**proved, "sac_passphrase": 57})),
        scenario("passphrase as a number, shipped", task("look", INFO, SHIPPED, **{**proved, "sac_passphrase": 57})),
        scenario("no such file", task("look", INFO, **{**proved, "sac_path": "/no/such.pem"})),
        scenario("nonsense", task("look", INFO, **proved, min_days_left=-1)),
    ]
    return run_scenarios(scenarios)


@pytest.mark.parametrize("name", [name for name in SACS if SACS[name][2] is not None])
def test_each_property_of_a_sac_is_reported(run, name):
    _which, _given, is_usable, problems, is_proven, connections = SACS[name]
    seen = Observed(run, name)
    result = seen.result("look")
    kinds = [each["kind"] for each in result["problems"]]
    assert (result["is_usable"], kinds, result.get("is_proven", "not asked")) == (is_usable, problems, is_proven), result
    assert result["changed"] is False and result["weaknesses"] == [] and result["key_type"] == "RSA" and result["key_size_bits"] == 2048
    assert seen.stats["connections"].get("rapidauth", 0) == connections
    assert seen.calls("get_request") == (1 if is_proven is True else 0) and seen.effects("replace", "patch") == []


def test_now_is_the_time_it_is_judged_by(run):
    result = Observed(run, "expired, on another day").result("look")
    assert result["now"] == "2026-01-01T00:00:00Z" and "sac_expired" not in [each["kind"] for each in result["problems"]] and result["days_left"] > 0


@pytest.mark.parametrize("name", ["in check mode", "shipped"])
def test_it_is_proved_in_check_mode_and_elsewhere_too(run, name):
    seen = Observed(run, name)
    assert seen.result("look")["is_proven"] is True and seen.calls("get_request") == 1


def test_a_service_in_maintenance_has_looked_at_the_sac(run):
    assert Observed(run, "in maintenance").result("look")["is_proven"] is True


@pytest.mark.parametrize("name, is_proven, kind", [("refused by HTTP", False, "sac_refused"), ("a page", None, "unusable_answer")])
def test_what_is_no_proof_is_said(run, name, is_proven, kind):
    result = Observed(run, name).result("look")
    (problem,) = result["problems"]
    assert (result["is_proven"], problem["kind"], result["is_usable"]) == (is_proven, kind, False) and problem["what_to_do"]


@pytest.mark.parametrize("name, kind, words", [
    ("wrong passphrase", "sac_wrong_passphrase", "check sac_passphrase"), ("no such file", "sac_unreadable", "/no/such.pem"),
    ("nonsense", "invalid_input", "min_days_left"), ("passphrase with a line break", "invalid_input", "sac_passphrase ends with a line break"),
    ("passphrase as a number", "invalid_input", "put it in quotes"), ("passphrase as a number, shipped", "invalid_input", "put it in quotes")])
def test_what_cannot_be_read_fails(run, name, kind, words):
    assert assert_sentence(Observed(run, name).result("look"), kind, words)
