# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""How a session of a ledger in PostgreSQL is opened: what it takes for given, and that its server is verified."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import os
import socket
import threading
import typing
from urllib.parse import parse_qsl

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import LedgerUrl

try:
    import psycopg
    from psycopg.conninfo import make_conninfo
except ImportError:
    psycopg = make_conninfo = None  # PostgresqlStore says so

#: For how long a session may be idle; less than another run waits for it.
IDLE_SECONDS = 100

#: For how long a pooler is waited for that has no second connection to give.
POOLER_SECONDS = 20

#: What holds unless the URL, a service file or the environment says otherwise: a peer that keeps silent is given up within seconds.
_DEFAULTS = {
    "connect_timeout": "10", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3", "tcp_user_timeout": "10000",
}
#: The same at the server's end, so that it gives back the locks of a controller that is gone or frozen, also behind a pooler.
_SESSION = (
    "SELECT set_config('search_path', 'eccops_rapid, pg_catalog', false), set_config('tcp_keepalives_idle', '10', false),"
    " set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false),"
    " set_config('idle_in_transaction_session_timeout', '30s', false), set_config('statement_timeout', '60s', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)"
)
#: PostgreSQL 14 and newer have it.
_IDLE = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = 'idle_session_timeout'"


def connect(place: LedgerUrl, **options: typing.Any) -> typing.Any:
    """Returns a new connection. Raises what build_options raises."""
    try:
        return psycopg.connect(autocommit=True, **options, **build_options(place))
    except ValueError as error:  # what can be no host's name, which Python says before libpq
        raise psycopg.ProgrammingError(str(error)) from None


def build_options(place: LedgerUrl) -> dict:
    """Returns what psycopg.connect gets. Raises InvalidInput for a server on another host that would not be verified, or psycopg.Error."""
    given = {name for name, unused_value in parse_qsl(place.url.partition("?")[2])}
    options: dict[str, typing.Any] = {name: value for name, value in _DEFAULTS.items() if name not in given}
    if place.password is not None:
        options["password"] = place.password
    options.update(
        conninfo=place.url, client_encoding="utf8", application_name="eccops.rapid on %s, process %d" % (socket.gethostname()[:30], os.getpid()))
    return dict(options, **_choose_sslmode(place, options))


def set_session(raw: typing.Any) -> None:
    """Sets in a new session what the ledger relies on, whatever the database's defaults."""
    raw.execute(_SESSION)
    raw.execute(_IDLE, ("%ds" % IDLE_SECONDS,))


def is_given_to_others(place: LedgerUrl, server: int) -> bool:
    """Returns whether a pooler gives another client the server process that serves a session, between two of its transactions."""
    try:
        other = connect(place)
    except psycopg.OperationalError:
        return False  # the pooler has no second one: the first is this session's alone
    limit = threading.Timer(POOLER_SECONDS, cut, [other])
    limit.start()
    try:
        for unused_attempt in range(5):
            with contextlib.suppress(psycopg.OperationalError):
                if other.execute("SELECT pg_backend_pid()").fetchone() == (server,):
                    return True
    finally:
        limit.cancel()
        other.close()
    return False


def cut(raw: typing.Any) -> None:
    """Ends what another thread waits for on a connection."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(raw.fileno())) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def _choose_sslmode(place: LedgerUrl, options: dict) -> dict:
    """Returns {sslmode} where neither the URL, a service file nor the environment sets it; on a Unix socket it does not matter.

    Raises InvalidInput for a server on another host that it does not verify.
    """
    attempt = psycopg.pq.PGconn.connect_start(make_conninfo(**options).encode("utf-8"))  # which sends nothing yet
    known = {each.keyword.decode("ascii"): (each.val or b"").decode("utf-8") for each in attempt.info}
    attempt.finish()
    pairs = itertools.zip_longest(known["hostaddr"].split(","), known["host"].split(","), fillvalue="")
    hosts, sslmode = [address or name for address, name in pairs], known["sslmode"]
    if all(each.startswith(("/", "@")) for each in hosts if each):
        return {}
    if sslmode in ("", "prefer"):  # as it is without being set
        return {"sslmode": "verify-full"}
    if sslmode not in ("verify-ca", "verify-full") and not all(map(_is_this_host, hosts)):
        raise InvalidInput(
            "the ledger '%s' is on another host, which sslmode=%s does not verify: give sslmode=verify-full in ledger_url, and sslrootcert for a CA of your own"
            % (place, sslmode))
    return {}


def _is_this_host(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
