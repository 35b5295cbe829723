# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the credentials: their rows, and what time alone does to them.

An uncollected request lapses: it becomes Expired and later is cleaned up, after which the service
answers 1109 (seen in the vendor's WordPress plugin). A collected credential expires after a year.
Both are found out when somebody looks, by the movable clock.
"""

import itertools

from rapid_sandbox import audit, identifiers
from rapid_sandbox.clock import TICKS_PER_DAY, TICKS_PER_MINUTE

_INSERT = (
    "INSERT INTO credentials (request_id, anon_id, prevent_collection, status, requested_date,"
    " collected_date, expires_date, lapses_date, previous_request_id, is_reserved, creation_order)"
    " VALUES (:request_id, :anon_id, :prevent_collection, :status, :requested_date, :collected_date,"
    " :expires_date, :lapses_date, :previous_request_id, :is_reserved, :creation_order)")
_BY_REQUEST_ID = "SELECT * FROM credentials WHERE request_id = ?"
_BY_ANON_ID = "SELECT * FROM credentials WHERE anon_id = ? ORDER BY creation_order DESC LIMIT 1"


def what_time_does(row, now, cleanup_ticks):
    """Pure: "lapse", "clean-up", "expire" or None."""
    status, lapses = row["status"], row["lapses_date"]
    if status == "Collected":
        return "expire" if now >= row["expires_date"] else None
    if status == "Requested":
        return "lapse" if lapses is not None and now >= lapses else None
    is_lapsed = lapses is not None and row["collected_date"] is None
    return "clean-up" if is_lapsed and now >= lapses + cleanup_ticks else None


class Credentials:
    """The rows, looked at through the clock."""

    def __init__(self, storage, clock, switches):
        self._storage = storage
        self._clock = clock
        self._switches = switches
        newest = storage.execute("SELECT COALESCE(MAX(creation_order), 0) FROM credentials").fetchone()[0]
        self._order = itertools.count(newest + 1)

    def by_request_id(self, request_id, call):
        """The row as it is now, or None."""
        return self._as_of_now(self._storage.execute(_BY_REQUEST_ID, (request_id,)).fetchone(), call)

    def by_anon_id(self, anon_id, call):
        """The newest row with that AnonId as it is now, or None."""
        while True:
            found = self._storage.execute(_BY_ANON_ID, (anon_id,)).fetchone()
            if found is None:
                return None
            current = self._as_of_now(found, call)
            if current is not None:
                return current

    def raw(self, request_id):
        return self._storage.execute(_BY_REQUEST_ID, (request_id,)).fetchone()

    def raw_page(self, limit, offset):
        return self._storage.execute(
            "SELECT * FROM credentials ORDER BY creation_order LIMIT ? OFFSET ?", (limit, offset)).fetchall()

    def count(self):
        return self._storage.execute("SELECT COUNT(*) FROM credentials").fetchone()[0]

    def _as_of_now(self, row, call):
        while row is not None:
            now = self._clock.now_ticks()
            effect = what_time_does(row, now, int(self._switches["cleanup_after_lapse_minutes"] * TICKS_PER_MINUTE))
            if effect is None:
                return row
            with self._storage.transaction():
                if effect == "clean-up":
                    self.delete(row["request_id"])
                else:
                    self.update(row["request_id"], status="Expired")
                audit.append(self._storage, now, effect, call, identity="sandbox",
                             request_id=row["request_id"], anon_id=row["anon_id"])
            row = self.raw(row["request_id"])
        return None

    def add(self, anon_id, **columns):
        """Insert a row; what is not given is as for a new request. Returns the RequestId."""
        now = self._clock.now_ticks()
        requested = columns.get("requested_date", now)
        row = {
            "request_id": identifiers.new_request_id(),
            "anon_id": anon_id,
            "prevent_collection": 0,
            "status": "Requested",
            "requested_date": requested,
            "collected_date": None,
            "expires_date": requested + int(self._switches["validity_days"] * TICKS_PER_DAY),
            "lapses_date": None,
            "previous_request_id": None,
            "is_reserved": 0,
            "creation_order": next(self._order),
            **columns,
        }
        self._storage.execute(_INSERT, row)
        return row["request_id"]

    def lapse_of_new_request(self, minutes=None):
        minutes = self._switches["uncollected_lifetime_minutes"] if minutes is None else minutes
        return self._clock.now_ticks() + int(minutes * TICKS_PER_MINUTE)

    def update(self, request_id, **columns):
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self._storage.execute(
            f"UPDATE credentials SET {assignments} WHERE request_id = ?", (*columns.values(), request_id))

    def delete(self, request_id):
        self._storage.execute("DELETE FROM credentials WHERE request_id = ?", (request_id,))

    def delete_all(self):
        self._storage.execute("DELETE FROM credentials")
