# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, NotSent, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES
from ansible_collections.eccops.rapid.plugins.module_utils._version import COLLECTION_VERSION
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import cut, response

OK = response(body={"Status": "Collected"})


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    "step", [response(429), response(502), response(503), response(504), response(500), cut], ids=["429", "502", "503", "504", "500", "cut"]
)
def test_a_call_that_changes_something_is_never_repeated(serve, connect, naps, method, step):
    server = serve(step, OK)
    try:
        assert connect(server).send_once(method, "/x", json={}).status >= 500
    except RapidError as error:
        assert error.kind in ("throttled", "connection_cut")
        assert error.is_effect_unknown is (error.kind == "connection_cut")
    assert (len(server.requests), server.connections, naps) == (1, 1, [])


def test_one_connection_serves_many_calls_and_a_broken_one_is_replaced(serve, connect):
    server = serve(OK)
    transport = connect(server)
    for unused in range(5):
        transport.get("/x")
        transport.send_once("POST", "/x", json={"a": 1})
    assert server.connections == 1
    server.script = [cut, OK]
    transport.get("/x")
    assert server.connections == 2


def test_every_thread_has_a_connection_of_its_own(serve, connect):
    server = serve(OK)
    transport = connect(server)
    threads = [threading.Thread(target=lambda: [transport.get("/x") for unused in range(4)]) for unused in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(server.requests), server.connections) == (12, 3)


def test_what_is_sent(serve, connect):
    server = serve(OK)
    connect(server).send_once("POST", "/a/b", json={"email": "x@y.example"})
    connect(server).send_once("POST", "/a/b", data={"password": "ä&=+ "})
    first, second = server.requests
    assert (first.method, first.path, first.body) == ("POST", "/a/b", b'{"email": "x@y.example"}')
    assert first.headers["content-type"] == "application/json"
    assert first.headers["user-agent"] == "eccops.rapid/" + COLLECTION_VERSION
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert second.body == b"password=%C3%A4%26%3D%2B+"


@pytest.mark.parametrize("path", ["/credentials/..", "/credentials/.", "/credentials/a%2Fb%20%25", "/credentials/%7Ea~b", "/requests/x;y?a=b%26c"])
def test_a_path_is_sent_as_it_is(serve, connect, path):
    server = serve(OK)
    connect(server, url=server.url() + "/rapid").get(path)
    assert server.requests[0].path == "/rapid" + path


def test_nothing_is_sent_that_was_not_asked_for(serve, connect):
    server = serve(response(headers=[("Set-Cookie", "a=b; Path=/")]))
    transport = connect(server)
    for unused in range(2):
        transport.get("/x")
        transport.send_once("POST", "/x", json={})
    for sent in server.requests:
        body = {"content-length", "content-type"} if sent.method == "POST" else set()
        assert set(sent.headers) == {"host", "user-agent", "accept", "accept-encoding"} | body


def test_credentials_of_a_netrc_file_are_not_sent(serve, connect, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password theirs\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(OK)
    connect(server).get("/x")
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("location", ["https://127.0.0.1:1/elsewhere", "/x", "http://[", "\xff\xfe", ""])
def test_redirects_are_not_followed_wherever_they_point(serve, connect, location):
    server = serve(response(302, headers=[("Location", location)]))
    assert connect(server).get("/x").status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 302])
def test_an_answer_without_end_is_given_up(serve, connect, status):
    sent = []

    def endless(connection):
        connection.sendall(b"HTTP/1.1 %d X\r\nLocation: /y\r\n\r\n" % status)
        for unused in range(200):
            sent.append(connection.send(b"x" * 65536))

    with pytest.raises(AnswerLost, match="more than %d bytes" % LONGEST_ANSWER_BYTES):
        connect(serve(endless)).send_once("POST", "/x", json={})
    assert sum(sent) < 100 * 65536


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["nothing", "in the headers", "in the body"]
)
def test_a_slow_drip_ends_at_the_deadline(serve, connect, head):
    is_over = threading.Event()

    def drip(connection):
        connection.sendall(head)
        while not is_over.wait(0.05):
            connection.sendall(b"x" if head.endswith(b"\r\n\r\n") else b"X")

    transport = connect(serve(drip), timeout_seconds=0.5)
    begin = time.monotonic()
    with pytest.raises(AnswerLost) as caught:
        transport.send_once("POST", "/x", json={})
    is_over.set()
    assert caught.value.kind == "answer_timed_out"
    assert 0.4 < time.monotonic() - begin < 4


def test_the_deadline_starts_anew_with_every_call(serve, connect):
    def late(connection):
        time.sleep(0.4)
        connection.sendall(OK)
        return True

    transport = connect(serve(late), timeout_seconds=1)
    assert [transport.get("/x").status for unused in range(3)] == [200, 200, 200]


def test_the_proxy_of_the_environment_is_used_unless_the_host_is_excepted(serve, connect, monkeypatch):
    seen = []

    def refuse(connection):
        seen.append(connection.recv(4096).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

    proxy, server = serve(context=None, on_connect=refuse), serve(OK)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url(scheme="http"))
    with pytest.raises(NotSent) as caught:
        connect(server).send_once("POST", "/x", json={})
    assert caught.value.kind == "proxy_failed"
    assert [line.rpartition(b"/")[0] for line in seen] == [b"CONNECT 127.0.0.1:%d HTTP" % server.port]
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert connect(server).get("/x").status == 200
    assert len(seen) == 1


def test_requests_adds_no_ca_of_its_own(serve, connect):
    transport = connect(serve(OK))
    transport.get("/x")
    assert len(transport._context.get_ca_certs()) == 1
    with pytest.raises(NotSent) as caught:
        connect(serve(OK), ca=None).get("/x")
    assert caught.value.kind == "server_not_trusted"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(min_size=1, max_size=60), st.binary(max_size=60).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)))
def test_garbage_instead_of_an_answer_is_an_expected_error(garbage_server, connect, garbage):
    def send(connection):
        connection.sendall(garbage)

    garbage_server.script = [send]
    try:
        assert isinstance(connect(garbage_server).send_once("POST", "/x", json={}).body, bytes)
    except RapidError as error:
        assert error.is_effect_unknown


@pytest.fixture
def garbage_server(serve):
    return serve(OK)


def test_a_server_that_closed_an_idle_connection_costs_no_call(serve, connect):
    server = serve(lambda connection: connection.sendall(OK))
    transport = connect(server)
    assert transport.get("/x").status == 200
    _wait_until_closed(transport)
    assert transport.send_once("POST", "/x", json={}).status == 200
    assert [request.method for request in server.requests] == ["GET", "POST"]


def _wait_until_closed(transport):
    """Waits for the server's end of the connection to arrive; a connection is looked at before it is used again."""
    import select

    connection = transport._connection()._http
    assert select.select([connection.sock], [], [], 5)[0]
    assert isinstance(connection.sock, socket.socket)


def test_a_service_whose_connection_is_cut_late_may_be_at_work_from_then_on(serve, connect):
    """The network may have kept the call until just before."""
    def cut_late(unused_connection):
        time.sleep(0.5)
        return False

    transport = connect(serve(cut_late), timeout_seconds=5)
    with pytest.raises(AnswerLost):
        transport.send_once("POST", "/x", json={})
    assert 4.7 < transport.seconds_at_work() <= 5
