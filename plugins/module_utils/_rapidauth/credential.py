# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One credential as the RapidAuth service describes it, and the form of its ids."""

from __future__ import annotations

import datetime
import re

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, parse_instant

#: What the service documents as a credential's Status.
EXPIRED, REQUESTED, COLLECTED = "Expired", "Requested", "Collected"

_REQUEST_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_ANON_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def validate_request_id(text: object) -> None:
    """Raises InvalidInput unless ``text`` is a GUID such as 0a1fd8fa-348f-4ced-a64d-18547feb2848."""
    if not isinstance(text, str) or not _REQUEST_ID.match(text):
        raise InvalidInput("RequestId %.80r is malformed; it is a GUID of 8-4-4-4-12 hexadecimal digits" % (text,), kind="request_id_malformed")


def validate_anon_id(text: object) -> None:
    """Raises InvalidInput unless ``text`` follows the vendor's rule: at most 64 of a-z A-Z 0-9 _ and -."""
    if isinstance(text, str) and len(text) > 64:
        raise InvalidInput("AnonId '%s...' has %d characters; at most 64 are allowed" % (text[:16], len(text)), kind="anon_id_too_long")
    if not isinstance(text, str) or not _ANON_ID.match(text):
        raise InvalidInput("AnonId %.80r is malformed; only a-z A-Z 0-9 _ and - are allowed, and at least one" % (text,), kind="anon_id_malformed")


class Credential:
    """One RapidAuth certificate request. Every field may be None: all are optional in an answer.

    ``status`` is passed through as the service writes it (documented: Requested, Collected, Expired);
    dates are aware UTC datetimes; ``response`` is the object as received.
    """

    def __init__(self, response: dict) -> None:
        self.response = response
        self.anon_id = _text(response, "AnonId")
        self.request_id = _text(response, "RequestId")
        self.status = _text(response, "Status")
        self.is_collection_prevented = _boolean(response.get("PreventCollection"))
        self.requested_date = _date(response, "RequestedDate")
        self.collected_date = _date(response, "CollectedDate")

    def as_dict(self) -> dict:
        """Returns the fields under the service's own names in snake_case, dates as ISO 8601 UTC."""
        return {
            "anon_id": self.anon_id,
            "request_id": self.request_id,
            "prevent_collection": self.is_collection_prevented,
            "status": self.status,
            "requested_date": format_instant(self.requested_date),
            "collected_date": format_instant(self.collected_date),
        }


def _text(response: dict, name: str) -> str | None:
    value = response.get(name)
    return value if isinstance(value, str) and value else None


def _date(response: dict, name: str) -> datetime.datetime | None:
    """Returns the datetime, or None; .NET writes no date as the first instant of year 1."""
    instant = parse_instant(response.get(name))
    return None if instant is None or instant.year == 1 else instant


def _boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def is_same_request_id(one: str | None, other: str | None) -> bool:
    """Says whether two RequestIds are the same GUID, however written; None is like nothing, not even None."""
    return bool(one and other and one.lower() == other.lower())
