# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""All threads of a wave wait when the service asks one of them to, whatever that one had sent."""

from __future__ import annotations

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils.errors import Refusal
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response


@pytest.mark.parametrize("asked_for, budget, held", [("7", 60, 7), ("3600", 60, 60)])
def test_after_a_429_to_a_post_the_next_call_waits_but_not_for_ever(serve, connect, naps, asked_for, budget, held):
    server = serve(response(429, headers=[("Retry-After", asked_for)]), response(200, b"{}"))
    transport = connect(server, retry_budget_seconds=budget)
    with pytest.raises(Refusal, match="HTTP 429"):
        transport.send_once("POST", "/requests/x/replace", json={})
    assert not naps
    assert transport.get("/requests/x").status == 200
    assert len(naps) == 1 and held - 1 < naps[0] <= held
