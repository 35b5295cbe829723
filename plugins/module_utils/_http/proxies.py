# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The proxy that the environment names for https, and the tunnel through it. Python 3.8 and its standard library only.

Only http:// proxies are used: a tunnel is opened by CONNECT, with Basic authentication if the URL holds a login.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import ipaddress
import os
import re
import socket
import threading
import typing
from urllib.parse import unquote_to_bytes, urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import ProxyFailed
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import deadline, open_connection
from ansible_collections.eccops.rapid.plugins.module_utils._version import COLLECTION_VERSION

#: The first of them that is set decides; set to nothing, it means no proxy.
VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS = ("no_proxy", "NO_PROXY")

_LONGEST_HEAD_BYTES = 16384
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?=[ \r\n])")
_AUTHENTICATE = re.compile(rb"(?im)^Proxy-Authenticate:[ \t]*([A-Za-z0-9!#$%&'*+.^_`|~-]{1,40})")


def find_proxy(host: str, port: int, environment: typing.Mapping[str, str] | None = None) -> Proxy | None:
    """Returns the Proxy for https to ``host`` and ``port``, or None; raises ProxyFailed for a value that cannot be used."""
    environment = os.environ if environment is None else environment
    exceptions = next((environment[name] for name in EXCEPTIONS if name in environment), "")
    variable = next((name for name in VARIABLES if name in environment), "")
    value = environment[variable].strip() if variable else ""
    if not value or is_excepted(host, port, exceptions):
        return None
    scheme, colon, unused_rest = value.partition("://")
    if colon and scheme.lower() != "http":
        shown = scheme if re.match(r"[A-Za-z0-9+.-]{1,20}\Z", scheme) else "?"
        raise ProxyFailed("%s names a proxy of the kind '%s://', which is not supported; give the http:// URL of a proxy" % (variable, shown))
    try:
        parts = urlsplit(value if colon else "http://" + value)
        proxy_host, proxy_port = parts.hostname or "", 80 if parts.port is None else parts.port
        is_usable = bool(proxy_port and parts.path in ("", "/") and not parts.query and not parts.fragment)
        is_usable = is_usable and bool(re.match(r"[^\s\x00-\x20\x7f%]+\Z", proxy_host) and proxy_host.encode("idna"))
    except ValueError:  # UnicodeError is one
        is_usable = False
    if not is_usable:
        # Never quoted: where it is malformed, any part of it may be the password.
        raise ProxyFailed(
            "%s is not a usable proxy URL; set it to http://host:port or http://user:password@host:port, with special characters of "
            "the login as %%XX" % variable
        )
    login = None
    if parts.username is not None:
        login = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
    return _known_proxy(variable, proxy_host, proxy_port, login)


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Says whether ``exceptions``, as NO_PROXY has them, hold ``host``: '*', names, their subdomains, addresses, networks, any of them with a port."""
    host = host.lower().rstrip(".")
    for entry in re.split(r"[\s,]+", exceptions.lower()):
        if entry == "*" or _is_in_network(host, entry):
            return True
        name, entry_port = entry, None
        if entry.startswith("[") or entry.count(":") == 1:
            name, colon, digits = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
            entry_port = digits if colon else None
        name = name.strip("[]").lstrip("*").strip(".")
        if name and entry_port in (None, str(port)) and (host == name or (host.endswith("." + name) and not _is_address(host))):
            return True
    return False


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def _is_in_network(host: str, entry: str) -> bool:
    with contextlib.suppress(ValueError):
        return "/" in entry and ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    return False


def host_and_port(host: str, port: int) -> str:
    """Returns both as CONNECT and a Host header have them."""
    name = "[%s]" % host if ":" in host else host.encode("idna").decode("ascii")
    return "%s:%d" % (name, port)


class Proxy:
    """One http:// proxy; ``variable`` names it in the environment, ``login`` is b'user:password' or None and never shown."""

    def __init__(self, variable: str, host: str, port: int, login: bytes | None = None) -> None:
        self.variable, self._host, self._port, self._login = variable, host, port, login
        self._first_login, self._is_accepted = threading.Lock(), False
        self._refusal: ProxyFailed | None = None

    def describe(self) -> str:
        return "the proxy http://%s (%s)" % (host_and_port(self._host, self._port), self.variable)

    def open_tunnel(self, host: str, port: int) -> socket.socket:
        """Returns the socket of a tunnel to ``host`` and ``port``; raises ProxyFailed. A login that is refused is sent once."""
        if self._login is None or self._is_accepted:
            return self._tunnel(host, port)
        with self._first_login:
            if self._refusal is not None:
                raise self._refusal
            tunnel = self._tunnel(host, port)
            self._is_accepted = True
            return tunnel

    def _tunnel(self, host: str, port: int) -> socket.socket:
        target = host_and_port(host, port)
        connection = self._connect()
        try:
            connection.settimeout(deadline.remaining_seconds())
            connection.sendall(self._request(target))
            head = _read_head(connection)
        except socket.timeout:
            connection.close()
            raise ProxyFailed(
                "%s opened no tunnel to %s in time; run again later, or raise timeout_seconds" % (self.describe(), target), is_temporary=True
            ) from None
        except OSError:
            connection.close()
            raise ProxyFailed(
                "%s cut the connection before it opened a tunnel to %s; check %s" % (self.describe(), target, self.variable), is_temporary=True
            ) from None
        match = _STATUS_LINE.match(head)
        if match and match.group(1)[:1] == b"2":
            return connection
        connection.close()
        if not match:
            raise ProxyFailed("%s does not answer as an HTTP proxy does; check host and port in %s" % (self.describe(), self.variable))
        raise self._refused(int(match.group(1)), target, _AUTHENTICATE.findall(head))

    def _connect(self) -> socket.socket:
        try:
            return open_connection(self._host, self._port)
        except (socket.gaierror, ValueError):
            raise ProxyFailed(
                "the host name of %s cannot be resolved; check %s, or name the service's host in NO_PROXY if no proxy is needed"
                % (self.describe(), self.variable),
                is_temporary=True,
            ) from None
        except OSError:
            raise ProxyFailed(
                "%s cannot be reached; check %s and whether the proxy is up, or name the service's host in NO_PROXY if no proxy is needed"
                % (self.describe(), self.variable),
                is_temporary=True,
            ) from None

    def _request(self, target: str) -> bytes:
        lines = ["CONNECT %s HTTP/1.1" % target, "Host: " + target, "User-Agent: eccops.rapid/" + COLLECTION_VERSION]
        if self._login is not None:
            lines.append("Proxy-Authorization: Basic " + base64.b64encode(self._login).decode("ascii"))
        return "\r\n".join(lines + ["", ""]).encode("ascii")

    def _refused(self, status: int, target: str, schemes: list[bytes]) -> ProxyFailed:
        if status in (401, 407):  # tinyproxy answers 401 to a wrong login
            self._refusal = self._login_refused(status, sorted({scheme.decode("ascii") for scheme in schemes}))
            return self._refusal
        if status in (403, 405):
            return ProxyFailed(
                "%s does not allow a tunnel to %s (HTTP %d); ask its administrator to allow it" % (self.describe(), target, status), http_status=status
            )
        return ProxyFailed(
            "%s opened no tunnel to %s (HTTP %d); check the URL's host and port, and whether the proxy can reach them" % (self.describe(), target, status),
            is_temporary=status >= 500 or status == 429,
            http_status=status,
        )

    def _login_refused(self, status: int, offered: list[str]) -> ProxyFailed:
        if offered and "basic" not in [scheme.lower() for scheme in offered]:
            return ProxyFailed(
                "%s wants a login by %s (HTTP %d), and only Basic is supported; ask its administrator for another way"
                % (self.describe(), ", ".join(offered), status),
                http_status=status,
            )
        if self._login is None:
            return ProxyFailed(
                "%s wants a login (HTTP %d); write it into %s: http://user:password@host:port" % (self.describe(), status, self.variable),
                http_status=status,
            )
        return ProxyFailed(
            "%s refused the user name and password in %s (HTTP %d); they were sent once: correct them" % (self.describe(), self.variable, status),
            http_status=status,
        )


@functools.lru_cache(maxsize=None)
def _known_proxy(*named: typing.Any) -> Proxy:
    """Returns one Proxy for all connections of this process: what it refused to one service it would refuse to the next."""
    return Proxy(*named)


def _read_head(connection: socket.socket) -> bytes:
    """Returns the head of the answer to a CONNECT, and takes no byte after it from the socket; interim answers are skipped."""
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        connection.settimeout(deadline.remaining_seconds())
        byte = connection.recv(1)
        if not byte and not head:
            raise ConnectionResetError
        head += byte
        if not byte or len(head) > _LONGEST_HEAD_BYTES:
            return b""
        if re.match(rb"HTTP/1\.[01] 1[0-9]{2}[ \r\n]", head) and head.endswith((b"\r\n\r\n", b"\n\n")):
            head = b""
    return head
