# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Kills an installation before each of its system calls: what is in use is whole each time, and the next run fixes the rest."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import shutil
import signal
import tempfile
import time

import pytest

from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place, load_whole

pytestmark = pytest.mark.slow
CALLS = ("open", "mkdir", "chmod", "chown", "fchmod", "fchown", "rename", "symlink", "unlink", "rmdir", "fsync", "replace", "fork")
DONE, DIED = 0, -signal.SIGKILL


def run_until(instant, function, calls=CALLS):
    """Calls ``function`` in a fork that dies before its ``instant``th system call; returns how it ended: DONE or DIED."""
    pid = os.fork()
    if pid == 0:
        counted = [0]

        def deadly(call):
            def counting(*given, **named):
                counted[0] += 1
                if counted[0] == instant:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*given, **named)
            return counting

        for name in calls:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            function()
        finally:
            os._exit(0)
    unused_pid, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.fixture(name="systemctl")
def fixture_systemctl(tmp_path, monkeypatch):
    """A systemctl that notes how it was called."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" >> %s\n' % (tmp_path / "calls"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "%s:%s" % (program.parent, os.environ["PATH"]))
    return tmp_path / "calls"


@pytest.fixture(name="memory")
def fixture_memory():
    """A directory in memory where that can be had: what a power cut leaves is not what is tested here."""
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="installations-", dir=memory if memory.is_dir() else None) as directory:
        yield pathlib.Path(directory)


def damage(place):
    path = place.at("current", "key.pem")
    os.chmod(path, 0o600)
    with open(path, "wb"):
        pass


def spread(place):
    for name in ("sac.pem", "certificate.pem"):
        os.chmod(place.at("current", name), 0o644)
    os.chmod(place.at("versions"), 0o755)


# name: (how many SACs were installed one after the other, what then happened to the place, options, versions afterwards)
SCENARIOS = {
    "first": (0, None, {}, 1),
    "replaced": (2, None, {}, 2),
    "kept no longer": (2, None, {"kept_versions": 1}, 1),
    "damaged": (2, damage, {}, 2),
    "open to everybody": (2, spread, {}, 2),
    "with a service": (2, None, {"reloaded_service": "gateway.service"}, 2),
    "absent": (2, None, {"state": "absent"}, None),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_installation_killed_at_any_instant_is_mended_by_the_next(name, memory, sacs, systemctl):
    installed, spoil, options, versions = SCENARIOS[name]
    before = Place(memory / "before", **options)
    for sac in sacs[:installed]:
        before.have(sac, state="present", reloaded_service=None, kept_versions=2)
    wanted = sacs[1] if spoil else sacs[2]
    allowed = {None} if versions is None or not installed else set()
    allowed |= {each["sac_passphrase"].encode() for each in (*sacs[max(0, installed - 1):installed], wanted)}
    instant, outcome = 0, DIED
    while outcome == DIED:
        instant += 1
        place = Place(memory / ("place-%d" % instant), **options)
        if installed:
            shutil.copytree(before.path, place.path, symlinks=True)
        if spoil:
            spoil(place)
        if systemctl.exists():
            systemctl.unlink()
        outcome = run_until(instant, lambda place=place: place.have(wanted))
        if spoil is not damage or outcome == DONE:
            assert (place.in_use() or (None, None))[1] in allowed
        if outcome == DIED:
            left = place.listing()
            predicted = place.have(wanted, is_check_mode=True)
            assert place.listing() == left
            done = place.have(wanted)
            assert [predicted[each] for each in ("changed", "outcome", "diff")] == [done[each] for each in ("changed", "outcome", "diff")]
        if versions is None:
            assert not os.path.lexists(place.path)
        else:
            assert place.in_use()[1] == wanted["sac_passphrase"].encode()
            place.assert_clean(versions)
            again = place.listing()
            assert place.have(wanted)["changed"] is False and place.listing() == again
        if options.get("reloaded_service"):
            assert systemctl.read_text().splitlines()[0] == "try-reload-or-restart gateway.service"
        shutil.rmtree(place.path, ignore_errors=True)
    print("%s: killed at %d instants" % (name, instant - 1))
    assert outcome == DONE and instant > 5


def read_until(place, stop, report):
    """Reads what is in use, as fast as it can, in both ways that are documented; returns how often, or what it saw."""
    count, gone = 0, 0
    try:
        while not stop.is_set():
            try:
                load_whole(os.path.realpath(place.at("current")))
                count += 1
            except FileNotFoundError:  # two switches since the link was read: its version is no longer kept
                gone += 1
            with open(place.at("current", "sac.pem"), "rb") as file:
                content = file.read()
            assert content.count(b"-----BEGIN") == content.count(b"-----END") == 2, content
        report.put((count, gone))
    except BaseException as error:
        report.put(repr(error))
        raise


def test_a_reader_never_sees_a_mixed_sac(tmp_path, sacs):
    place = Place(tmp_path / "place")
    place.have(sacs[0])
    context = multiprocessing.get_context("fork")
    stop, report = context.Event(), context.Queue()
    reader = context.Process(target=read_until, args=(place, stop, report))
    reader.start()
    try:
        give_up_at = time.monotonic() + 60
        for number in range(90):
            if run_until(7 + number % 45, lambda number=number: place.have(sacs[number % 3])) == DIED and number % 5 == 0:
                place.have(sacs[number % 3])
            assert time.monotonic() < give_up_at
    finally:
        stop.set()
        seen = report.get(timeout=30)
        reader.join(30)
    assert not isinstance(seen, str), seen
    print("read %d times, %d times too late" % seen)
    assert seen[0] > 100


def test_two_runs_at_once_leave_one_whole_sac(tmp_path, sacs):
    place = Place(tmp_path / "place")
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=place.have, args=(sacs[number % 3],)) for number in range(8)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert [each.exitcode for each in runs] == [0] * 8
    place.assert_clean()
