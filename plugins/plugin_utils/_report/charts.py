# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The charts of a report as inline SVG. The page has the colours: the class of a shape is the state it stands for."""

from __future__ import annotations

import datetime
from typing import Any

from markupsafe import Markup

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import FINE, LAST_WEEK, STATES
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import STATE_WORDS, format_number
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant

MOST_CENTERS = 10
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def draw_timeline(report: dict[str, Any]) -> Markup:
    """Returns when credentials end: one bar for each week, the ended ones first."""
    weeks = report["timeline"]["weeks"]
    today = parse_instant(report["generated_at"]).date()  # type: ignore[union-attr]  # the report has it
    highest = _ceiling(max(sum(week[state] for state in STATES) for week in weeks))
    left, top, wide, high, step = 44, 16, 720, 176, 12
    parts: list[Markup] = []
    for share in (0, 0.5, 1):
        y = top + high * (1 - share)
        if share != 0.5 or highest > 1:
            parts.append(Markup('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>') % (left, left + wide, y, y))
            parts.append(Markup('<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>') % (left - 6, y + 4, _short(highest * share)))
    for week in weeks:
        x = _week_x(week["week"], left, step)
        parts.append(_bar(week, x, step - 2, top + high, high / highest, _week_in_words(week["week"], today)))
    parts += _months(today, left, step, top + high + 18)
    for severity in ("warning", "critical"):
        days = report["limits"]["end"][severity + "_days"]
        if days is not None and 0 < days < 7 * LAST_WEEK:
            x = _week_x(0, left, step) + days / 7 * step
            parts.append(Markup('<line class="limit %s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>') % (severity, x, x, top - 8, top + high))
            parts.append(Markup('<text class="tick" x="%.1f" y="%d">%g days</text>') % (x + 4, top - 2, days))
    caption = "%s of %s credentials have ended, and %s have no date." % (
        format_number(sum(weeks[0][state] for state in STATES)),
        format_number(report["counts"]["credentials"]["total"]), format_number(report["timeline"]["without_date"]))
    return _svg("timeline", 772, top + high + 42, "When credentials end, by week", caption, parts)


def _week_x(week: int, left: int, step: int) -> int:
    """Returns where the bar of a week begins. That of the ended ones stands apart, above its own label."""
    return left + 8 if week < 0 else left + 56 + week * step


def _bar(week: dict[str, int], x: float, width: float, bottom: float, scale: float, when: str) -> Markup:
    parts, y = [], bottom
    for state in STATES:
        if week[state]:
            height = max(week[state] * scale, 1.5)
            y -= height
            parts.append(Markup('<rect class="%s" x="%d" y="%.1f" width="%d" height="%.1f"/>') % (state, x, y, width, height))
    if not parts:
        return Markup("")
    caption = ", ".join("%s %s" % (format_number(week[state]), STATE_WORDS[state]) for state in STATES if week[state])
    return Markup("<g><title>%s: %s</title>%s</g>") % (when, caption, Markup("").join(parts))


def _week_in_words(week: int, today: datetime.date) -> str:
    if week < 0:
        return "ended"
    return ("week from %s" if week < LAST_WEEK else "%s and later") % (today + datetime.timedelta(days=7 * week)).isoformat()


