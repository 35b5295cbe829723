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
    """An HTTP proxy for CONNECT; C(heads) is what it was asked, C(refusal) a status line instead of a tunnel."""

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
            if self._refusal:
                client.sendall(self._refusal + b"\r\nContent-Length: 0\r\n\r\n")
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


def test_a_proxy_that_refuses(position, make_proxy):
    position.environment["https_proxy"] = f"http://127.0.0.1:{make_proxy(refusal=b'HTTP/1.1 407 No').port}"
    ended = position.call(NUMBER, count=2)
    assert ended.code == 5 and "a proxy refused it" in ended.stderr


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "http://", "http://127.0.0.1:x"])
def test_a_proxy_that_cannot_be_used(position, url):
    position.environment["https_proxy"] = url
    ended = position.call(NUMBER, count=2)
    assert ended.code == 3 and "https_proxy is no http:// URL" in ended.stderr
