# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the end of killed rotations where accounts differ: AnonIds that are not unique, old requests that end with their replacement."""

import functools
import signal

import fleets
import kill_points
import pytest
import tables

TITLE = "a rotation of 40 killed with SIGKILL where accounts differ"
SIZE = 40
#: The points between which it is open whether a credential was replaced.
OPEN_POINTS = ("after an intent", "before a POST", "POST sent", "POST answered", "before an outcome")


def killed_fleet(sandbox, directory, name, number, **options):
    fleet = fleets.Fleet(sandbox, directory, SIZE)
    killed = fleet.run(prepare=functools.partial(kill_points.POINTS[name][0], number), **options)
    assert killed.process.exitcode == -signal.SIGKILL
    return fleet


@pytest.mark.slow
@pytest.mark.parametrize("fate", ["expired", "removed"])
@pytest.mark.parametrize("name", OPEN_POINTS)
def test_where_a_replacement_ends_the_old_request(sandbox, tmp_path, name, fate):
    sandbox.switch(old_request_after_replace=fate)
    fleet = killed_fleet(sandbox, tmp_path, name, 17)
    runs = fleet.run_until_done(2)
    once, equal = fleet.assert_done()
    tables.add(TITLE, account="old request is " + fate, killed=name, more_runs=runs, resolutions=0, n=SIZE, replaced_once=once, ledger_equal=equal)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN_POINTS)
def test_where_anon_ids_are_not_unique_nothing_is_guessed(sandbox, tmp_path, name):
    sandbox.switch(anon_ids_are_unique=False)
    options = {"anon_ids_are_unique": False, "max_failures": SIZE}
    fleet = killed_fleet(sandbox, tmp_path, name, 17, **options)
    left_open = {row["position"] for row in fleet.ledger_rows() if row["outcome"] == "intended"}
    sent_before = fleet.successors()
    result = fleet.run(**options).result
    # What the service shows is taken; what it does not show is not sent again, but left to a person.
    unresolved = {position for position, entry in result["positions"].items() if entry["outcome"] == "unresolved"}
    assert unresolved == {position for position in left_open if not sent_before[fleet.request_ids[position]]}
    assert all(not fleet.successors()[fleet.request_ids[position]] for position in unresolved)
    assert set(result["failed_positions"]) == unresolved
    again = fleet.run(**options).result if unresolved else result
    assert set(again["failed_positions"]) == unresolved and all("resolve" in again["positions"][each]["reason"] for each in unresolved)
    resolutions = dict.fromkeys(unresolved, "not_replaced")
    runs = fleet.run_until_done(1, resolutions=resolutions, **options)
    once, equal = fleet.assert_done()
    tables.add(TITLE, account="AnonIds not unique", killed=name, more_runs=runs + 2, resolutions=len(resolutions), n=SIZE,
               replaced_once=once, ledger_equal=equal)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN_POINTS)
def test_one_of_two_controllers_is_killed(sandbox, tmp_path, name):
    fleet = fleets.Fleet(sandbox, tmp_path, SIZE)
    barrier = fleets.FORKS.Barrier(2)
    # From the other end of the fleet, so that it comes to its third one whoever is faster.
    backwards = fleet.params()["credentials"][::-1]
    dying = fleet.start(prepare=functools.partial(kill_points.POINTS[name][0], 3), barrier=barrier, credentials=backwards)
    other = fleet.start(barrier=barrier)
    assert dying.ended().process.exitcode == -signal.SIGKILL
    result = other.ended().result
    assert (result["failed_positions"], result["summary"]["total"]) == ([], SIZE)
    once, equal = fleet.assert_done()
    tables.add(TITLE, account="another controller goes on", killed=name, more_runs=0, resolutions=0, n=SIZE, replaced_once=once, ledger_equal=equal)


@pytest.mark.slow
def test_without_its_ledger_a_rotation_of_unique_anon_ids_is_adopted(sandbox, tmp_path):
    fleet = killed_fleet(sandbox, tmp_path, "POST answered", 17)
    for path in tmp_path.glob("ledger.sqlite*"):
        path.unlink()
    result = fleet.run().result
    assert result["summary"]["adopted"] >= 17 and result["ledger_is_new"] is True
    fleet.assert_done()
