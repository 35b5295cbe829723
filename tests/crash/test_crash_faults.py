# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the same end under every fault of the sandbox at a fifth of all calls, with one controller and with two at once."""

import fleets
import pytest
import tables

TITLE = "a rotation under faults at 20 % of all calls, run again until done"
#: kind: what the fault is given
FAULTS = {
    "none": None,
    "latency": {"seconds": 0.1},
    "too_many_requests": {"seconds": 0},
    "error_after_effect_empty_500": {},
    "bad_gateway": {},
    "unavailable": {"seconds": 0},
    "gateway_timeout": {"is_effect_done": True},
    "garbage": {},
    "html": {},
    "truncated_json": {},
    "slow_drip": {"seconds": 0.01},
    "disconnect_before_effect": {},
    "disconnect_after_effect": {},
    "wrong_request_id": {},
    "maintenance": {},
}
MOST_RUNS = 40


@pytest.fixture(name="size")
def fixture_size(request):
    """How many credentials are rotated: all that are wanted ("make test-crash"), or half of them."""
    return 60 if request.config.getoption("--crash-instants") >= 400 else 30


def put_in_force(sandbox, kind, details):
    if details is not None:
        sandbox.fault("*", kind, count=None, probability=0.2, seed=20261122, **details)


def run_until_done(fleet, controllers, **options):
    """Runs that many controllers at once on the same ledger, each again for what it could not finish.

    Returns how often, and {position: the RequestIds that were returned for it}.
    """
    left = [fleet.params()["credentials"]] * controllers
    reported = {}
    for number in range(1, MOST_RUNS + 1):
        barrier = fleets.FORKS.Barrier(sum(map(bool, left)))
        runs = [fleet.start(barrier=barrier, credentials=each, **options) for each in left if each]
        results = [run.ended().result for run in runs]
        left = [[each for each in fleet.params()["credentials"] if each["position"] in result["failed_positions"]] for result in results]
        for result in results:
            assert not {"busy", "ledger_unusable"} & {entry["error_kind"] for entry in result["positions"].values()}, result
            for position, entry in result["positions"].items():
                reported.setdefault(position, set()).update({entry["request_id"]} - {None})
        if not any(left):
            return number, reported
    raise AssertionError("%d runs did not suffice; they said: %s" % (MOST_RUNS, [result.get("msg") for result in results]))


@pytest.mark.slow
@pytest.mark.parametrize("controllers", [1, 2])
@pytest.mark.parametrize("kind", FAULTS)
def test_under_every_fault_each_credential_is_replaced_once(sandbox, tmp_path, size, kind, controllers):
    details = FAULTS[kind]
    fleet = fleets.Fleet(sandbox, tmp_path, size)
    put_in_force(sandbox, kind, details)
    runs, reported = run_until_done(fleet, controllers, max_failures=size)
    fired = sandbox.stats()["faults_fired"]
    assert (fired > 0) == (details is not None)
    assert sandbox.admin("DELETE", "/faults").status_code == 200
    # One more run without faults finds nothing to replace, and fixes what a wrong answer put into the ledger.
    assert fleet.run_until_done(1) == 1
    once, equal = fleet.assert_done()
    tables.add(TITLE, fault=kind, controllers=controllers, runs=runs, faults_fired=fired, n=size, replaced_once=once, ledger_equal=equal)
    if kind != "wrong_request_id":
        successors = fleet.successors()
        assert reported == {position: set(successors[request_id]) for position, request_id in fleet.request_ids.items()}
    assert fleet.effects("replace_refused") == [], "something was sent although it had been replaced"
    assert runs == 1 or details is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["disconnect_after_effect", "error_after_effect_empty_500", "truncated_json"])
def test_a_service_that_would_replace_twice_is_not_asked_to(sandbox, tmp_path, size, kind):
    sandbox.switch(anon_ids_are_unique=False)
    fleet = fleets.Fleet(sandbox, tmp_path, size)
    sandbox.fault("replace", kind, count=None, probability=0.2, seed=20261122)
    runs, _reported = run_until_done(fleet, 2, max_failures=size, anon_ids_are_unique=False)
    fired = sandbox.stats()["faults_fired"]
    assert fired > 0 and runs > 1
    once, equal = fleet.assert_done()
    tables.add(TITLE, fault=kind + ", AnonIds not unique", controllers=2, runs=runs, faults_fired=fired, n=size,
               replaced_once=once, ledger_equal=equal)


@pytest.mark.slow
def test_effects_that_come_after_their_rotation_gave_them_up(sandbox, tmp_path, size):
    fleet = fleets.Fleet(sandbox, tmp_path, size)
    sandbox.fault("replace", "latency", count=None, seed=1, seconds=1.3, probability=0.2)
    runs, _reported = run_until_done(fleet, 1, max_failures=size, timeout_seconds=1)
    late = sandbox.stats()["faults_fired"]
    assert late > 0 and runs > 1
    assert fleet.run_until_done(2) <= 2
    once, equal = fleet.assert_done()
    tables.add(TITLE, fault="effect after the time limit", controllers=1, runs=runs, faults_fired=late, n=size,
               replaced_once=once, ledger_equal=equal)
