# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: where a ledger is: the path of a SQLite file, or the URL of a PostgreSQL database."""

from __future__ import annotations

import dataclasses
import re
import typing
from urllib.parse import parse_qsl

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secret


@dataclasses.dataclass(frozen=True)
class LedgerUrl:
    """A PostgreSQL database; the URL has no password in it."""

    url: str
    password: typing.Optional[str] = dataclasses.field(default=None, repr=False)

    def __str__(self) -> str:
        """Returns the URL without its parameters, but for the one that names the database alone."""
        address, unused_mark, query = self.url.partition("?")
        service = dict(parse_qsl(query)).get("service")
        return address + ("?service=" + service if service else "")


#: One of the hosts in a URL, perhaps with its port.
_HOST = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]*)(:[0-9]*)?\Z")
#: The connection parameters of libpq that are secrets.
_SECRETS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}

#: A path, or a LedgerUrl.
Place = typing.Union[str, LedgerUrl]


def require_place(params: dict) -> Place:
    """Returns where the options say that the ledger is; raises InvalidInput without one."""
    place = find_place(params)
    if place is None:
        raise InvalidInput("ledger_path or ledger_url is required")
    return place


def find_place(params: dict) -> Place | None:
    """Returns where the options ledger_path, ledger_url and ledger_password say that the ledger is, or None without one. Raises InvalidInput."""
    url, path = params.get("ledger_url"), params.get("ledger_path")
    if not url:
        if path and path.startswith(("postgresql:", "postgres:")):
            raise InvalidInput("ledger_path is the URL of a database: give it as ledger_url")
        return path
    if path:
        raise InvalidInput("ledger_path and ledger_url are mutually exclusive: a ledger is a SQLite file or a PostgreSQL database")
    validate_secret("ledger_password", params.get("ledger_password"))
    scheme, unused_separator, rest = url.partition("://")
    user, unused_at, address = rest.rpartition("@")  # as libpq does, which lets a password have a "?"
    if ":" in user or _SECRETS.intersection(name for name, unused_value in parse_qsl(url.partition("?")[2], keep_blank_values=True)):
        raise InvalidInput(
            "ledger_url contains a password (or an @ that is not written as %40), and URLs are shown: give it as ledger_password, or in a passfile")
    hosts = re.split("[/?]", address, maxsplit=1)[0].split(",")
    if scheme not in ("postgresql", "postgres") or re.search(r"[\s\0#\ud800-\udfff]", url) or not all(_HOST.match(each) for each in hosts):
        raise InvalidInput("ledger_url must be a URL such as postgresql://user@host:5432/database?sslmode=verify-full")
    return LedgerUrl(url, params.get("ledger_password") or None)
