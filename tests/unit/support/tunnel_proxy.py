# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""An HTTP proxy for CONNECT on the loopback interface that refuses, or cuts its tunnels, exactly as a test asks."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class TunnelProxy:
    """``heads`` are the requests that came in, as text.

    ``answer`` is sent instead of opening a tunnel (bytes, or a callable that gets the socket); ``cut_after`` cuts a
    tunnel when the client has sent so many blocks of bytes, without passing the last one on, ``idle_seconds`` one
    in which nobody sent anything for so long; once ``keeps_answers`` is set, what the server sends is not passed on and its tunnel cut.
    """

    def __init__(self, answer=None, cut_after=None, idle_seconds=None):
        self.answer, self.cut_after, self.idle_seconds, self.keeps_answers = answer, cut_after, idle_seconds, False
        self.heads, self._sockets = [], []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, login=""):
        return "http://%s127.0.0.1:%d" % (login + "@" if login else "", self.port)

    def close(self):
        for each in [self._listener] + self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, unused_address = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(4096)
                if not block:
                    return
                head += block
            self.heads.append(head.decode("latin-1"))
            if callable(self.answer):
                self.answer(client)
                return
            if self.answer is not None:
                client.sendall(self.answer)
                return
            host, unused_colon, port = self.heads[-1].split()[1].rpartition(":")
            with socket.create_connection((host, int(port)), 5) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._pass_on(client, server)

    def _pass_on(self, client, server):
        blocks = 0
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                events = ready.select(self.idle_seconds)
                if not events:
                    return
                for key, unused_events in events:
                    block = key.fileobj.recv(65536)
                    blocks += key.fileobj is client
                    if not block or blocks == self.cut_after or (key.fileobj is server and self.keeps_answers):
                        return
                    key.data.sendall(block)
