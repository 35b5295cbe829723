# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the sandbox's time: the machine's clock plus an offset that tests move.

One tick is 100 nanoseconds, as in the services' timestamps with seven fractional digits.
"""

import datetime
import re
import time

TICKS_PER_SECOND = 10_000_000
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
TICKS_PER_DAY = 24 * 60 * TICKS_PER_MINUTE

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:Z|\+00:00)")


class Clock:
    """The one source of "now" for every decision of the sandbox."""

    def __init__(self, offset_seconds=0.0):
        self.offset_seconds = offset_seconds

    def now_ticks(self):
        return time.time_ns() // 100 + int(self.offset_seconds * TICKS_PER_SECOND)

    def now_seconds(self):
        return time.time() + self.offset_seconds

    def now_datetime(self):
        return datetime_of_ticks(self.now_ticks())


def datetime_of_ticks(ticks):
    """The instant as a datetime, cut to microseconds."""
    return _EPOCH + datetime.timedelta(microseconds=ticks // 10)


def ticks_of_datetime(instant):
    return (instant - _EPOCH) // datetime.timedelta(microseconds=1) * 10


def written(ticks, fraction_digits=7, are_zeros_trimmed=False):
    """``2016-01-01T12:30:45.9876543Z``: UTC, seven fractional digits (Requests API page)."""
    if ticks is None:
        return None
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    digits = f"{fraction:07d}"[:fraction_digits]
    if are_zeros_trimmed:
        digits = digits.rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


def read(text):
    """The ticks of a written UTC instant; ValueError if it is not one."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"not a UTC instant such as 2016-01-01T12:30:45.9876543Z: {text!r}")
    whole = datetime.datetime.fromisoformat(match[1] + "+00:00")
    return ticks_of_datetime(whole) + int((match[2] or "").ljust(7, "0"))
