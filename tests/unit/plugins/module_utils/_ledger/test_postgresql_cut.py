# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every packet between controller and database is dropped for longer than TCP keeps silent, in the middle of replacements."""

from __future__ import annotations

import concurrent.futures
import threading
import time

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import postgresql_session
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one
from ansible_collections.eccops.rapid.tests.unit.support import cut_network
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API
from ansible_collections.eccops.rapid.tests.unit.support.model_rapidauth import ModelRapidAuth
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PostgresqlServer, find_reason

SIZE, CUT_SECONDS = 12, 4


@pytest.mark.slow
def test_replacements_go_on_after_packets_were_dropped():
    reason = find_reason() or cut_network.find_reason()
    if reason:
        pytest.skip(reason)
    sessions, statuses, sent, effects, are_equal = cut_network.run_in_network(replace_over_a_cut_network)
    assert sessions > 1 and statuses == ["replaced"] * SIZE and sent == effects == SIZE and are_equal


def replace_over_a_cut_network():
    """Returns (sessions, statuses, POSTs, their effects, whether the ledger equals the service)."""
    # Both ends give up after about 2 s of silence instead of 10 to 25.
    postgresql_session._SESSION = postgresql_session._SESSION.replace("'10'", "'1'").replace("'5'", "'1'").replace("'3'", "'1'")
    server, service, are_cut = PostgresqlServer(), ModelRapidAuth(), threading.Event()
    ids = [service.first_id] + [service.add("old-%d" % number, "Collected") for number in range(1, SIZE)]

    def cut():
        with cut_network.Cut(server.port):
            are_cut.set()
            time.sleep(CUT_SECONDS)

    cutter = threading.Thread(target=cut)

    def cut_once(request_id, unused_anon_id):
        if request_id == ids[4]:
            cutter.start()
            are_cut.wait()

    service.before_post = cut_once
    try:
        with LedgerRecord(server.network_url("postgres", tcp_user_timeout=1000, connect_timeout=2), API) as record, \
                concurrent.futures.ThreadPoolExecutor(4) as threads:
            outcomes = list(threads.map(lambda each: replace_one(service, record, ReplacementRequest(each, each, "new-" + each, "q1")), ids))
            rows = {row["new_anon_id"]: row["new_request_id"] for row in record.ledger.all_rows() if row["outcome"] == "replaced"}
            truth = {"new-" + each: service.truth("new-" + each) for each in ids}
            return record.ledger.store.session, [each.status for each in outcomes], len(service.sent), len(service.effects), rows == truth
    finally:
        cutter.join()
        server.close()
