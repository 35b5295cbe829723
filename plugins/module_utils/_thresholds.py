# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: from when on an end that comes nearer is worth a warning, and from when on it is critical."""

from __future__ import annotations

import collections
import datetime

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput

CRITICAL, WARNING = "critical", "warning"

#: Days, and percent of the whole validity (None: not asked for), that must be left; whichever is reached first counts.
Limits = collections.namedtuple("Limits", "warning_days critical_days warning_percent critical_percent")


def read_limits(params: dict, prefix: str) -> Limits:
    """Returns the Limits that the options beginning with ``prefix`` say; raises InvalidInput where they make no sense."""
    names = [prefix + name for name in Limits._fields]
    limits = Limits(*[params.get(name) for name in names])
    for name, value in zip(names, limits):
        most = 100 if name.endswith("percent") else 100000
        if value is not None and not 0 <= value <= most:  # .nan and .inf are floats too
            raise InvalidInput("%s must be between 0 and %d" % (name, most))
    for warning, critical in ((0, 1), (2, 3)):
        if None not in (limits[warning], limits[critical]) and limits[warning] < limits[critical]:
            raise InvalidInput(
                "%s (%g) is less than %s (%g); a warning must come first" % (names[warning], limits[warning], names[critical], limits[critical])
            )
    return limits


def judge_severity(days_left: int, whole_days: int | None, limits: Limits) -> tuple[str | None, str | None]:
    """Returns (severity, the limit in words) for an end in ``days_left`` days, (None, None) where it is far enough.

    ``whole_days`` is the validity as issued, None where that is not known: then only the days count.
    """
    for severity in (CRITICAL, WARNING):
        least_days, least_percent = getattr(limits, severity + "_days"), getattr(limits, severity + "_percent")
        if least_days is not None and days_left < least_days:
            return severity, "%s below %g days" % (severity, least_days)
        if least_percent is not None and whole_days and 100 * days_left < least_percent * whole_days:
            return severity, "%s below %g %% of its %d days" % (severity, least_percent, whole_days)
    return None, None


def days_between(earlier: datetime.datetime, later: datetime.datetime) -> int:
    """Returns whole days, rounded down: -1 as soon as ``later`` has passed."""
    return (later - earlier).days
