# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One kept-alive HTTPS connection over the library requests: the sender of the machine that talks to the services.

Its adapter is used without a session: no redirect, no cookie, no .netrc, no proxy of its own. The socket is opened as
Connection opens it, through the proxy's tunnel where there is one, and handed to urllib3: so the limits of a call, the
bounds of the proxy's answer and what counts as sent are the same for both senders.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import typing
from urllib.parse import urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import MissingLibrary
from ansible_collections.eccops.rapid.plugins.module_utils._http import failures
from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection, Response
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import AnswerTooLong, deadline
from ansible_collections.eccops.rapid.plugins.module_utils._http.proxies import Proxy
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES, ServiceResponse
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import ClientCertificate

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPSConnectionPool
    from urllib3.exceptions import HTTPError

    REQUESTS_ERROR = None
except ImportError as error:
    requests, REQUESTS_ERROR = None, str(error)
    HTTPAdapter = HTTPSConnection = object

_BLOCK_BYTES = 65536


class RequestsConnection(Connection):
    """A Connection that sends by requests 2.28 or newer, with urllib3 1.26 or 2. Raises MissingLibrary where there is none."""

    def __init__(
        self, base_url: str, context: ssl.SSLContext, timeout_seconds: float, proxy: Proxy | None = None, sac: ClientCertificate | None = None
    ) -> None:
        if requests is None:
            raise MissingLibrary("the Python library 'requests' is needed to talk to a service: %s" % REQUESTS_ERROR)
        super().__init__(base_url, context, timeout_seconds, proxy, sac)
        self._origin = "https://" + urlsplit(base_url).netloc

    def _make_http(self) -> Http:
        pool = HTTPSConnectionPool(self._host, self._port, maxsize=1)
        pool.ConnectionCls = lambda **unused_options: self._http
        self._adapter = _Adapter(pool)
        return Http(self._open, self._host, self._port)

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> ServiceResponse:
        try:
            response = self._adapter.send(self._prepare(method, path, headers, body), stream=True, timeout=deadline.remaining_seconds())
            return ServiceResponse(response.status_code, response.headers, _read_body(response.raw))
        except (OSError, ValueError, http.client.HTTPException, HTTPError, AnswerTooLong) as error:
            raise failures.no_answer(_find_cause(error), self._where, self._sac, self._timeout_seconds) from None

    def _prepare(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> requests.models.PreparedRequest:
        """Returns the request. Its own prepare() would rewrite the path: an AnonId '..' would become another call."""
        request = requests.models.PreparedRequest()
        request.method, request.url = method, self._origin + path
        request.prepare_headers(headers)
        request.prepare_body(body, None)
        return request


def _read_body(raw: typing.Any) -> bytes:
    """Returns the bytes as they came; raises AnswerTooLong before a length that was promised is believed."""
    if (raw.length_remaining or 0) > LONGEST_ANSWER_BYTES:
        raise AnswerTooLong
    blocks, length = [], 0
    while True:
        block = raw.read(_BLOCK_BYTES, decode_content=False)
        if not block:
            break
        blocks.append(block)
        length += len(block)
        if length > LONGEST_ANSWER_BYTES:
            raise AnswerTooLong
    if raw.length_remaining:  # urllib3 1.26 takes an end for the end
        raise http.client.IncompleteRead(b"", raw.length_remaining)
    return b"".join(blocks)


def _find_cause(error: BaseException) -> BaseException:
    """Returns the exception of Python's own that one of requests or urllib3 was made from."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        is_wrapper = isinstance(current, (requests.exceptions.RequestException, HTTPError))
        if isinstance(current, http.client.HTTPException) or not is_wrapper:
            return current
        pending += [getattr(current, "reason", None), *current.args, current.__cause__, current.__context__]
    return http.client.HTTPException("urllib3 does not take it for HTTP")


class _Adapter(HTTPAdapter):
    """Sends by the one pool that it is given, whose connection has verified the server already."""

    def __init__(self, pool: HTTPSConnectionPool) -> None:
        self._pool = pool
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *unused: object, **unused_options: object) -> HTTPSConnectionPool:
        return self._pool

    # So it was called until requests 2.31, and in 2.32.0.
    get_connection = _get_connection = get_connection_with_tls_context

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Adds no CA of its own: the SSLContext always verifies."""


class Http(HTTPSConnection):
    """``open_socket`` returns the socket to speak over."""

    response_class = Response
    auto_open = 0  # Connection opens it

    def __init__(self, open_socket: typing.Callable[[], socket.socket], host: str, port: int) -> None:
        super().__init__(host, port)
        self._open_socket = open_socket

    def connect(self) -> None:
        self.sock = self._open_socket()
        self.is_verified = True
