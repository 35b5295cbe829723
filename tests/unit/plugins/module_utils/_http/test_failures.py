# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every kind of connection trouble, from the real thing."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, key_pem
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def failure(transport):
    """Returns the error of a call that changes something."""
    with pytest.raises(RapidError) as caught:
        transport.send_once("POST", "/requests/x/replace", json={"AnonId": "new"})
    return caught.value


def assert_not_sent(error, kind, words):
    assert (error.kind, error.is_effect_unknown, error.is_service_wide) == (kind, False, True)
    assert words in error.message


def assert_lost(error, kind, words):
    assert (error.kind, error.is_effect_unknown) == (kind, True)
    assert words in error.message


def reset(connection):
    """Ends a connection by RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_refused(connect):
    with socket.socket() as unused_port:
        unused_port.bind(("127.0.0.1", 0))
        url = "https://127.0.0.1:%d" % unused_port.getsockname()[1]
        error = failure(connect(None, url=url))
    assert_not_sent(error, "connection_refused", url + " refused the connection")
    assert error.is_temporary


def test_name_not_resolved(connect):
    error = failure(connect(None, url="https://no-such-host.invalid/rapid"))
    assert_not_sent(error, "name_not_resolved", "cannot be resolved; check the URL and DNS")


def test_no_connection_in_time(connect):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for unused in range(4)]  # they fill its backlog, so that the next one hangs
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        error = failure(connect(None, url="https://127.0.0.1:%d" % full.getsockname()[1], timeout_seconds=0.3))
        for each in waiting:
            each.close()
    assert_not_sent(error, "connect_timed_out", "accepted no connection within 0.3 s")


@pytest.mark.parametrize("version", VERSIONS)
def test_server_certificate_from_a_foreign_ca(serve, connect, server_context, other_authority, tmp_path, version):
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(other_authority.pem)
    server = serve(context=server_context(version=version))
    error = failure(connect(server, ca=str(foreign)))
    assert_not_sent(error, "server_not_trusted", "set ca_path")
    assert not error.is_temporary
    assert server.requests == []


@pytest.fixture
def serve_with(serve, server_context, tmp_path):
    """Returns a function that starts a server with the given key and certificate."""

    def start(key, certificate):
        path = tmp_path / "odd.pem"
        path.write_bytes(key_pem(key) + certificate_pem(certificate))
        return serve(context=server_context(pem_path=path))

    return start


def test_self_signed_server_certificate(serve_with, connect):
    alone = certificates.Authority("127.0.0.1")
    assert_not_sent(failure(connect(serve_with(alone.key, alone.certificate))), "server_not_trusted", "self-signed")


def test_expired_server_certificate(serve_with, connect, authority):
    key = certificates.new_key()
    expired = authority.issue("localhost", key, certificates.days_from_now(-9), certificates.days_from_now(-1), addresses=["127.0.0.1"])
    assert_not_sent(failure(connect(serve_with(key, expired))), "server_not_trusted", "expired")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_server_certificate_of_another_host(serve_with, connect, authority, host):
    key = certificates.new_key()
    server = serve_with(key, authority.issue("elsewhere", key, host_names=["elsewhere.example"]))
    assert_not_sent(failure(connect(server, url=server.url(host))), "host_name_mismatch", "another host name")


def test_plain_http_server(serve, connect):
    def speak_plain_http(connection):
        connection.recv(4096)
        connection.sendall(response(400))

    assert_not_sent(failure(connect(serve(on_connect=speak_plain_http))), "tls_failed", "is it an https service?")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_server_that_speaks_old_tls_only(serve, connect, server_context, sac):
    context = server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    for presented in (None, sac):
        assert failure(connect(serve(context=context), presented)).kind == "tls_failed"


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["FIN", "RST"])
def test_server_that_ends_the_connection_before_tls(serve, connect, end):
    error = failure(connect(serve(on_connect=end)))
    assert not error.is_effect_unknown
    assert error.kind in ("tls_failed", "connection_refused")  # the latter where it is quicker than our own connect()


@pytest.mark.parametrize(
    "sent",
    [b"", response(body=b"{}", length=3), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["at once", "in the body", "in a chunk"],
)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("is_reset", [False, True])
def test_connection_cut_after_the_request(serve, connect, server_context, version, sent, is_reset):
    def cut(connection):
        connection.sendall(sent)
        if is_reset:
            reset(connection)

    server = serve(cut, context=server_context(version=version))
    assert_lost(failure(connect(server)), "connection_cut", "cut the connection before a whole answer came")
    assert len(server.requests) == 1


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n"])
def test_an_answer_without_length_ends_with_the_connection(serve, connect, sent):
    """HTTP says so; that it is not whole shows in its JSON."""
    assert connect(serve(lambda connection: connection.sendall(sent))).send_once("POST", "/x", json={}).body == b""


@pytest.mark.parametrize("version", VERSIONS)
def test_bytes_that_are_no_tls_after_the_request_leave_the_effect_unknown(serve, connect, server_context, version):
    def garble(connection):
        with socket.socket(fileno=connection.detach()) as raw:
            raw.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    assert failure(connect(serve(garble, context=server_context(version=version)))).is_effect_unknown


def test_silence_leaves_the_effect_unknown(serve, connect):
    def stay_silent(connection):
        connection.recv(1)

    assert_lost(failure(connect(serve(stay_silent), timeout_seconds=0.3)), "answer_timed_out", "no whole answer within 0.3 s")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("flaw", ["foreign CA", "expired", "server purpose"])
def test_a_sac_the_server_refuses(serve, connect, server_context, authority, other_authority, ca_path, version, flaw):
    key = certificates.new_key()
    certificate = {
        "foreign CA": lambda: other_authority.issue("Harbor County", key),
        "expired": lambda: authority.issue("Harbor County", key, certificates.days_from_now(-9), certificates.days_from_now(-1)),
        "server purpose": lambda: authority.issue("Harbor County", key, host_names=["x.example"]),
    }[flaw]()
    sac = Sac(certificate, key, [], "sac.pem")
    for unused in range(10):
        server = serve(context=server_context(ca_path, version))
        error = failure(connect(server, sac))
        assert_not_sent(error, "sac_refused", "refused the SAC 'CN=Harbor County' (serial %s, valid until " % sac.serial)
        assert not error.is_temporary
        assert server.requests == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_wants_a_certificate_where_none_is_used(serve, connect, server_context, ca_path, version):
    server = serve(context=server_context(ca_path, version))
    assert_not_sent(failure(connect(server)), "tls_failed", "ended the TLS handshake")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_right_sac_is_let_in(serve, connect, server_context, sac, ca_path, version):
    server = serve(context=server_context(ca_path, version))
    assert connect(server, sac).send_once("POST", "/x", json={}).status == 200


@pytest.mark.parametrize("version, ciphers", [(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-SHA384"), (ssl.TLSVersion.TLSv1_2, "AES256-SHA256")])
def test_no_common_cipher_is_not_about_the_sac(serve, connect, server_context, sac, ca_path, version, ciphers):
    context = server_context(ca_path, version)
    context.set_ciphers(ciphers)
    transport = connect(serve(context=context), sac)
    transport._context.set_ciphers("ECDHE+AESGCM")
    error = failure(transport)
    assert_not_sent(error, "tls_failed", "handshake failure")
    assert "SAC" not in error.message


def test_a_server_that_never_ends_the_handshake(serve, connect):
    error = failure(connect(serve(on_connect=lambda connection: connection.recv(1 << 16) and connection.recv(1 << 16)), timeout_seconds=0.3))
    assert_not_sent(error, "connect_timed_out", "did not finish the TLS handshake within 0.3 s")


@pytest.fixture(name="late_server")
def fixture_late_server(serve, server_context, ca_path):
    """A server that asks for a client certificate after the request, as Apache does where only a Location demands one."""

    def answer(connection):
        connection.verify_client_post_handshake()
        connection.do_handshake()  # sends what asks for it
        connection.settimeout(0.05)
        end = time.monotonic() + 5
        while connection.getpeercert() is None and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                connection.recv(1)
        connection.settimeout(None)
        connection.sendall(response(body={"Subject": str(connection.getpeercert())}))

    context = server_context(ca_path, ssl.TLSVersion.TLSv1_3)
    context.post_handshake_auth = True
    return serve(answer, context=context)


def test_a_server_may_ask_for_the_sac_after_the_request(late_server, connect, sac):
    answer = connect(late_server, sac).send_once("POST", "/x", json={})
    assert answer.status == 200 and b"Test SAC" in answer.body


def test_a_sac_that_is_refused_after_the_request(late_server, connect, other_authority):
    key = certificates.new_key()
    error = failure(connect(late_server, Sac(other_authority.issue("Harbor County", key), key, [], "sac.pem")))
    assert_not_sent(error, "sac_refused", "refused the SAC 'CN=Harbor County'")
