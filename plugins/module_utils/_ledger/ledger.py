# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The durable record of every replacement: what was intended before the POST, and what came of it.

It is one SQLite file, or a schema in a PostgreSQL database. Rows are never deleted here: a site that must limit how long it
keeps them exports the ledger and begins a new one, not within a year (CJIS AU-11).
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl, Place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql import PostgresqlStore
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import COLUMNS
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.sqlite import SqliteStore

#: Where a RequestId may be in a row.
_REQUEST_IDS = ("request_id", "new_request_id", "original_request_id")


class Ledger:
    """An open ledger; safe to use from several threads and processes. Close it, or use it in ``with``."""

    def __init__(self, place: Place, is_read_only: bool = False) -> None:
        self.store: typing.Any = PostgresqlStore(place, is_read_only) if isinstance(place, LedgerUrl) else SqliteStore(place, is_read_only)

    @property
    def name(self) -> str:
        """The file's path, or the URL without any secret."""
        return self.store.name

    @property
    def is_new(self) -> bool:
        """Whether the ledger was created by opening it."""
        return self.store.is_new

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def run(self, function: typing.Callable[[typing.Any], typing.Any]) -> typing.Any:
        """Returns ``function(connection)`` of one durable transaction. It may be called again where the transaction was lost on its way."""
        return self.store.run(function)

    def rows(self, sql: str, *values: object) -> list[dict]:
        """Returns the rows of a SELECT as dictionaries."""
        return self.store.rows(sql, values)

    # What it knows

    def all_rows(self, service: str | None = None) -> list[dict]:
        """Returns all rows, or those of the service of this name, oldest first."""
        if service is None:
            return self.rows("SELECT %s FROM replacements ORDER BY id" % COLUMNS)
        return self.rows("SELECT %s FROM replacements WHERE service = ? ORDER BY id" % COLUMNS, service)

    def entry(self, service: str, new_anon_id: str) -> dict | None:
        """Returns the row of a new AnonId at the service of this name, or None."""
        rows = self.rows("SELECT %s FROM replacements WHERE service = ? AND new_anon_id = ?" % COLUMNS, service, new_anon_id)
        return rows[0] if rows else None

    def chain(self, service: str, request_id: str) -> list[dict]:
        """Returns the rows of the history that a RequestId belongs to, oldest first; any RequestId of it will do."""
        return self.chains(service, [request_id])[request_id]

    def chains(self, service: str, request_ids: typing.Iterable[str]) -> dict[str, list[dict]]:
        """Returns {request_id: the rows of its history, oldest first}; on PostgreSQL by one query for all."""
        wanted = list(request_ids)
        found: dict[str, list[dict]] = {}
        for some, condition, values in self.store.batches(wanted):
            origins = " UNION ".join(
                "SELECT original_request_id FROM replacements WHERE service = ? AND %s" % condition(column) for column in _REQUEST_IDS)
            histories: dict[str, list[dict]] = {}
            holders: dict[str, str] = {}
            for row in self.rows(
                "SELECT %s FROM replacements WHERE service = ? AND %s ORDER BY id" % (COLUMNS, self.store.is_among("original_request_id", origins)),
                service, *[service, values] * 3
            ):
                origin = row["original_request_id"].lower()
                histories.setdefault(origin, []).append(row)
                for column in _REQUEST_IDS:
                    if row[column]:
                        holders.setdefault(row[column].lower(), origin)
            for each in some:
                found[each] = histories.get(holders.get(each.lower(), ""), [])
        return found

    def services_that_know(self, services: typing.Iterable[str], request_ids: typing.Sequence[str]) -> dict[str, str]:
        """Returns {RequestId: the first of the services (names) under which the ledger knows it}."""
        known: dict[str, str] = {}
        for service in services:
            for request_id, chain in self.chains(service, request_ids).items():
                if chain:
                    known.setdefault(request_id, service)
        return known

    def position_ids(self, positions: typing.Iterable[str]) -> dict[str, str]:
        """Returns {position: opaque id} for those that have one."""
        wanted = set(positions)
        return {row["position"]: row["position_id"] for row in self.rows("SELECT * FROM positions") if row["position"] in wanted}
