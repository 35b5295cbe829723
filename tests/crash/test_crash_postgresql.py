# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves the same end over a ledger in PostgreSQL: the controller killed, the server killed, restarted or silent, sessions ended, four controllers at once."""

import functools
import random
import signal
import socket
import threading
import time

import fleets
import kill_points
import pytest
import tables
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import fence, postgresql as postgresql_store
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: F401  # pylint: disable=unused-import
    fixture_database, fixture_ledger_url, fixture_postgresql)
from test_crash_instants import FROM_OUTSIDE, instants, kill_at

TITLE = "a rotation over PostgreSQL, disturbed, then run again"
#: A POST may arrive for START_SECONDS and twice this after its intent; the next run waits for that.
OPTIONS = {"timeout_seconds": 3}

pytestmark = pytest.mark.slow


@pytest.fixture(name="is_whole")
def fixture_is_whole(request):
    """Whether all is wanted ("make test-crash"), or a part."""
    return request.config.getoption("--crash-instants") >= 400


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """The forks have them too."""
    monkeypatch.setattr(fence, "START_SECONDS", 2)
    monkeypatch.setattr(postgresql_store, "SILENT_SECONDS", 2)


def finish(fleet, name, at_call=None):
    runs = fleet.run_until_done(5, **OPTIONS)
    once, equal = fleet.assert_done()
    tables.add(TITLE, disturbed=name, at_call=at_call, more_runs=runs, n=len(fleet.request_ids), replaced_once=once, ledger_equal=equal)


def test_a_controller_killed_at_any_instant(sandbox, tmp_path, ledger_url, is_whole):  # noqa: F811
    count, size = (100, 200) if is_whole else (3, 40)
    points = [each for each in instants(count + len(kill_points.CREATION_POINTS)) if each[0] not in kill_points.CREATION_POINTS]
    if not is_whole:
        points = [(name, 7) for name in ("after an intent", "POST sent", FROM_OUTSIDE)]
    for index, (name, number) in enumerate(points):
        fleet = fleets.Fleet(sandbox, tmp_path / str(index), size, ledger_url)
        fleet.options.update(OPTIONS)
        killed = kill_at(fleet, name, number)
        assert (killed.process.exitcode, killed.result) == (-signal.SIGKILL, None), (name, number)
        finish(fleet, name, number)


class Relay:
    """A way to the server that can be cut: connections stay, and carry nothing."""

    def __init__(self, port):
        self._port, self._listener = port, socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_open = threading.Event()
        self._is_open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                one = self._listener.accept()[0]
                other = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        try:
            while True:
                data = source.recv(65536)
                self._is_open.wait()
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self, seconds):
        self._is_open.clear()
        time.sleep(seconds)
        self._is_open.set()

    def close(self):
        self._listener.close()


def disturb(run, sandbox, first, act, every, most):
    """Acts again and again, from the time on when something has been replaced, as long as the rotation runs, and not more often than ``most``."""
    count = 0
    while run.process.is_alive():
        if count < most and sandbox.stats()["calls"].get("replace", {}).get("POST", 0) > first:
            act()
            count += 1
        time.sleep(every * random.random())
    run.ended()
    return count


@pytest.mark.parametrize("name", ["server killed", "server restarted", "sessions ended", "network silent"])
def test_a_server_that_is_disturbed(sandbox, tmp_path, postgresql, database, ledger_url, is_whole, name):  # noqa: F811
    relay = Relay(postgresql.port)
    url = postgresql.network_url(database, port=relay.port) if name == "network silent" else ledger_url
    act, every, most = {
        "server killed": (functools.partial(postgresql.restart, is_killed=True), 2, 5 if is_whole else 2),
        "server restarted": (postgresql.restart, 2, 5 if is_whole else 2),
        "sessions ended": (postgresql.end_sessions, 0.1, 200),
        "network silent": (functools.partial(relay.cut, 4), 2, 2 if is_whole else 1),
    }[name]
    for index in range(5 if is_whole else 1):
        fleet = fleets.Fleet(sandbox, tmp_path / str(index), 400 if is_whole else 60, url)
        first = sandbox.stats()["calls"].get("replace", {}).get("POST", 0)
        sandbox.fault("*", "latency", count=None, probability=1.0, seconds=0.05)
        run = fleet.start(concurrency=4, max_failures=1000, **OPTIONS)
        count = disturb(run, sandbox, first, act, every, most)
        sandbox.admin("DELETE", "/faults")
        assert count
        finish(fleet, name, count)
    relay.close()


def test_four_controllers_on_overlapping_halves_each_killed(sandbox, tmp_path, ledger_url, is_whole):  # noqa: F811
    rounds, size = (20, 400) if is_whole else (1, 60)
    for index in range(rounds):
        fleet = fleets.Fleet(sandbox, tmp_path / str(index), size, ledger_url)
        every = fleet.params()["credentials"]
        halves = [(every + every)[number * size // 4:number * size // 4 + size // 2] for number in range(4)]
        barrier = fleets.FORKS.Barrier(4)
        runs = [fleet.start(credentials=half, barrier=barrier, **OPTIONS) for half in halves]
        killers = [threading.Timer(random.uniform(0.2, size / 60), run.process.kill) for run in runs]
        for each in killers:
            each.start()
        for run in runs:
            run.ended()
        again = [fleet.start(credentials=half, **OPTIONS) for half in halves]
        for run in again:
            run.ended()
        finish(fleet, "four controllers killed")
