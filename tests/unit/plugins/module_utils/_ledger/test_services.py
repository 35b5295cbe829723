# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A ledger of an older release, and a service that gets another URL: no history is lost, and nothing is replaced again by mistake."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import view_ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord, read_histories
from ansible_collections.eccops.rapid.plugins.module_utils._options import service_name
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import place_options
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import intent

API = "https://request.example/rapid"


def old_ledger(path, *rows):
    """Makes a ledger as release 0.1.0 wrote it; rows are (api_url, request_id, new_request_id, new_anon_id)."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        os.chmod(path, 0o600)
        connection.execute("PRAGMA application_id = %d" % schema.APPLICATION_ID)
        connection.executescript(schema.MIGRATIONS[0])
        connection.execute("PRAGMA user_version = 1")
        for api_url, request_id, new_request_id, anon_id in rows:
            connection.execute(
                "INSERT INTO replacements VALUES (NULL, ?, 'north-01', 'q1', ?, ?, ?, 'old', ?, 'replaced', NULL,"
                " '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', 'control', 'dana')", (api_url, request_id, request_id, new_request_id, anon_id))


@pytest.mark.parametrize("url", [
    "https://REQUEST.example/rapid", "https://request.example:443/rapid/", "https://request.example./rapid//", "https://request.example//rapid"])
def test_urls_that_mean_the_same_service(url):
    assert service_name(url) == API


@pytest.mark.parametrize("url", ["https://request.example:8443/rapid", "https://other.example/rapid", "https://request.example/other", "https://[::1]/rapid"])
def test_urls_that_mean_another_one(url):
    assert service_name(url) not in (API, "")


def test_an_older_ledger_is_migrated_with_all_its_rows(tmp_path):
    path = str(tmp_path / "ledger.sqlite")
    old_ledger(path, (API + "/", "r0", "r1", "a1"), ("https://other.example/rapid", "s0", "s1", "b1"))
    with Ledger(path) as ledger:
        rows = ledger.rows("SELECT * FROM replacements ORDER BY id")
    assert [(row["service"], row["api_url"], row["new_request_id"]) for row in rows] == [
        (API, API + "/", "r1"), ("https://other.example/rapid", "https://other.example/rapid", "s1")]
    assert [(row["delivered_at"], row["collected_at"], row["user"]) for row in rows] == [(None, None, "dana")] * 2
    with Ledger(path) as ledger:
        assert ledger.rows("PRAGMA user_version") == [{"user_version": 2}] and ledger.chain(API, "R1")[0]["new_anon_id"] == "a1"


def test_rows_that_would_collide_are_kept_apart(tmp_path):
    path = str(tmp_path / "ledger.sqlite")
    old_ledger(path, (API, "r0", "r1", "a1"), (API + "/", "r0", "r2", "a1"))
    with Ledger(path) as ledger:
        assert [(row["service"], row["new_request_id"]) for row in ledger.rows("SELECT * FROM replacements ORDER BY id")] == [(API, "r1"), (API + "/", "r2")]


def test_who_only_reads_an_older_ledger_does_not_change_it(tmp_path):
    path = tmp_path / "ledger.sqlite"
    old_ledger(str(path), (API + "/", "r0", "r1", "a1"))
    before = path.read_bytes()
    with LedgerReading(str(path), API) as record:
        assert record.chain("r0")[0]["new_request_id"] == "r1"
    assert path.read_bytes() == before


def test_a_known_request_id_under_another_service_is_refused_until_both_are_said_to_differ(ledger_place):
    path = ledger_place
    with LedgerRecord(path, API) as record:
        record.intend(intent())
        record.complete("a1", "replaced", "r1")
    for request_id in ("r0", "R1"):
        with pytest.raises(InvalidInput, match="the ledger knows RequestId %s under the service '%s'" % (request_id, API)) as caught:
            read_histories(path, "https://moved.example/rapid", [request_id])
        assert caught.value.kind == "another_service" and "set service_name to '%s'" % API in caught.value.message
    assert read_histories(path, "https://moved.example/rapid", ["r0"], [API]) == {"r0": []}
    assert read_histories(path, "https://moved.example/rapid", ["x0"]) == {"x0": []} and read_histories(path, API, ["r0"])["r0"][0]["new_request_id"] == "r1"


def test_all_services_are_shown_unless_one_is_named(ledger_place):
    path = ledger_place
    for service, position in ((API, "north-01"), ("second", "south-01")):
        with LedgerRecord(path, service, API) as record:
            record.intend(intent(position=position, original_request_id=position, request_id=position))
            record.complete("a1", "replaced", position + "-new")
    options = {**place_options(path), "api_url": None, "service_name": None, "request_ids": [], "positions": [], "rotation_id": None}
    assert (view_ledger(options, False)["services"], set(view_ledger(options, False)["positions"])) == ([API, "second"], {"north-01", "south-01"})
    assert set(view_ledger(dict(options, api_url=API + "/"), False)["positions"]) == {"north-01"}
    assert set(view_ledger(dict(options, service_name="second"), False)["positions"]) == {"south-01"}
