# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the ledger returns: histories from any of their RequestIds, position ids that stay, and the six audit fields of every row."""

from __future__ import annotations

import re
import socket

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils import _audit_log as audit_log
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import view_ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord, current_request_ids
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import place_options
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent

IDS = ["%08d-0000-4000-a000-00000000000a" % number for number in range(6)]


@pytest.fixture(name="path")
def fixture_path(ledger_place):
    return ledger_place


@pytest.fixture(name="record")
def fixture_record(path):
    with LedgerRecord(path, API) as record:
        yield record


def intend(record, rotation, request_id, origin=IDS[0], position="north-01"):
    record.intend(intent(position=position, rotation_id=rotation, original_request_id=origin, request_id=request_id,
                         old_anon_id="a-" + request_id[:8], new_anon_id=position + "-" + rotation))


def rotate(record, rotation, request_id, successor, origin=IDS[0], position="north-01", outcome="replaced"):
    intend(record, rotation, request_id, origin, position)
    record.complete(position + "-" + rotation, outcome, successor)


def three_rotations(record):
    for number, rotation in enumerate(("q1", "q2", "q3")):
        rotate(record, rotation, IDS[number], IDS[number + 1])
    rotate(record, "q1", IDS[5], IDS[4], origin=IDS[5], position="south-01")


def test_any_request_id_of_a_history_leads_to_the_current_one(record, path):
    three_rotations(record)
    for each in IDS[:4]:
        for name in (each, each.upper()):
            chain = record.chain(name)
            assert [row["new_request_id"] for row in chain] == IDS[1:4]
            assert current_request_id(chain, name) == IDS[3]
    assert current_request_ids(path, API, [*IDS, "unknown"]) == {
        **dict.fromkeys(IDS[:4], IDS[3]), **dict.fromkeys(IDS[4:], IDS[4]), "unknown": "unknown"}
    assert current_request_ids(None, API, IDS) == {each: each for each in IDS}
    assert record.chain("unknown") == []


def test_each_service_has_its_own_histories(record, path):
    three_rotations(record)
    with LedgerRecord(path, "https://other.example/rapid") as other:
        assert other.chain(IDS[0]) == [] and other.entry("north-01-q1") is None
        rotate(other, "q1", IDS[0], IDS[5])
        assert current_request_id(other.chain(IDS[0]), IDS[0]) == IDS[5]
    assert current_request_id(record.chain(IDS[0]), IDS[0]) == IDS[3]


@pytest.mark.parametrize("outcome", ["intended", "not_replaced", "unresolved", "lapsed"])
def test_only_what_was_replaced_is_current(record, outcome):
    rotate(record, "q1", IDS[0], IDS[1])
    rotate(record, "q2", IDS[1], IDS[2] if outcome == "lapsed" else None, outcome=outcome)
    for name in IDS[: 3 if outcome == "lapsed" else 2]:
        assert current_request_id(record.chain(name), name) == IDS[1]


def test_what_a_lapsed_first_successor_replaced_is_current_again(record):
    rotate(record, "q1", IDS[0], IDS[1], outcome="lapsed")
    assert current_request_id(record.chain(IDS[1]), IDS[1]) == IDS[0]


def test_a_failed_rotation_that_is_run_again_after_another_is_the_newest(record):
    rotate(record, "q1", IDS[0], None, outcome="not_replaced")
    rotate(record, "q2", IDS[0], IDS[1])
    rotate(record, "q1", IDS[1], IDS[2])
    rows = record.chain(IDS[0])
    assert [(row["rotation_id"], row["request_id"], row["old_anon_id"], row["new_request_id"]) for row in rows] == [
        ("q2", IDS[0], "a-00000000", IDS[1]), ("q1", IDS[1], "a-00000001", IDS[2])]
    assert current_request_id(rows, IDS[0]) == IDS[2]


@pytest.mark.parametrize("outcome", ["replaced", "adopted", "lapsed"])
def test_what_is_done_is_never_intended_again(record, outcome):
    rotate(record, "q1", IDS[0], IDS[1], outcome=outcome)
    before = record.chain(IDS[0])
    with pytest.raises(LedgerError, match="another run has just used AnonId north-01-q1, and nothing was sent") as caught:
        intend(record, "q1", IDS[1])
    assert caught.value.kind == "anon_id_taken" and not caught.value.is_service_wide
    assert record.chain(IDS[0]) == before


