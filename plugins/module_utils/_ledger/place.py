# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: where a ledger is: the path of a SQLite file, or the URL of a PostgreSQL database."""

from __future__ import annotations

import dataclasses
import typing
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secret


@dataclasses.dataclass(frozen=True)
class LedgerUrl:
    """A PostgreSQL database; the URL has no password in it."""

    url: str
    password: typing.Optional[str] = dataclasses.field(default=None, repr=False)

    def __str__(self) -> str:
        """Returns the URL without its parameters, but for the one that names the database alone."""
        parts = urlsplit(self.url)
        service = dict(parse_qsl(parts.query)).get("service")
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "service=" + service if service else "", "")).replace(":?", "://?", 1)


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
    try:
        parts = urlsplit(url)
        names = [name for name, unused_value in parse_qsl(parts.query)]
        is_usable = parts.scheme in ("postgresql", "postgres") and url.startswith(parts.scheme + "://") and not parts.fragment
        has_password = parts.password is not None or "password" in names or "sslpassword" in names
    except ValueError:
        is_usable, has_password = False, False
    if not is_usable:
        raise InvalidInput("ledger_url must be a URL such as postgresql://user@host:5432/database?sslmode=verify-full")
    if has_password:
        raise InvalidInput("ledger_url contains a password, and URLs are shown: give it as ledger_password, or in a passfile")
    return LedgerUrl(url, params.get("ledger_password") or None)
