# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that a ledger that cannot be used is refused by every module before anything is sent, with what to do, and never made anew."""

import os
import sqlite3

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import foreign, linked
from harness import Observed, assert_sentence, scenario, task


def cut_in_half(path):
    os.truncate(path, path.stat().st_size // 2)


def newer(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def directory(path):
    path.unlink()
    path.mkdir()


def of_somebody_else(path):
    os.chown(path, 65534, 65534)


#: name: (what is done to a good ledger, error_kind, what the sentence says)
SPOILED = {
    "cut": (cut_in_half, "ledger_unusable", ["cannot be used", "backup"]),
    "empty": (lambda path: os.truncate(path, 0), "ledger_unusable", ["is an empty file, not a ledger", "restore it from its backup"]),
    "text": (lambda path: path.write_text("north-01\n" * 999), "ledger_unusable", ["not a database", "backup"]),
    "newer": (newer, "ledger_unusable", ["schema version 99", "newer"]),
    "foreign": (foreign, "ledger_unusable", ["not a ledger of this collection", "another ledger_path"]),
    "linked": (linked, "ledger_unusable", ["symbolic link"]),
    "directory": (directory, "ledger_unusable", ["not a regular file"]),
    "readable": (lambda path: path.chmod(0o644), "ledger_unusable", ["open to other users", "chmod 600"]),
    "gone": (lambda path: path.unlink(), "ledger_missing", ["is gone", "restore it from its backup", "begin a new one"]),
    "another user's": (of_somebody_else, "ledger_unusable", ["belongs to another user", "run as its owner"]),
}
NEEDS_ROOT = ("another user's",)


@pytest.fixture(scope="module", name="places")
def fixture_places(tmp_path_factory):
    places = {}
    for name, (spoil, _kind, _pieces) in SPOILED.items():
        places[name] = tmp_path_factory.mktemp("place") / "ledger.sqlite"
        with LedgerRecord(str(places[name]), "https://service.example/rapid"):
            pass
        if name in NEEDS_ROOT and os.geteuid() != 0:
            del places[name]
        else:
            spoil(places[name])
    return places


def look(path):
    """What is there, as it is."""
    states = {each.name: (each.lstat().st_mode, each.lstat().st_size) for each in path.parent.iterdir()}
    return states, path.read_bytes() if path.is_file() else None


@pytest.fixture(scope="module", name="before")
def fixture_before(places):
    return {name: look(path) for name, path in places.items()}


@pytest.fixture(scope="module", name="run")
def fixture_run(run_scenarios, running_sandbox, places, before):
    """C(before) is asked for only so that it is looked at first."""
    one = running_sandbox.fleet[0]
    tasks = []
    for name, path in places.items():
        ledger = {"ledger_path": str(path)}
        credentials = [{"position": one["position"], "request_id": one["request_id"]}]
        tasks += [
            task(name + ", rotation", "rapidauth_rotation", rotation_id="q1", credentials=credentials, **ledger),
            task(name + ", check", "rapidauth_rotation", {"check_mode": True}, rotation_id="q1", credentials=credentials, **ledger),
            task(name + ", request", "rapidauth_request", request_id=one["request_id"], state="replaced", rotation_id="q1", **ledger),
            task(name + ", look", "rapidauth_request_info", request_ids=[one["request_id"]], **ledger),
            task(name + ", ledger", "rapidauth_ledger_info", **ledger)]
    elsewhere = {"ledger_path": str(places["text"] / "is" / "no" / "directory"), "rotation_id": "q1"}
    tasks.append(task("nowhere", "rapidauth_rotation", credentials=[{"position": "a", "request_id": one["request_id"]}], **elsewhere))
    return run_scenarios([scenario("spoiled", *tasks)])


@pytest.mark.parametrize("front_end", ["rotation", "check", "request", "look", "ledger"])
@pytest.mark.parametrize("name", SPOILED)
def test_a_ledger_that_cannot_be_used_is_refused(run, name, front_end):
    if name in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    _spoil, kind, pieces = SPOILED[name]
    assert assert_sentence(Observed(run, "spoiled").result("%s, %s" % (name, front_end)), kind, *pieces)


def test_where_there_is_no_place_for_it(run):
    assert assert_sentence(Observed(run, "spoiled").result("nowhere"), "ledger_unusable", "cannot be used", "Not a directory")


def test_nothing_was_sent_and_every_file_is_as_it_was(run, places, before):
    seen = Observed(run, "spoiled")
    assert seen.effects() == [] and seen.stats["tls_handshakes"].get("rapidauth", 0) == 0
    assert len(places) >= len(SPOILED) - len(NEEDS_ROOT)
    assert {name: look(path) for name, path in places.items()} == before
