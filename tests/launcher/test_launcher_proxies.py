# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The login through the proxy that the environment names. The proxy leads every name to the sandbox."""

import contextlib
import socket
import threading
import urllib.parse

import pytest
from position import NUMBER


class Proxy:
    """An HTTP proxy for CONNECT; ``heads`` is what it was asked, ``refusal`` a status line instead of a tunnel."""

    def __init__(self, port, refusal=None):
        self._target, self._refusal = ("127.0.0.1", port), refusal
        self.heads = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._server.accept()[0],), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.heads.append(head.decode("latin-1"))
            if self._refusal is not None:
                client.sendall(self._refusal and self._refusal + b"\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(self._target) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                threading.Thread(target=self._copy, args=(server, client), daemon=True).start()
                self._copy(client, server)

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while True:
                received = source.recv(65536)
                if not received:
                    break
                target.sendall(received)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(name="make_proxy")
def fixture_make_proxy(sandbox):
    made = []

    def make(**options):
        made.append(Proxy(urllib.parse.urlsplit(sandbox.values["rapidsos_api_url"]).port, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_login_goes_through_the_proxy_and_the_browser_does_not(position, make_proxy, logins):
    proxy = make_proxy()
    position.environment["https_proxy"] = f"http://us%20er:pa%3Ass@127.0.0.1:{proxy.port}"
    assert position.call(NUMBER).code == 0 and logins() == ["login"]
    (head,) = proxy.heads
    assert head.startswith("CONNECT localhost:") and "Proxy-Authorization: Basic dXMgZXI6cGE6c3M=" in head
    assert position.account["password"] not in head


def test_no_proxy_is_heeded(position, make_proxy, logins):
    proxy = make_proxy()
    position.environment.update(HTTPS_PROXY=f"127.0.0.1:{proxy.port}", no_proxy="example.org,localhost")
    assert position.call(NUMBER).code == 0 and logins() == ["login"] and proxy.heads == []


def test_a_server_with_another_name_is_not_trusted(position, make_proxy, logins):
    position.environment["https_proxy"] = f"http://127.0.0.1:{make_proxy().port}"
    position.configure(portal_api_url="https://portal.example")
    ended = position.call(NUMBER, count=2)
    assert ended.code == 5 and "(portal.example) is not trusted: " in ended.stderr and logins() == []


@pytest.mark.parametrize("login, refusal, words", [
    ("", b"HTTP/1.1 407 No", "wants a login (HTTP 407); write it into all_proxy: http://user:password@host:port"),
    ("us:s3cret@", b"HTTP/1.1 407 No", "refused the user name and password in all_proxy (HTTP 407); they were sent once: correct them"),
    ("us:s3cret@", b"HTTP/1.0 401 Unauthorized", "refused the user name and password in all_proxy (HTTP 401); they were sent once: correct them"),
    ("us:s3cret@", b"HTTP/1.1 403 No", "does not allow a tunnel to localhost:"),
    ("", b"HTTP/1.1 503 No", "(HTTP 503); check the URL's host and port, and whether the proxy can reach them"),
    ("", b"HTTP/1.1 502", "(HTTP 502); check the URL's host and port"), ("", b"", "cut the connection before it opened a tunnel to localhost:"),
    ("", b"SSH-2.0-x", "does not answer as an HTTP proxy does")])
def test_a_proxy_that_refuses_is_blamed(position, make_proxy, logins, login, refusal, words):
    proxy = make_proxy(refusal=refusal)
    position.environment["all_proxy"] = f"http://{login}127.0.0.1:{proxy.port}"
    ended = position.call(NUMBER, count=2)
    assert ended.code == 5 and f"the proxy http://127.0.0.1:{proxy.port} (all_proxy) " in ended.stderr and words in ended.stderr, ended
    assert "s3cret" not in ended.stderr and "the Portal's server" not in ended.stderr and len(proxy.heads) == 1 and logins() == []


@pytest.mark.parametrize("url, words", [
    ("http://us:s3cret@127.0.0.1:1", "the proxy http://127.0.0.1:1 (https_proxy) refused the connection or cannot be reached; check https_proxy, or name"),
    ("http://proxy.invalid:3128", "the host name of the proxy http://proxy.invalid:3128 (https_proxy) cannot be resolved; check https_proxy")])
def test_a_proxy_that_is_not_there_is_blamed(position, url, words):
    position.environment["https_proxy"] = url
    ended = position.call(NUMBER, count=2)
    assert ended.code == 5 and words in ended.stderr and "s3cret" not in ended.stderr and "the Portal's server" not in ended.stderr


def test_a_proxy_that_says_nothing_is_named(position):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        position.environment["https_proxy"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        position.configure(session_login_timeout_seconds="0.5")
        ended = position.call(NUMBER, count=2)
    assert ended.code == 5 and "the proxy http://127.0.0.1:" in ended.stderr and ("did not answer within 0.5 s" in ended.stderr or "in time" in ended.stderr)


def test_the_first_variable_that_is_set_decides(position, make_proxy, logins):
    """As for the collection's modules; set to nothing, it means no proxy."""
    proxy = make_proxy()
    position.environment.update(https_proxy="", HTTPS_PROXY="socks5://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1")
    assert position.call(NUMBER).code == 0 and proxy.heads == []
    (position.memory / "token.json").unlink()
    del position.environment["https_proxy"], position.environment["HTTPS_PROXY"]
    position.environment.update(all_proxy=f"http://127.0.0.1:{proxy.port}")
    assert position.call(NUMBER).code == 0 and len(proxy.heads) == 1 and logins() == ["login"] * 2


@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("url, words", [
    ("socks5://127.0.0.1:1", "names a proxy of the kind 'socks5://', which is not supported; give the http:// URL of a proxy"),
    ("http://", "is not a usable proxy URL"), ("http://127.0.0.1:x", "is not a usable proxy URL"), ("http://127.0.0.1:0", "is not a usable proxy URL"),
    ("http://us:s3cret@h st:1", "is not a usable proxy URL")])
def test_a_proxy_that_cannot_be_used(position, variable, url, words):
    position.environment[variable] = url
    ended = position.call(NUMBER, count=2)
    assert ended.code == 3 and f"{variable} {words}" in ended.stderr and "s3cret" not in ended.stderr
