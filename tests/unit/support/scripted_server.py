# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A real HTTPS server on the loopback interface that answers, or fails, exactly as a test requires."""

from __future__ import annotations

import collections
import contextlib
import json
import socket
import ssl
import threading

Request = collections.namedtuple("Request", "method path headers body connection")


def response(status=200, body=b"", headers=(), length=None):
    """Returns the bytes of an HTTP/1.1 answer; C(length) overrides the Content-Length."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode("utf-8")
    lines = ["HTTP/1.1 %d Scripted" % status, "Content-Length: %d" % (len(body) if length is None else length)]
    lines += ["%s: %s" % header for header in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def cut(unused_connection):
    """An entry of a script that ends the connection without an answer."""
    return False


class ScriptedServer:
    """Plays C(script) request by request, its last entry again and again; what came in is in C(requests).

    An entry is bytes to send, or a callable that gets the connected socket. A callable that returns True keeps the
    connection. C(context) None means plain HTTP; C(on_connect) gets the raw socket before TLS and may end it there.
    """

    def __init__(self, context, script=(response(),), on_connect=None):
        self.script, self.requests, self.connections = list(script), [], 0
        self._context, self._on_connect = context, on_connect
        self._lock = threading.Lock()
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host="127.0.0.1", scheme="https"):
        return "%s://%s:%d" % (scheme, host, self.port)

    def close(self):
        # shutdown wakes the accepting thread, close alone does not
        for each in [self._listener] + self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        while True:
            try:
                connection, unused_address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._sockets.append(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            if self._on_connect is not None:
                self._on_connect(connection)
                return
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while self._answer_one(connection, stream, number):
                    pass

    def _answer_one(self, connection, stream, number):
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return False
        headers = {}
        for line in iter(stream.readline, b"\r\n"):
            name, unused_colon, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        with self._lock:
            self.requests.append(Request(first[0], first[1], headers, body, number))
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(step):
            return step(connection)
        connection.sendall(step)
        return True
