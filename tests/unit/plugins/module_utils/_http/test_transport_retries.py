# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""When a GET is repeated, how often, and after which pause; for which calls all threads wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import ServiceResponse, retry_after_seconds
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import MOST_ATTEMPTS, Pacer
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import cut, response

OK = response(body={"Status": "Collected"})


@pytest.mark.parametrize("first", [response(429), response(502), response(503), response(504), cut], ids=["429", "502", "503", "504", "cut"])
def test_a_get_is_repeated_after_temporary_trouble(serve, connect, naps, first):
    server = serve(first, first, OK)
    assert connect(server).get("/x").status == 200
    assert len(server.requests) == 3
    assert len(naps) == 2 and all(0 < nap <= 8 for nap in naps)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 408, 418, 500, 501])
def test_any_other_answer_is_the_answer(serve, connect, naps, status):
    server = serve(response(status))
    assert connect(server).get("/x").status == status
    assert (len(server.requests), naps) == (1, [])


def test_the_attempts_are_counted(serve, connect, naps):
    server = serve(response(503))
    assert connect(server).get("/x").status == 503
    assert len(server.requests) == MOST_ATTEMPTS
    assert len(naps) == MOST_ATTEMPTS - 1


def test_connection_trouble_that_stays_is_raised(serve, connect):
    server = serve(cut)
    with pytest.raises(AnswerLost) as caught:
        connect(server).get("/x")
    assert caught.value.kind == "connection_cut"
    assert len(server.requests) == MOST_ATTEMPTS


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_to_the_second(serve, connect, naps, status):
    server = serve(response(status, headers=[("Retry-After", "7")]), OK)
    assert connect(server).get("/x").status == 200
    assert len(naps) == 1 and 5 < naps[0] <= 7


def test_a_retry_after_beyond_the_budget_ends_it_at_once(serve, connect, naps):
    for seconds in ("11", "120000"):
        server = serve(response(429, headers=[("Retry-After", seconds)]), OK)
        with pytest.raises(Refusal, match="HTTP 429, Retry-After %s s" % seconds) as caught:
            connect(server, retry_budget_seconds=10).get("/x")
        assert caught.value.kind == "throttled"
        assert caught.value.details["retry_after_seconds"] == int(seconds)
        assert caught.value.is_service_wide
        assert (len(server.requests), naps) == (1, [])


def test_the_budget_counts_all_pauses_together(serve, connect, naps):
    server = serve(response(429, headers=[("Retry-After", "4")]))
    with pytest.raises(Refusal):
        connect(server, retry_budget_seconds=10).get("/x")
    assert len(server.requests) == 3
    assert sum(naps) <= 10


@pytest.mark.parametrize(
    "text, seconds", [("5", 5), ("0", 0), ("", None), ("-1", None), ("1.5", None), ("²", None), ("٣", None), ("soon", None), ("9" * 40, None),
                      ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 2015", None)]
)
def test_retry_after_is_read_or_left_alone(text, seconds):
    assert retry_after_seconds(ServiceResponse(429, {"Retry-After": text}, b"")) == seconds


def test_retry_after_may_be_a_date():
    assert 55 <= retry_after_seconds(ServiceResponse(503, {"Retry-After": formatdate(time.time() + 60, usegmt=True)}, b"")) <= 61
    assert retry_after_seconds(None) is None


def test_after_a_429_all_threads_wait():
    now, naps = [100.0], []
    pacer = Pacer(sleep=lambda seconds: (naps.append(seconds), now.__setitem__(0, now[0] + seconds)), clock=lambda: now[0])
    pacer.wait()
    pacer.hold(5)
    pacer.hold(2)  # a shorter one does not end a longer one early
    pacer.wait()
    pacer.wait()
    assert naps == [5]


@pytest.mark.parametrize("asked_for, budget, held", [("7", 60, 7), ("3600", 60, 60)])
def test_after_a_429_to_a_post_the_next_call_waits_but_not_for_ever(serve, connect, naps, asked_for, budget, held):
    server = serve(response(429, headers=[("Retry-After", asked_for)]), response(200, b"{}"))
    transport = connect(server, retry_budget_seconds=budget)
    with pytest.raises(Refusal, match="HTTP 429"):
        transport.send_once("POST", "/requests/x/replace", json={})
    assert not naps
    assert transport.get("/requests/x").status == 200
    assert len(naps) == 1 and held - 1 < naps[0] <= held
