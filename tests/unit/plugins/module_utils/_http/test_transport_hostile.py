# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Answers that are made to exhaust memory or time, and answers that HTTP allows and nobody expects."""

from __future__ import annotations

import contextlib
import functools
import gzip
import socket
import time
import tracemalloc
import zlib

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import AnswerTooLong
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

OK = response(body={"Status": "Collected"})
BLOCK = b"x" * 65536


def lost(transport, method="POST"):
    with pytest.raises(AnswerLost) as caught:
        if method == "GET":
            transport.get("/x")
        else:
            transport.send_once(method, "/x", json={})
    assert caught.value.kind == "unusable_answer" and caught.value.is_effect_unknown
    return caught.value


@functools.lru_cache(None)
def bomb():
    """Less than a kilobyte that unfolds to 64 MB in two steps: gzip in gzip."""
    compressor, parts = zlib.compressobj(9, zlib.DEFLATED, 31), []
    zeros = b"\0" * (16 * 1024 * 1024)
    for unused in range(4):
        parts.append(compressor.compress(zeros))
    return gzip.compress(b"".join(parts) + compressor.flush())


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("status", [200, 302, 400, 500])
@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "GZIP"])
def test_an_answer_in_an_encoding_is_not_unfolded(serve, connect, method, status, encoding):
    server = serve(response(status, bomb(), headers=[("Content-Encoding", encoding)]))
    tracemalloc.start()
    error = lost(connect(server), method)
    unused_now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "HTTP %d and a content encoding that it was not asked for" % status in error.message
    assert most < 8 * LONGEST_ANSWER_BYTES and len(server.requests) == 1
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_gateways_page_in_an_encoding_is_temporary_all_the_same(serve, connect):
    assert connect(serve(response(503, b"x", headers=[("Content-Encoding", "gzip")]), OK)).get("/x").status == 200


@pytest.mark.parametrize("encoding", ["identity", "", "Identity "])
def test_identity_is_no_encoding(serve, connect, encoding):
    assert connect(serve(response(body=b"{}", headers=[("Content-Encoding", encoding)]))).get("/x").body == b"{}"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "status line": (b"HTTP/1.1 200 ", BLOCK),
    "header": (b"HTTP/1.1 200 OK\r\nX-A: ", BLOCK),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "other interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", BLOCK),
    "body of a promised length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n", BLOCK),
    "chunk size": (CHUNKED, b"1" * 65536),
    "chunk extension": (CHUNKED + b"1;x=", BLOCK),
    "chunk of a promised length": (CHUNKED + b"fffffffffff\r\n", BLOCK),
    "chunks": (CHUNKED, b"1\r\nx\r\n" * 1000),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: b\r\n" * 1000),
    "trailer": (CHUNKED + b"0\r\nX-A: ", BLOCK),
    "transfer encodings": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", BLOCK),
}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ENDLESS)
def test_nothing_without_end_is_read_to_its_end(serve, connect, name, method):
    head, repeated = ENDLESS[name]
    sent = [0]

    def endless(connection):
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while sent[0] < 64 * 1024 * 1024:
                connection.sendall(repeated)
                sent[0] += len(repeated)

    server = serve(endless)
    tracemalloc.start()
    lost(connect(server, timeout_seconds=20), method)
    unused_now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * LONGEST_ANSWER_BYTES and len(server.requests) == 1
    assert sent[0] < 16 * LONGEST_ANSWER_BYTES  # the buffers of the two sockets hold some


@pytest.mark.parametrize("head", [CHUNKED, b"HTTP/1.1 200 OK\r\nX-A: ", CHUNKED + b"0\r\n", b"HTTP/1.1 100 Continue\r\n"])
def test_a_drip_of_anything_ends_at_the_deadline(serve, connect, head):
    def drip(connection):
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"1")
                time.sleep(0.02)

    begin = time.monotonic()
    with pytest.raises(AnswerLost) as caught:
        connect(serve(drip), timeout_seconds=0.5).send_once("POST", "/x", json={})
    assert caught.value.kind == "answer_timed_out" and time.monotonic() - begin < 5


@pytest.mark.parametrize("interim", [
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n" * 3])
def test_an_interim_answer_is_not_the_answer(serve, connect, interim):
    server = serve(interim + OK)
    transport = connect(server)
    for unused in range(2):
        answer = transport.send_once("POST", "/x", json={})
        assert (answer.status, answer.body) == (200, b'{"Status": "Collected"}')
    assert server.connections == 1


def test_an_answer_that_switches_protocols_is_not_read_on(serve, connect):
    server = serve(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK, OK)
    transport = connect(server)
    assert transport.send_once("POST", "/x", json={}).status == 101
    assert Refusal("x", http_status=101).is_effect_unknown
    answer = transport.send_once("POST", "/x", json={})
    assert (answer.status, answer.body, server.connections) == (200, b'{"Status": "Collected"}', 2)


@pytest.mark.parametrize("junk", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_what_is_no_http_is_named(serve, connect, junk):
    def send(connection):
        connection.sendall(junk)

    assert "something that is not HTTP" in lost(connect(serve(send))).message


def test_a_second_answer_behind_the_first_is_not_taken_for_the_next(serve, connect):
    server = serve(OK + response(body={"Status": "Forged", "Long": "x" * 20000}), OK)
    transport = connect(server)
    assert [transport.get("/x").body for unused in range(2)] == [b'{"Status": "Collected"}'] * 2
    assert server.connections == 2


def test_a_plain_socket_counts_too():
    """The limits are of the thread's call, not of a kind of socket."""
    from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import deadline

    deadline.start(5, 10)
    try:
        deadline.note_received(10)
        with pytest.raises(AnswerTooLong):
            deadline.note_received(1)
        deadline.at = time.monotonic() - 1
        with pytest.raises(socket.timeout):
            deadline.remaining_seconds()
    finally:
        deadline.stop()