def _months(today: datetime.date, left: int, step: int, y: int) -> list[Markup]:
    """Returns the names below the bars: each month at its first full week, and the year below January and below the first month."""
    parts = [Markup('<text class="tick" x="%d" y="%d" text-anchor="middle">ended</text>') % (_week_x(-1, left, step) + step // 2 - 1, y)]
    is_first = True
    for week in range(LAST_WEEK - 3):
        day = today + datetime.timedelta(days=7 * week)
        if day.day <= 7:
            x = _week_x(week, left, step)
            parts.append(Markup('<text class="tick" x="%d" y="%d">%s</text>') % (x, y, _MONTHS[day.month - 1]))
            if is_first or day.month == 1:
                parts.append(Markup('<text class="tick" x="%d" y="%d">%d</text>') % (x, y + 16, day.year))
            is_first = False
    parts.append(Markup('<text class="tick" x="%d" y="%d" text-anchor="end">later</text>') % (_week_x(LAST_WEEK, left, step) + step, y))
    return parts


def list_centers(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns [{ecc, counts, bar}], the worst ECC first: a bar shows the share of each state. The last of many ECCs share one row."""
    by_ecc = sorted(report["counts"]["by_ecc"].items(), key=lambda pair: (-pair[1]["critical"], -pair[1]["warning"], -pair[1]["unchecked"], pair[0]))
    rows = [(ecc or "no ECC", counts) for ecc, counts in by_ecc]
    if len(rows) > MOST_CENTERS:
        rest = [counts for unused_ecc, counts in rows[MOST_CENTERS - 1:]]
        together = {name: sum(counts[name] for counts in rest) for name in (*STATES, "total")}
        rows = rows[: MOST_CENTERS - 1] + [("%d more" % len(rest), together)]
    return [{"ecc": ecc, "counts": counts, "bar": _share_bar(counts)} for ecc, counts in rows]


def _share_bar(counts: dict[str, int]) -> Markup:
    x, pieces = 0.0, []
    for state in STATES:
        if counts[state]:
            width = 100 * counts[state] / counts["total"]
            pieces.append(Markup('<rect class="%s" x="%.1f" y="0" width="%.1f" height="16"/>') % (state, x, max(width, 1.5)))
            x += width
    return Markup('<svg class="share" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">%s</svg>') % Markup("").join(pieces)


def draw_trend(report: dict[str, Any]) -> Markup:
    """Returns how many were not fine in the last runs, of which there must be two or more. Each run's numbers are at its points, the last ones beside them."""
    points = report["trend"]
    lines = [(name, [sum(point[each] for each in STATES[:index + 1]) for point in points]) for index, name in enumerate(STATES[:-1])]
    highest = _ceiling(max(point["total"] - point[FINE] for point in points))
    left, top, wide, high = 52, 12, 1080, 96
    parts: list[Markup] = []
    for share in (0.0, 1.0):
        y = top + high * (1 - share)
        parts.append(Markup('<line class="grid" x1="%d" x2="%d" y1="%d" y2="%d"/>') % (left, left + wide, y, y))
        parts.append(Markup('<text class="tick" x="%d" y="%d" text-anchor="end">%s</text>') % (left - 6, y + 4, _short(highest * share)))
    for name, values in reversed(lines):
        places = [(left + wide * index / (len(points) - 1), top + high * (1 - value / highest)) for index, value in enumerate(values)]
        parts.append(Markup('<polyline class="%s" points="%s"/>') % (name, " ".join("%.1f,%.1f" % place for place in places)))
        for (along, up), point in zip(places, points):
            caption = "%s: %s %s" % (point["generated_at"][:16].replace("T", " "), format_number(point[name]), STATE_WORDS[name])
            parts.append(Markup('<circle class="%s" cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>') % (name, along, up, caption))
    for (name, values), y in zip(lines, _spread([top + high * (1 - values[-1] / highest) for unused_name, values in lines], 13, top + high)):
        if points[-1][name]:
            parts.append(Markup('<text class="count %s" x="%d" y="%.1f">%s</text>') % (name, left + wide + 8, y + 4, _short(points[-1][name])))
    for anchor, x, point in (("start", left, points[0]), ("end", left + wide, points[-1])):
        parts.append(Markup('<text class="tick" x="%d" y="%d" text-anchor="%s">%s</text>') % (x, top + high + 18, anchor, point["generated_at"][:10]))
    caption = "From %s to %s critical and from %s to %s warnings, over %d runs. The lines are stacked: the highest is all that was not fine." % (
        points[0]["critical"], points[-1]["critical"], points[0]["warning"], points[-1]["warning"], len(points))
    return _svg("trend", left + wide + 52, top + high + 26, "What was not fine in the last runs", caption, parts)


def _spread(heights: list[float], least: float, lowest: float) -> list[float]:
    """Returns the heights of labels, from the lowest up, moved up where two would overlap."""
    spread: list[float] = []
    for height in heights:
        spread.append(min(height, lowest if not spread else spread[-1] - least))
    return spread


def _svg(name: str, width: float, height: float, title: str, caption: str, parts: list[Markup]) -> Markup:
    return Markup(
        '<svg class="%(name)s" viewBox="0 0 %(width)d %(height)d" role="img" aria-labelledby="%(name)s-title %(name)s-caption">'
        '<title id="%(name)s-title">%(title)s</title><desc id="%(name)s-caption">%(caption)s</desc>%(drawing)s</svg>'
    ) % {"name": name, "width": width, "height": height, "title": title, "caption": caption, "drawing": Markup("").join(parts)}


def _ceiling(value: int) -> int:
    """Returns the least of 1, 2, 4, 10, 20, 40, 100 ... that is not below value."""
    size = 1
    while True:
        for step in (1, 2, 4):
            if step * size >= value:
                return step * size
        size *= 10


def _short(value: float) -> str:
    return "%gk" % (value / 1000) if value >= 1000 else "%g" % value