def test_an_anon_id_is_not_intended_for_two_credentials(record):
    """Two runs whose inventories disagree hold different credentials, and found the AnonId free."""
    record.intend(intent())
    before = record.entry("a1")
    with pytest.raises(LedgerError, match="another run has just used AnonId a1"):
        record.intend(intent(original_request_id="x0", request_id="x0"))
    assert record.entry("a1") == before
    record.intend(intent(original_request_id="R0"))


def test_every_row_has_the_six_audit_fields(record, monkeypatch):
    rotate(record, "q1", IDS[0], IDS[1])
    row = record.entry("north-01-q1")
    instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
    assert (row["position"], row["request_id"], row["new_request_id"], row["new_anon_id"]) == ("north-01", IDS[0], IDS[1], "north-01-q1")  # what
    assert instant.match(row["intended_at"]) and instant.match(row["finished_at"])  # when
    assert row["api_url"] == API  # where
    assert row["controller"] == socket.gethostname()  # source
    assert row["outcome"] == "replaced"
    assert row["user"] == audit_log.controller_and_user()["user"]  # identity
    for name in ("SUDO_USER", "LOGNAME", "USER"):  # what anybody may claim
        monkeypatch.setenv(name, "alice")
    rotate(record, "q2", IDS[1], IDS[2])
    assert record.entry("north-01-q2")["user"] == row["user"]


def test_an_open_row_has_no_end_and_a_failed_one_says_why(record):
    intend(record, "q1", IDS[0])
    assert (record.entry("north-01-q1")["outcome"], record.entry("north-01-q1")["finished_at"]) == ("intended", None)
    record.complete("north-01-q1", "unresolved", error="the answer was lost")
    assert (record.entry("north-01-q1")["outcome"], record.entry("north-01-q1")["error"]) == ("unresolved", "the answer was lost")
    intend(record, "q1", IDS[0])
    assert (record.entry("north-01-q1")["error"], record.entry("north-01-q1")["finished_at"]) == (None, None)


def test_position_ids_are_kept_whatever_is_proposed_later(record):
    assert record.position_ids({"north-01": "aa", "north-02": "bb"}) == {"north-01": "aa", "north-02": "bb"}
    assert record.position_ids({"north-01": "cc", "south-01": "dd"}) == {"north-01": "aa", "south-01": "dd"}


def test_rows_survive_and_cannot_hold_nonsense(record, path):
    three_rotations(record)
    with pytest.raises(LedgerError, match="(?i)check constraint"):
        record.complete("north-01-q1", "perhaps")
    with Ledger(path, is_read_only=True) as again:
        assert len(again.all_rows()) == 4
        assert again.entry(API, "north-01-q1")["outcome"] == "replaced"


def view(path, **changes):
    return view_ledger({**place_options(path), "api_url": API + "/", "request_ids": [], "positions": [], "rotation_id": None, **changes}, False)


def test_the_view_shows_the_newest_of_each_position(record, path):
    three_rotations(record)
    rotate(record, "q4", IDS[3], None, outcome="unresolved")
    seen = view(path, request_ids=[IDS[0], IDS[5]])
    assert seen["request_ids"] == {IDS[0]: IDS[3], IDS[5]: IDS[4]}
    assert {name: row["request_id"] for name, row in seen["positions"].items()} == {"north-01": IDS[3], "south-01": IDS[4]}
    assert [row["rotation_id"] for row in seen["unresolved"]] == ["q4"]
    assert len(seen["history"]) == 5 and len(seen["json_lines"].splitlines()) == 5
    with pytest.raises(InvalidInput, match="api_url must be an https URL"):  # not an empty answer
        view(path, api_url="service.example/rapid")
    one = view(path, positions=["south-01"], rotation_id="q1")
    assert [row["position"] for row in one["history"]] == ["south-01"] and list(one["positions"]) == ["south-01"]
