# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The way through a proxy: which one is used, and how its trouble is described."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import NotSent, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._http.proxies import find_proxy, is_excepted
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

OK = response(body={"Status": "Collected"})
HOST = "request.rapidauth.com"
SECRET = "Hunter2"


def failure(call):
    with pytest.raises(RapidError) as caught:
        call()
    assert SECRET not in repr(caught.value.as_result()) and caught.value.message.isprintable()
    return caught.value


def assert_proxy_failed(error, *words):
    assert isinstance(error, NotSent) and (error.kind, error.is_effect_unknown) == ("proxy_failed", False)
    for each in words:
        assert each in error.message, error.message


# Which one


@pytest.mark.parametrize("environment, found", [
    ({}, None),
    ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2", "ALL_PROXY": "http://c:3"}, "http://a:1 (https_proxy)"),
    ({"HTTPS_PROXY": "http://b:2", "all_proxy": "http://c:3"}, "http://b:2 (HTTPS_PROXY)"),
    ({"all_proxy": "http://c:3", "ALL_PROXY": "http://d:4"}, "http://c:3 (all_proxy)"),
    ({"ALL_PROXY": "http://d:4"}, "http://d:4 (ALL_PROXY)"),
    ({"https_proxy": "", "ALL_PROXY": "http://d:4"}, None),
    ({"HTTP_PROXY": "http://a:1", "http_proxy": "http://a:1"}, None),
    ({"HTTPS_PROXY": "proxy.example:3128"}, "http://proxy.example:3128 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "proxy.example"}, "http://proxy.example:80 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": " http://proxy.example:3128/ "}, "http://proxy.example:3128 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "HTTP://[::1]:3128"}, "http://[::1]:3128 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "http://bücher.example:1"}, "http://xn--bcher-kva.example:1 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "http://u:%s@p.example:1" % SECRET}, "http://p.example:1 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "rapidauth.com"}, None),
    ({"HTTPS_PROXY": "http://a:1", "no_proxy": "", "NO_PROXY": "rapidauth.com"}, "http://a:1 (HTTPS_PROXY)"),
    ({"HTTPS_PROXY": "socks5://a:1", "NO_PROXY": "*"}, None),
])
def test_the_proxy_that_the_environment_names(environment, found):
    proxy = find_proxy(HOST, 443, environment)
    assert (proxy and proxy.describe()) == (found and "the proxy " + found)


@pytest.mark.parametrize("value, words", [
    ("socks5://u:%s@a:1" % SECRET, "'socks5://'"), ("socks5h://a:1", "'socks5h://'"), ("https://u:%s@a:1" % SECRET, "'https://'"), ("ftp://a", "'ftp://'"),
    ("%s://a" % (SECRET * 9), "'?://'"), ("\x1b[2K://a", "'?://'"),
    ("http://", "http://host:port"), ("http://:3128", "http://host:port"), ("http://a:0", "http://host:port"), ("http://a:99999", "http://host:port"),
    ("http://a:b", "http://host:port"), ("http://[::1", "http://host:port"), ("http://a b:1", "http://host:port"), ("http://a/path", "http://host:port"),
    ("http://u:12/%s@a:1" % SECRET, "special characters of the login as %XX"), ("u:%s#x@a:1" % SECRET, "HTTPS_PROXY is not a usable proxy URL"),
    ("http://u:%s?x@a:1" % SECRET, "HTTPS_PROXY is not"), ("http://%s.a:1" % ("x" * 64), "HTTPS_PROXY is not"), ("http://a?x", "HTTPS_PROXY is not"),
])
def test_a_value_that_cannot_be_used_is_refused_before_anything_is_sent(value, words, serve, through):
    server = serve(OK)
    error = failure(lambda: through(server, value))
    assert_proxy_failed(error, "HTTPS_PROXY", words)
    assert not error.is_temporary and server.connections == 0


@pytest.mark.parametrize("exceptions, is_one", [
    ("", False), ("*", True), (HOST, True), (HOST.upper(), True), ("rapidauth.com", True), (".rapidauth.com", True), ("*.rapidauth.com", True),
    ("auth.com", False), ("x," + HOST, True), ("x, " + HOST, True), ("x " + HOST, True), (HOST + ":443", True), (HOST + ":8443", False),
    ("rapidauth.com:443", True), (HOST + ".", True), (",,", False), (":443", False), ("10.0.0.0/8", False), ("nonsense/99", False)])
def test_exceptions_for_a_name(exceptions, is_one):
    assert is_excepted(HOST, 443, exceptions) is is_one


@pytest.mark.parametrize("address, exceptions, is_one", [
    ("10.1.2.3", "10.0.0.0/8", True), ("10.1.2.3", "10.1.2.3", True), ("10.1.2.3", "10.1.2.3:443", True), ("10.1.2.3", "11.0.0.0/8", False),
    ("10.1.2.3", "2.3", False), ("10.1.2.3", ".2.3", False),
    ("::1", "::1", True), ("::1", "[::1]", True), ("::1", "[::1]:443", True), ("::1", "[::1]:444", False), ("fd00::5", "fd00::/8", True)])
def test_exceptions_for_an_address(address, exceptions, is_one):
    assert is_excepted(address, 443, exceptions) is is_one


# Through it


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_calls_go_through_one_tunnel(serve, through, make_proxy, variable):
    server, proxy = serve(OK), make_proxy()
    transport = through(server, proxy.url(), variable)
    assert [transport.get("/x").status, transport.send_once("POST", "/x", json={}).status] == [200, 200]
    (head,) = proxy.heads
    assert head.startswith("CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (server.port, server.port))
    assert "Authorization" not in head and [request.path for request in server.requests] == ["/x", "/x"]


def test_a_login_is_sent_to_the_proxy_and_to_nobody_else(serve, through, make_proxy):
    server, proxy = serve(OK), make_proxy()
    assert through(server, proxy.url("us%20er:p%40ss%3A%C3%A9")).get("/x").status == 200
    assert "Proxy-Authorization: Basic %s\r\n" % base64.b64encode("us er:p@ss:é".encode("utf-8")).decode() in proxy.heads[0]
    assert not [name for name in server.requests[0].headers if "auth" in name]


# What it refuses

REFUSED = {
    "no login": ("", b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", False, ["wants a login (HTTP 407)", "http://user:password@host:port"]),
    "wrong login": ("u:" + SECRET, b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", False,
                    ["refused the user name and password in HTTPS_PROXY (HTTP 407)", "sent once"]),
    "wrong login of tinyproxy": ("u:" + SECRET, b"HTTP/1.0 401 Unauthorized\r\n\r\n", False, ["refused the user name and password in HTTPS_PROXY (HTTP 401)"]),
    "other login": ("u:" + SECRET, b"HTTP/1.1 407 X\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n", False,
                    ["wants a login by NTLM, Negotiate (HTTP 407)", "only Basic"]),
    "forbidden": ("", b"HTTP/1.0 403 Filtered\r\n\r\n<html>", False, ["does not allow a tunnel to 127.0.0.1:", "(HTTP 403)", "ask its administrator"]),
    "unreachable": ("", b"HTTP/1.1 503 X\r\n\r\n", True, ["opened no tunnel to 127.0.0.1:", "(HTTP 503)", "whether the proxy can reach them"]),
    "odd": ("", b"HTTP/1.1 302 X\r\nLocation: http://portal\r\n\r\n", False, ["opened no tunnel", "(HTTP 302)"]),
    "no HTTP": ("", b"SSH-2.0-x\r\n\r\n", False, ["does not answer as an HTTP proxy", "check host and port in HTTPS_PROXY"]),
    "endless": ("", b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 100000, False, ["does not answer as an HTTP proxy"]),
    "forged": ("", b"HTTP/1.1 503 \r\x1b[2Kok: [localhost]\r\n\r\n", True, ["(HTTP 503)"]),
    "cut": ("", b"", True, ["cut the connection before it opened a tunnel"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_proxy_that_refuses(serve, through, make_proxy, name):
    login, answer, is_temporary, words = REFUSED[name]
    server, proxy = serve(OK), make_proxy(answer=answer)
    transport = through(server, proxy.url(login))
    shown = "the proxy http://127.0.0.1:%d (HTTPS_PROXY) " % proxy.port
    assert_proxy_failed(failure(lambda: transport.send_once("POST", "/x", json={})), shown, *words)
    before = len(proxy.heads)
    error = failure(lambda: transport.get("/x"))
    assert_proxy_failed(error, shown, *words)
    assert error.is_temporary is is_temporary and server.connections == 0
    assert len(proxy.heads) - before == (5 if is_temporary else 0 if login else 1)


def test_a_wrong_password_is_sent_once_by_all_threads_together(serve, through, make_proxy):
    proxy = make_proxy(answer=REFUSED["wrong login"][1])
    transport = through(serve(OK), proxy.url("u:" + SECRET))
    kinds = []
    threads = [threading.Thread(target=lambda: kinds.append(failure(lambda: transport.get("/x")).details["http_status"])) for unused in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert kinds == [407] * 8 and len(proxy.heads) == 1


def test_a_wrong_password_is_sent_once_for_all_services_and_accounts_of_a_task(serve, through, make_proxy):
    proxy = make_proxy(answer=REFUSED["wrong login"][1])
    transports = [through(serve(OK), proxy.url("other:" + SECRET)) for unused in range(3)]
    assert [failure(lambda each=each: each.get("/x")).details["http_status"] for each in transports] == [407] * 3 and len(proxy.heads) == 1
    assert failure(lambda: through(serve(OK), proxy.url("corrected:" + SECRET)).get("/x")).kind == "proxy_failed" and len(proxy.heads) == 2


def test_a_dead_proxy_and_one_without_a_name(serve, through):
    with socket.socket() as unused_port:
        unused_port.bind(("127.0.0.1", 0))
        url = "http://u:%s@127.0.0.1:%d" % (SECRET, unused_port.getsockname()[1])
        error = failure(lambda: through(serve(OK), url).send_once("POST", "/x", json={}))
    assert_proxy_failed(error, "(HTTPS_PROXY) cannot be reached; check HTTPS_PROXY and whether the proxy is up", "NO_PROXY")
    error = failure(lambda: through(serve(OK), "http://no-such-proxy.invalid:3128").send_once("POST", "/x", json={}))
    assert_proxy_failed(error, "the host name of the proxy http://no-such-proxy.invalid:3128 (HTTPS_PROXY) cannot be resolved", "NO_PROXY")


@pytest.mark.parametrize("is_dripping", [False, True])
def test_a_proxy_keeps_the_time_limit(serve, through, make_proxy, is_dripping):
    def wait(client):
        client.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
        with contextlib.suppress(OSError):
            while True:
                if is_dripping:
                    client.sendall(b"x")
                time.sleep(0.02)

    begin = time.monotonic()
    transport = through(serve(OK), make_proxy(answer=wait).url(), timeout_seconds=0.5)
    assert_proxy_failed(failure(lambda: transport.send_once("POST", "/x", json={})), "opened no tunnel", "in time")
    assert time.monotonic() - begin < 5
