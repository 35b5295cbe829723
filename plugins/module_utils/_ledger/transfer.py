# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_ledger_import: the rows that another ledger exported, taken over whole or not at all."""

from __future__ import annotations

import json
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import require_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import COLUMNS, NAMES, OUTCOMES
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import LEDGER_REQUIRED_RULES, ledger_place_options
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_anon_id, validate_request_id

_OPTIONAL = ("new_request_id", "old_anon_id", "error", "finished_at", "delivered_at", "collected_at")
#: What is the same wherever a row is kept: all but its number.
_KEPT = NAMES[1:]


def import_rows(params: dict, is_check_mode: bool) -> dict:
    """Returns {changed, imported, known}. Raises InvalidInput, with nothing imported, where a line is malformed or contradicts the ledger."""
    place = require_place(params)
    rows = parse_lines(params["json_lines"])
    if is_check_mode:
        try:
            with Ledger(place, is_read_only=True) as ledger:
                new = _find_new(rows, ledger.all_rows())
        except LedgerError as error:
            if error.kind != "ledger_missing":
                raise
            new = _find_new(rows, [])
    else:
        with Ledger(place) as ledger:
            new = ledger.run(lambda connection: _import(connection, rows, ledger.store.lock_rows))
    return {"changed": bool(new), "imported": len(new), "known": len(rows) - len(new)}


def _import(connection: typing.Any, rows: list[dict], lock_rows: str | None) -> list[dict]:
    if lock_rows:
        connection.execute(lock_rows)
    new = _find_new(rows, [dict(row) for row in connection.execute("SELECT %s FROM replacements ORDER BY id" % COLUMNS)])
    names = ", ".join('"%s"' % name for name in _KEPT)
    connection.executemany(
        "INSERT INTO replacements (%s) VALUES (%s)" % (names, ", ".join("?" * len(_KEPT))), [tuple(row[name] for name in _KEPT) for row in new])
    return new


def parse_lines(text: str) -> list[dict]:
    """Returns the rows of JSON Lines in the order of their numbers; raises InvalidInput for the first line that is no row."""
    rows, seen = [], set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row = _parse(line, number)
        key = (row["service"], row["new_anon_id"])
        if key in seen:
            raise InvalidInput("line %d: AnonId %s is there twice; nothing was imported" % (number, row["new_anon_id"]))
        seen.add(key)
        rows.append(row)
    if not rows:
        raise InvalidInput("json_lines has no row: give what rapidauth_ledger_info returned as json_lines")
    return sorted(rows, key=lambda each: each["id"])


def _parse(line: str, number: int) -> dict:
    try:
        row = json.loads(line)
    except ValueError:
        raise InvalidInput("line %d is not JSON; nothing was imported" % number) from None
    if not isinstance(row, dict) or set(row) != set(NAMES):
        raise InvalidInput("line %d is not a row of a ledger, which has %s; nothing was imported" % (number, ", ".join(NAMES)))
    for name in _KEPT:
        if not isinstance(row[name], str) and not (row[name] is None and name in _OPTIONAL):
            raise InvalidInput("line %d: %s is not text; nothing was imported" % (number, name))
    if not isinstance(row["id"], int) or isinstance(row["id"], bool) or row["outcome"] not in OUTCOMES:
        raise InvalidInput("line %d: the id or the outcome cannot be right; nothing was imported" % number)
    try:
        for name in ("original_request_id", "request_id", "new_request_id"):
            if row[name] is not None:
                validate_request_id(row[name])
        validate_anon_id(row["new_anon_id"])
    except InvalidInput as error:
        raise InvalidInput("line %d: %s; nothing was imported" % (number, error.message), kind=error.kind) from None
    return row


def _find_new(rows: list[dict], present: list[dict]) -> list[dict]:
    """Returns the rows that the ledger does not have. Raises InvalidInput where both do not fit together.

    A history that the ledger has must be the beginning of the imported one, row by row: which credential is the current one depends on the order.
    """
    given, kept = _group(rows), _group(present)
    holders: dict[tuple, tuple] = {}
    for source in (kept, given):
        for history, members in source.items():
            for row in members:
                keys = [("RequestId", row[name].lower()) for name in ("original_request_id", "request_id", "new_request_id") if row[name]]
                for key in [*keys, ("AnonId", row["new_anon_id"])]:
                    if holders.setdefault((history[0], *key), history) != history:
                        raise InvalidInput("%s %s belongs to two histories: that which began with %s, and %s; nothing was imported" % (
                            *key, holders[(history[0], *key)][1], history[1]))
    new = []
    for history, members in given.items():
        own = kept.get(history, [])
        for ours, theirs in zip(own, members):
            differing = [name for name in _KEPT if ours[name] != theirs[name]]
            if differing:
                raise InvalidInput("AnonId %s: the ledger says otherwise about %s than what is imported; nothing was imported" % (
                    theirs["new_anon_id"], ", ".join(differing)))
        if len(own) > len(members):
            raise InvalidInput("AnonId %s is in the ledger, and not in what is imported about the same credential; nothing was imported" % (
                own[len(members)]["new_anon_id"]))
        new += members[len(own):]
    return sorted(new, key=lambda each: each["id"])


def _group(rows: list[dict]) -> dict[tuple, list[dict]]:
    """Returns {(service, RequestId that it began with): rows}."""
    histories: dict[tuple, list[dict]] = {}
    for row in rows:
        histories.setdefault((row["service"], row["original_request_id"].lower()), []).append(row)
    return histories


OPERATION = Operation(run=import_rows, spec=dict(LEDGER_REQUIRED_RULES, argument_spec=dict(
    ledger_place_options(),
    json_lines={"type": "str", "required": True},
)))
