# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a rotation killed with SIGKILL at any instant and run again replaces every credential exactly once and knows every successor."""

import functools
import shutil
import signal
import time

import fleets
import kill_points
import pytest
import tables

TITLE = "a rotation of 200 killed with SIGKILL, then run again"
SIZE = 200
FROM_OUTSIDE = "from outside, while it runs"


def instants(count):
    """Yields (name of the point, number of the call at which to die), the calls spread over the run."""
    for name in kill_points.CREATION_POINTS:
        yield name, 1
    names = [*kill_points.POINTS, FROM_OUTSIDE]
    seen = {}
    for index in range(max(0, count - len(kill_points.CREATION_POINTS))):
        name = names[index % len(names)]
        seen[name] = seen.get(name, 0) + 1
        spread = (seen[name] * 0.618034 + names.index(name) / len(names)) % 1  # each point's own even spread
        share = kill_points.POINTS[name][1] if name in kill_points.POINTS else 0.8
        yield name, 1 + int(spread * (SIZE * share - 1))


def kill_at(fleet, name, number):
    """Runs a rotation that dies there."""
    if name == FROM_OUTSIDE:
        return kill_from_outside(fleet, number)
    install = kill_points.CREATION_POINTS.get(name) or functools.partial(kill_points.POINTS[name][0], number)
    return fleet.run(prepare=install)


def kill_from_outside(fleet, number):
    """Kills the process once the service has had that many POSTs."""
    posts_before = posts(fleet.sandbox)
    run = fleet.start()
    while posts(fleet.sandbox) - posts_before < number and run.process.is_alive():
        time.sleep(0.002)
    run.process.kill()
    return run.ended()


def posts(sandbox):
    return sandbox.stats()["calls"].get("replace", {}).get("POST", 0)


@pytest.mark.slow
def test_a_rotation_killed_at_any_instant_is_finished_by_the_next_run(sandbox, tmp_path, request):
    for index, (name, number) in enumerate(instants(request.config.getoption("--crash-instants"))):
        fleet = fleets.Fleet(sandbox, tmp_path / str(index), SIZE)
        killed = kill_at(fleet, name, number)
        assert (killed.process.exitcode, killed.result) == (-signal.SIGKILL, None), (name, number)
        done_before, open_before = fleet.replaced_once(), count_open(fleet)
        runs = fleet.run_until_done(3)
        once, equal = fleet.assert_done()
        tables.add(TITLE, killed=name, at_call=number, replaced_then=done_before, open_then=open_before, more_runs=runs,
                   n=SIZE, replaced_once=once, ledger_equal=equal)
        assert open_before <= 16, "more was open than can have been in flight"
        shutil.rmtree(fleet.directory)


def count_open(fleet):
    """How many intents of the killed run have no outcome."""
    if not (fleet.directory / "ledger.sqlite").exists():
        return 0
    return sum(row["outcome"] == "intended" for row in fleet.ledger_rows())
