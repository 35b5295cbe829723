# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The rows of a ledger: what they say, and the statements that write them, the same for SQLite and for PostgreSQL.

A ``connection`` takes SQL with ``?`` or ``:name``. ``x = ? COLLATE NOCASE`` compares RequestIds, whatever their case.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import controller_and_user
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, utc_now

#: Outcomes that leave it open whether the credential was replaced.
OPEN = ("intended", "unresolved")
#: Outcomes after which ``new_request_id`` is the current one.
DONE = ("replaced", "adopted")
#: All outcomes.
OUTCOMES = OPEN + DONE + ("not_replaced", "lapsed")

#: What a row consists of, wherever it is kept.
NAMES = (
    "id", "service", "api_url", "position", "rotation_id", "original_request_id", "request_id", "new_request_id", "old_anon_id", "new_anon_id", "outcome",
    "error", "intended_at", "finished_at", "delivered_at", "collected_at", "controller", "user")
#: The same in SQL, where ``user`` is a reserved word.
COLUMNS = ", ".join('"%s"' % name for name in NAMES)

#: Of one successor: new_request_id, delivered_at and collected_at; an instant is ISO 8601 in UTC, or None where it is not known.
Progress = typing.Tuple[str, typing.Optional[str], typing.Optional[str]]


def current_request_id(chain: list[dict], request_id: str) -> str:
    """Returns the newest RequestId of a ``chain`` (rows, oldest first); ``request_id`` where there is no chain.

    A successor that lapsed is none: what it replaced, at last the first of all, is the current one again.
    """
    for row in reversed(chain):
        if row["outcome"] in DONE and row["new_request_id"]:
            return row["new_request_id"]
    return chain[0]["original_request_id"] if chain else request_id


def keep_position_ids(connection: typing.Any, proposed: dict[str, str]) -> None:
    """Keeps the opaque ids ``proposed``, a dict, for positions that have none yet."""
    connection.executemany("INSERT INTO positions VALUES (?, ?) ON CONFLICT DO NOTHING", sorted(proposed.items()))


def write_intent(connection: typing.Any, intent: dict) -> typing.Any:
    """Writes what is about to be sent; an earlier row of the same AnonId that came to nothing is taken up again as the newest.

    Returns the cursor, for ensure_written once the transaction has ended. The intent has service, api_url, position,
    rotation_id, original_request_id, request_id, old_anon_id and new_anon_id.
    """
    row = dict(intent, intended_at=format_instant(utc_now()), **controller_and_user())
    return connection.execute(
        "INSERT INTO replacements (service, api_url, position, rotation_id, original_request_id, request_id, old_anon_id, new_anon_id,"
        ' outcome, intended_at, controller, "user") VALUES (:service, :api_url, :position, :rotation_id, :original_request_id, :request_id,'
        " :old_anon_id, :new_anon_id, 'intended', :intended_at, :controller, :user)"
        " ON CONFLICT (service, new_anon_id) DO UPDATE SET outcome = 'intended', error = NULL, finished_at = NULL,"
        " delivered_at = NULL, collected_at = NULL, api_url = excluded.api_url, id = excluded.id,"
        " position = excluded.position, rotation_id = excluded.rotation_id,"
        " request_id = excluded.request_id, old_anon_id = COALESCE(excluded.old_anon_id, replacements.old_anon_id),"
        ' intended_at = excluded.intended_at, controller = excluded.controller, "user" = excluded."user"'
        " WHERE replacements.outcome IN ('intended', 'not_replaced', 'unresolved')"
        " AND lower(replacements.original_request_id) = lower(excluded.original_request_id)",
        row,
    )


def ensure_written(cursor: typing.Any, intent: dict) -> None:
    """Raises LedgerError where write_intent wrote nothing: since it was looked, another run has used the AnonId."""
    if cursor.rowcount != 1:
        raise LedgerError(
            "another run has just used AnonId %s, and nothing was sent for RequestId %s: check which RequestId %s has in each inventory, then run again"
            % (intent["new_anon_id"], intent["request_id"], intent["position"]), kind="anon_id_taken")


def write_outcome(
    connection: typing.Any, service: str, new_anon_id: str, outcome: str, new_request_id: str | None = None, error: str | None = None
) -> None:
    """Completes the row of an intent."""
    connection.execute(
        "UPDATE replacements SET outcome = ?, new_request_id = ?, error = ?, finished_at = ? WHERE service = ? AND new_anon_id = ?",
        (outcome, new_request_id, error, format_instant(utc_now()), service, new_anon_id),
    )


def write_progress(connection: typing.Any, service: str, progress: typing.Iterable[Progress]) -> None:
    """Notes when successors reached their positions and were collected."""
    connection.executemany(
        "UPDATE replacements SET delivered_at = COALESCE(delivered_at, ?), collected_at = COALESCE(collected_at, ?)"
        " WHERE service = ? AND new_request_id = ? COLLATE NOCASE AND outcome IN ('replaced', 'adopted')",
        [(delivered_at, collected_at, service, new_request_id) for new_request_id, delivered_at, collected_at in sorted(progress, key=lambda each: each[0])],
    )
