# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Rows move from a file to a database and back, whole, once, and not where they contradict what is there."""

from __future__ import annotations

import json

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.info import view_ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.transfer import import_rows
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import exists, place_options
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, intent

IDS = ["%08d-0000-4000-a000-00000000000a" % number for number in range(6)]


def rotate(record, rotation, request_id, successor, origin=IDS[0], position="north-01", outcome="replaced"):
    record.intend(intent(position=position, rotation_id=rotation, original_request_id=origin, request_id=request_id, new_anon_id=position + "-" + rotation))
    if outcome:
        record.complete(position + "-" + rotation, outcome, successor)


def fill(place):
    with LedgerRecord(place, API) as record:
        rotate(record, "q1", IDS[0], IDS[1])
        rotate(record, "q1", IDS[4], IDS[5], IDS[4], "south-01")
        rotate(record, "q2", IDS[1], None, outcome=None)
        rotate(record, "q0", IDS[1], None, outcome="not_replaced")
        record.note_progress([(IDS[1], "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")])


def export(place):
    return view_ledger({**place_options(place), "request_ids": [], "positions": [], "rotation_id": None}, False)["json_lines"]


def take(place, lines, is_check_mode=False):
    return import_rows({**place_options(place), "json_lines": lines}, is_check_mode)


def rows(lines):
    return [{name: value for name, value in json.loads(line).items() if name != "id"} for line in lines.splitlines()]


def changed(lines, number, **changes):
    every = lines.splitlines()
    every[number] = json.dumps({**json.loads(every[number]), **changes})
    return "\n".join(every)


def test_rows_move_there_and_back_once(tmp_path, ledger_url):
    first, last = str(tmp_path / "first.sqlite"), str(tmp_path / "last.sqlite")
    fill(first)
    lines = export(first)
    assert take(ledger_url, lines, is_check_mode=True) == {"changed": True, "imported": 4, "known": 0} and not exists(ledger_url)
    assert take(ledger_url, lines) == {"changed": True, "imported": 4, "known": 0}
    assert take(ledger_url, lines) == take(ledger_url, lines, is_check_mode=True) == {"changed": False, "imported": 0, "known": 4}
    assert rows(export(ledger_url)) == rows(lines)
    with LedgerRecord(ledger_url, API) as record:
        rotate(record, "q3", IDS[5], IDS[2], IDS[4], "south-01")
        assert [row["rotation_id"] for row in record.chain(IDS[4])] == ["q1", "q3"]
    assert take(last, export(ledger_url))["imported"] == 5
    assert rows(export(last)) == rows(export(ledger_url)) and take(first, export(last)) == {"changed": True, "imported": 1, "known": 4}


@pytest.mark.parametrize("number, changes, words", [
    (0, {"outcome": "perhaps"}, "line 1: the id or the outcome"), (1, {"position": None}, "line 2: position is not text"),
    (1, {"more": 1}, "line 2 is not a row of a ledger"), (0, {"request_id": "7"}, "line 1: RequestId '7' is malformed"),
    (1, {"new_anon_id": "north-01-q1"}, "line 2: AnonId north-01-q1 is there twice"),
    (1, {"new_request_id": IDS[1]}, "RequestId %s belongs to two histories" % IDS[1])])
def test_what_is_malformed_or_contradicts_itself_is_refused_whole(tmp_path, ledger_place, number, changes, words):
    fill(str(tmp_path / "source.sqlite"))
    with pytest.raises(InvalidInput, match=words) as caught:
        take(ledger_place, changed(export(str(tmp_path / "source.sqlite")), number, **changes))
    assert caught.value.message.endswith("nothing was imported")
    assert not exists(ledger_place) or export(ledger_place) == ""
    with pytest.raises(InvalidInput, match="has no row"):
        take(ledger_place, "\n")
    with pytest.raises(InvalidInput, match="line 1 is not JSON"):
        take(ledger_place, "{")


def test_what_contradicts_the_ledger_is_refused_whole(tmp_path, ledger_place):
    fill(str(tmp_path / "source.sqlite"))
    lines = export(str(tmp_path / "source.sqlite"))
    take(ledger_place, lines)
    before = export(ledger_place)
    with pytest.raises(InvalidInput, match="AnonId north-01-q2: the ledger says otherwise about new_request_id, outcome"):
        take(ledger_place, changed(lines, 2, outcome="replaced", new_request_id=IDS[2]))
    with pytest.raises(InvalidInput, match="AnonId north-01-q0 is in the ledger, and not in what is imported"):
        take(ledger_place, "\n".join(lines.splitlines()[:3]))
    with pytest.raises(InvalidInput, match="RequestId %s belongs to two histories" % IDS[0]):
        take(ledger_place, changed(lines.splitlines()[1], 0, request_id=IDS[0]))
    assert export(ledger_place) == before
