# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a cut, a drip or a foreign certificate inside a proxy's tunnel means."""

from __future__ import annotations

import contextlib
import time

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

OK = response(body={"Status": "Collected"})


def failure(call):
    with pytest.raises(RapidError) as caught:
        call()
    return caught.value


# What happens inside the tunnel


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("cut", ["cut", "in the body", "reset"])
def test_a_cut_inside_the_tunnel_is_a_lost_answer(serve, through, make_proxy, method, cut):
    def end(connection):
        connection.sendall({"in the body": response(body=b"{}", length=9)}.get(cut, b""))

    server, proxy = serve(end), make_proxy()
    error = failure(lambda: through(server, proxy.url()).send_once(method, "/x", json={}))
    assert (error.kind, error.is_effect_unknown, len(server.requests)) == ("connection_cut", True, 1)
    assert "(through the proxy http://127.0.0.1:%d (HTTPS_PROXY)) cut the connection" % proxy.port in error.message


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_proxy_that_keeps_the_answer_leaves_the_effect_unknown(serve, through, make_proxy, method):
    proxy = make_proxy()

    def answer(connection):
        proxy.keeps_answers = True
        connection.sendall(OK)

    server = serve(OK, answer)
    transport = through(server, proxy.url())
    assert transport.get("/x").status == 200
    error = failure(lambda: transport.send_once(method, "/x", json={}))
    assert (error.kind, error.is_effect_unknown, len(server.requests), len(proxy.heads)) == ("connection_cut", True, 2, 1)


def test_a_proxy_that_keeps_the_request_leaves_the_effect_unknown(serve, through, make_proxy):
    # The client's first block is its hello; with the second one its handshake ends, and the request follows at once.
    are_unknown = []
    for cut_after in (1, 2):
        transport = through(serve(OK), make_proxy(cut_after=cut_after).url())
        are_unknown.append(failure(lambda: transport.send_once("POST", "/x", json={})).is_effect_unknown)  # pylint: disable=cell-var-from-loop
    assert are_unknown == [False, True]


def test_a_drip_inside_the_tunnel_ends_at_the_deadline(serve, through, make_proxy):
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    begin = time.monotonic()
    error = failure(lambda: through(serve(drip), make_proxy().url(), timeout_seconds=0.5).send_once("POST", "/x", json={}))
    assert (error.kind, error.is_effect_unknown) == ("answer_timed_out", True) and time.monotonic() - begin < 5


def test_a_proxy_that_breaks_tls_open_is_named(serve, through, make_proxy, other_authority, tmp_path):
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(other_authority.pem)
    proxy = make_proxy()
    error = failure(lambda: through(serve(OK), proxy.url(), ca=str(foreign)).get("/x"))
    assert error.kind == "server_not_trusted" and "(through the proxy http://127.0.0.1:%d (HTTPS_PROXY)) is not trusted" % proxy.port in error.message
