# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One kept-alive HTTPS connection, direct or through a proxy. Python 3.8 and its standard library only.

Whatever fails before the first byte of a request may have left raises a NotSent; whatever fails after it an AnswerLost,
unless the server says in TLS that it refused the client certificate. Nothing is decoded, and nothing is followed.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import typing
from urllib.parse import quote, urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import NotSent
from ansible_collections.eccops.rapid.plugins.module_utils._http import failures
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import AnswerTooLong, deadline, open_connection
from ansible_collections.eccops.rapid.plugins.module_utils._http.proxies import Proxy
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES, ServiceResponse
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import ClientCertificate

#: Heads, chunk sizes and trailers count too: an endless one is as bad as an endless body.
_MOST_RECEIVED_BYTES = 2 * LONGEST_ANSWER_BYTES


class Connection:
    """Calls to the host of ``base_url``, one at a time; opened when needed, and again after a failure.

    ``context`` is an SSLContext made by tls.client_context, ``proxy`` a Proxy or None, ``sac`` what is presented or None.
    Raises NotSent for a URL that no connection can be opened to.
    """

    def __init__(
        self, base_url: str, context: ssl.SSLContext, timeout_seconds: float, proxy: Proxy | None = None, sac: ClientCertificate | None = None
    ) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", 443 if parts.port is None else parts.port
        self._base_path = quote(parts.path, safe="/%:=&~+!$,;'@()*")
        self._context, self._proxy, self._sac = context, proxy, sac
        self._timeout_seconds = timeout_seconds
        #: What failures name.
        self._where = base_url if proxy is None else "%s (through %s)" % (base_url, proxy.describe())
        try:
            self._http = self._make_http()
        except (http.client.InvalidURL, ValueError):  # urllib3's LocationParseError is a ValueError
            raise NotSent("%s is not a usable https URL" % base_url, kind="invalid_input") from None

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float | None = None) -> ServiceResponse:
        """Returns the ServiceResponse of one call that may take ``seconds`` in all, at most the time limit; ``body`` is bytes or None."""
        deadline.start(self._timeout_seconds if seconds is None else seconds, _MOST_RECEIVED_BYTES)
        is_answered = False
        try:
            if self._http.sock is not None and _is_readable(self._http.sock):
                self._http.close()  # the server ended it while it was idle
            answer = self._exchange(method, self._base_path + path, headers, body)
            is_answered = answer.status >= 200  # what comes after a 101 is not HTTP
            return answer
        finally:
            deadline.stop()
            if not is_answered:
                self._http.close()  # it may hold half an answer: the next call starts on a new one

    def _make_http(self) -> typing.Any:
        return Http(self._open, self._host, self._port)

    def _open(self) -> ssl.SSLSocket:
        """Returns the socket inside TLS."""
        if self._proxy is not None:
            raw = self._proxy.open_tunnel(self._host, self._port)
        else:
            try:
                raw = open_connection(self._host, self._port)
            except (OSError, ValueError) as error:
                raise failures.not_connected(error, self._where, self._timeout_seconds) from None
        try:
            raw.settimeout(deadline.remaining_seconds())
            return self._context.wrap_socket(raw, server_hostname=self._host)
        except (OSError, ValueError) as error:
            raise failures.no_tls(error, self._where, self._sac, self._timeout_seconds) from None
        finally:
            raw.close()  # wrapped, it no longer owns the descriptor

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> ServiceResponse:
        if self._http.sock is None:
            self._http.connect()
        try:
            self._http.request(method, path, body=body, headers=headers)
            with self._http.getresponse() as response:
                return ServiceResponse(response.status, response.headers, _read_body(response))
        except (OSError, ValueError, http.client.HTTPException, AnswerTooLong) as error:
            raise failures.no_answer(error, self._where, self._sac, self._timeout_seconds) from None


def _read_body(response: http.client.HTTPResponse) -> bytes:
    """Returns the bytes as they came; raises AnswerTooLong before a length that was promised is believed."""
    if response.length is not None:
        if response.length > LONGEST_ANSWER_BYTES:
            raise AnswerTooLong
        return response.read()
    body = response.read(LONGEST_ANSWER_BYTES + 1)
    if len(body) > LONGEST_ANSWER_BYTES:
        raise AnswerTooLong
    return body


class Response(http.client.HTTPResponse):
    """Skips every interim answer, as HTTP demands: Python skips 100 only, and takes a 103 for the answer."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_interim = 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_interim else status, reason


class Http(http.client.HTTPConnection):
    """``open_socket`` returns the socket to speak over."""

    default_port = http.client.HTTPS_PORT
    response_class = Response
    auto_open = 0  # Connection opens it

    def __init__(self, open_socket: typing.Callable[[], socket.socket], host: str, port: int) -> None:
        super().__init__(host, port)
        self._open_socket = open_socket

    def connect(self) -> None:
        self.sock = self._open_socket()


def _is_readable(connection: ssl.SSLSocket) -> bool:
    with contextlib.suppress(ValueError, OSError):
        if connection.pending():
            return True
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    return True
