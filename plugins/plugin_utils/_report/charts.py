# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The charts of a report as inline SVG. The page has the colours: the class of a shape is the state it stands for."""

from __future__ import annotations

import datetime
from typing import Any

from markupsafe import Markup

from ansible_collections.eccops.rapid.plugins.module_utils._report.model import CRITICAL, FINE, LAST_WEEK, STATES, WARNING
from ansible_collections.eccops.rapid.plugins.module_utils._report.wording import STATE_WORDS, format_number
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant

MOST_CENTERS = 10
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def draw_timeline(report: dict[str, Any]) -> Markup:
    """Returns when credentials end: one bar for each week, the ended ones first."""
    weeks = report["timeline"]["weeks"]
    today = parse_instant(report["generated_at"]).date()  # type: ignore[union-attr]  # the report has it
    highest = _ceiling(max(sum(week[state] for state in STATES) for week in weeks))
    left, top, wide, high, step = 44, 16, 716, 176, 13
    parts: list[Markup] = []
    for share in (0, 0.5, 1):
        y = top + high * (1 - share)
        if share != 0.5 or highest > 1:
            parts.append(Markup('<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>') % (left, left + wide, y, y))
            parts.append(Markup('<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>') % (left - 6, y + 4, _short(highest * share)))
    for week in weeks:
        x = left + (week["week"] + 1) * step
        parts.append(_bar(week, x, step - 2, top + high, high / highest, _week_in_words(week["week"], today)))
    parts += _months(today, left, step, top + high + 18)
    for severity in ("warning", "critical"):
        days = report["limits"]["end"][severity + "_days"]
        if days is not None and 0 < days < 7 * LAST_WEEK:
            x = left + step + days / 7 * step
            parts.append(Markup('<line class="limit %s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>') % (severity, x, x, top - 8, top + high))
            parts.append(Markup('<text class="tick" x="%.1f" y="%d">%g days</text>') % (x + 4, top - 2, days))
    caption = "%s of %s credentials have ended, and %s have no date." % (
        format_number(sum(weeks[0][state] for state in STATES)),
        format_number(report["counts"]["credentials"]["total"]), format_number(report["timeline"]["without_date"]))
    return _svg("timeline", 772, top + high + 28, "When credentials end, by week", caption, parts)


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
    parts = [Markup('<text class="tick" x="%d" y="%d" text-anchor="middle">ended</text>') % (left + 4, y)]
    for week in range(3, LAST_WEEK - 1):
        day = today + datetime.timedelta(days=7 * week)
        if day.day <= 7:
            text = _MONTHS[day.month - 1] + (" %d" % day.year if day.month == 1 else "")
            parts.append(Markup('<text class="tick" x="%d" y="%d">%s</text>') % (left + (week + 1) * step, y, text))
    return parts


def draw_centers(report: dict[str, Any]) -> Markup:
    """Returns the share of each state in each ECC's credentials, the worst ECC first. The last of many ECCs share one bar."""
    by_ecc = sorted(report["counts"]["by_ecc"].items(), key=lambda pair: (-pair[1]["critical"], -pair[1]["warning"], -pair[1]["unchecked"], pair[0]))
    rows = [(ecc or "no ECC", counts) for ecc, counts in by_ecc]
    if len(rows) > MOST_CENTERS:
        rest = [counts for unused_ecc, counts in rows[MOST_CENTERS - 1:]]
        together = {name: sum(counts[name] for counts in rest) for name in (*STATES, "total")}
        rows = rows[: MOST_CENTERS - 1] + [("%d more" % len(rest), together)]
    parts, left, wide, row_height = [], 112, 150, 26
    columns = ((CRITICAL, 312), (WARNING, 366), ("total", 424))
    if rows:
        parts += [Markup('<text class="tick" x="%d" y="13" text-anchor="end">%s</text>') % (x, "all" if name == "total" else name) for name, x in columns]
    for index, (ecc, counts) in enumerate(rows):
        y, x = (index + 1) * row_height - 4, float(left)
        shown = ecc if len(ecc) < 16 else ecc[:14] + "\u2026"
        parts.append(Markup('<text class="label" x="%d" y="%d" text-anchor="end">%s</text>') % (left - 8, y + 13, shown))
        pieces = []
        for state in STATES:
            if counts[state]:
                width = wide * counts[state] / counts["total"]
                pieces.append(Markup('<rect class="%s" x="%.1f" y="%d" width="%.1f" height="16"/>') % (state, x, y, max(width, 1.5)))
                x += width
        caption = ", ".join("%s %s" % (format_number(counts[state]), STATE_WORDS[state]) for state in STATES if counts[state])
        parts.append(Markup("<g><title>%s: %s</title>%s</g>") % (ecc, caption, Markup("").join(pieces)))
        for name, x in columns:
            place = "tick" if name == "total" or not counts[name] else "count %s" % name
            parts.append(Markup('<text class="%s" x="%d" y="%d" text-anchor="end">%s</text>') % (place, x, y + 13, format_number(counts[name])))
    if not rows:
        parts.append(Markup('<text class="tick" x="%d" y="17">no credentials</text>') % left)
    return _svg("centers", 428, (len(rows) + 1) * row_height, "Credentials by ECC and state", "Of each ECC's credentials the share of every state.", parts)


def draw_trend(report: dict[str, Any]) -> Markup:
    """Returns how many were not fine in the last runs, of which there must be two or more."""
    points = report["trend"]
    highest = _ceiling(max(point["total"] - point[FINE] for point in points))
    left, top, wide, high = 36, 8, 1140, 84
    parts: list[Markup] = []
    for share in (0, 1):
        y = top + high * (1 - share)
        parts.append(Markup('<line class="grid" x1="%d" x2="%d" y1="%d" y2="%d"/>') % (left, left + wide, y, y))
        parts.append(Markup('<text class="tick" x="%d" y="%d" text-anchor="end">%s</text>') % (left - 6, y + 4, _short(highest * share)))
    for name, values in (("critical", [p["critical"] for p in points]), ("warning", [p["critical"] + p["warning"] for p in points])):
        places = ["%.1f,%.1f" % (left + wide * index / (len(points) - 1), top + high * (1 - value / highest)) for index, value in enumerate(values)]
        parts.append(Markup('<polyline class="%s" points="%s"><title>%s</title></polyline>') % (name, " ".join(places), name))
    for anchor, x, point in (("start", left, points[0]), ("end", left + wide, points[-1])):
        parts.append(Markup('<text class="tick" x="%d" y="%d" text-anchor="%s">%s</text>') % (x, top + high + 16, anchor, point["generated_at"][:10]))
    caption = "From %s to %s critical, over %d runs; the upper line adds the warnings." % (points[0]["critical"], points[-1]["critical"], len(points))
    return _svg("trend", 1192, top + high + 24, "What was not fine in the last runs", caption, parts)


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
