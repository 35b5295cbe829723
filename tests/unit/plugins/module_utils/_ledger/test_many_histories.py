# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Histories of 10,000 credentials are read from PostgreSQL by one statement."""

from __future__ import annotations

import time
import uuid

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerReading, LedgerRecord
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import execute
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API

COUNT = 10_000
#: Two replacements of each credential and of others, their first RequestIds in capitals.
FILL = """
INSERT INTO eccops_rapid.replacements (service, api_url, position, rotation_id, original_request_id, request_id, new_request_id, new_anon_id, outcome,
                                       intended_at, controller, "user")
SELECT %(api)s, %(api)s, 'p' || n, 'q' || step, upper(md5(n || '-0')::uuid::text), md5(n || '-' || step - 1)::uuid, md5(n || '-' || step)::uuid,
       'a' || n || '-' || step, 'replaced', '2026-01-01T00:00:00Z', 'c', 'u'
FROM generate_series(1, %(count)s + 1000) AS n, generate_series(1, 2) AS step ORDER BY step, n
"""


@pytest.mark.slow
def test_ten_thousand_histories_are_one_statement(ledger_url, monkeypatch):
    with LedgerRecord(ledger_url, API):
        pass
    execute(ledger_url, FILL, {"api": API, "count": COUNT})
    asked = {str(uuid.UUID(row[0])): row[1] for row in execute(
        ledger_url, "SELECT md5(n || '-' || n %% 3), n FROM generate_series(1, %s) AS n", (COUNT,))}
    with LedgerReading(ledger_url, API) as reading:
        statements, rows = [], reading.ledger.store.rows
        monkeypatch.setattr(reading.ledger.store, "rows", lambda sql, values: statements.append(sql) or rows(sql, values))
        began_at = time.monotonic()
        chains = reading.chains(asked)
        seconds = time.monotonic() - began_at
    assert len(statements) == 1
    assert {each: [(row["position"], row["rotation_id"]) for row in chain] for each, chain in chains.items()} == {
        each: [("p%d" % number, "q%d" % step) for step in (1, 2)] for each, number in asked.items()}
    assert seconds < 10, seconds
