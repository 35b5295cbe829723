# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Points in time: the services' timestamps in, UTC datetimes and ISO 8601 out."""

from __future__ import annotations

import datetime
import re

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput

UTC = datetime.timezone.utc

# RapidAuth writes e.g. 2016-01-01T12:30:45.9876543Z: UTC with seven fractional digits (Requests API page).
_INSTANT = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?$"
)


def parse_instant(text: object) -> datetime.datetime | None:
    """Returns an aware UTC datetime (fractions cut to microseconds), or None if ``text`` is no timestamp.

    Without an offset the time is taken as UTC.
    """
    match = _INSTANT.match(text.strip()) if isinstance(text, str) else None
    if not match:
        return None
    fraction = (match.group(7) or "")[:6].ljust(6, "0")
    try:
        year, month, day, hour, minute, second = (int(match.group(index)) for index in range(1, 7))
        instant = datetime.datetime(year, month, day, hour, minute, second, int(fraction), tzinfo=UTC)
        return instant - _offset(match.group(8))
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> datetime.timedelta:
    if not text or text == "Z":
        return datetime.timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("no place is that far away")
    size = datetime.timedelta(hours=hours, minutes=minutes)
    return -size if text[0] == "-" else size


def format_instant(instant: datetime.datetime | None) -> str | None:
    """Returns e.g. ``2026-11-22T08:00:00Z``, or None for None; fractions of a second are dropped."""
    if instant is None:
        return None
    # Not strftime: its %Y writes year 1, .NET's "no date", as one digit.
    return instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(UTC)


def given_now(text: str | None) -> datetime.datetime:
    """Returns the ``now`` option as a datetime, or the clock's time when it was not given."""
    if not text:
        return utc_now()
    instant = parse_instant(text)
    if instant is None:
        raise InvalidInput("now is '%s'; give a UTC time like 2026-11-22T08:00:00Z" % text)
    return instant


def from_epoch(seconds: float) -> datetime.datetime | None:
    """Returns the datetime of epoch ``seconds``, or None where that is no point in time."""
    try:
        return datetime.datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError, TypeError):
        return None
