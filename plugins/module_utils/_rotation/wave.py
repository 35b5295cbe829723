# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: whether the next wave of a planned rotation may begin, and what the waves so far came to."""

from __future__ import annotations

import math
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._text import describe_unreachable, join_reasons

#: The service's clock and ours may differ by this much: what lapses within minutes is judged by both.
MOST_CLOCK_SKEW_SECONDS = 120


def begin_wave(plan: dict, progress: dict, positions: typing.List[str], forks: int, now: float) -> dict:
    """Returns what the next wave works on: {positions, credentials, resolutions, rounds, began_at, refusal}.

    refusal says why it must not begin, or is empty. now is in epoch seconds; progress is what end_wave returned for the wave before.
    """
    rounds = math.ceil(len(positions) / max(1, int(forks)))
    refusal = _refusal(plan, progress, positions, rounds)
    return {
        "positions": list(positions),
        "credentials": [] if refusal else [each for each in plan["credentials"] if each["position"] in positions],
        "resolutions": {name: verdict for name, verdict in plan["resolutions"].items() if name in positions},
        "rounds": rounds,
        "began_at": now,
        "refusal": refusal,
    }


def _refusal(plan: dict, progress: dict, positions: list[str], rounds: int) -> str:
    strangers = [each for each in positions if each not in plan["positions"]]
    if strangers:
        return "%s is not in the plan that was made before any position was touched: no further wave is started. Run the same rotation again." % strangers[0]
    failed = progress.get("failed") or []
    if len(failed) > plan["max_failures"]:
        return (
            "%d positions have failed, and rotation_max_failures is %d: no further wave is started. Run the same rotation again when they are fixed."
            % (len(failed), plan["max_failures"])
        )
    expected_seconds = (progress.get("seconds_per_round") or 0) * rounds
    if expected_seconds > plan["collection_minutes"] * 60:
        return (
            "The next wave of %d would take about %d s, and has %s minutes before its replacements lapse: no further wave is started. "
            "Make rotation_waves smaller or forks larger, and run the same rotation again."
            % (len(positions), round(expected_seconds), _number(plan["collection_minutes"]))
        )
    return ""


def end_wave(plan: dict, progress: dict, wave: dict, replaced: dict, confirmed: dict, now: float) -> dict:
    """Returns the progress of all waves so far: {failed, seconds_per_round, wave_seconds, warning, positions, is_wave_done}.

    replaced is {position: entry} of rapidauth_rotation, confirmed the result of rapidauth_rotation_confirmation, which may have failed.
    """
    unconfirmed = "its outcome could not be confirmed: %s" % (confirmed.get("msg") or "no reason was given")
    seconds = max(0.0, now - wave["began_at"])
    entries = dict(progress.get("positions") or {})
    for name in wave["positions"]:
        own, seen = replaced.get(name) or {}, (confirmed.get("positions") or {}).get(name) or {}
        entries[name] = {
            "outcome": own.get("outcome") or "not_started",
            "request_id": own.get("request_id"),
            "old_anon_id": own.get("old_anon_id"),
            "anon_id": own.get("anon_id"),
            "collected_date": seen.get("collected_date"),
            "is_done": bool(seen.get("is_done")),
            "message": seen.get("message", "%s is not done: %s" % (name, unconfirmed)),
        }
    warning = ""
    if seconds > plan["collection_minutes"] * 30:
        warning = "This wave took %d s of the %s minutes that its positions have to collect: make rotation_waves smaller." % (
            round(seconds), _number(plan["collection_minutes"]))
    return {
        "failed": [name for name, entry in entries.items() if not entry["is_done"]],
        "seconds_per_round": seconds / wave["rounds"],
        "wave_seconds": seconds,
        "warning": warning,
        "positions": entries,
        "is_wave_done": all(entries[name]["is_done"] for name in wave["positions"]),
    }


def describe_unready(plan: dict, tried: typing.Mapping[str, typing.Mapping[str, typing.Any]]) -> str:
    """Returns which positions of a plan are not ready and why, or an empty text. tried is {position: result of state=ready}."""
    reasons = {}
    for name in plan["positions"]:
        result = tried.get(name) or {}
        if result.get("unreachable"):
            reasons[name] = describe_unreachable(result.get("msg"))
        elif "is_delivered" not in result or result.get("failed"):
            reasons[name] = str(result.get("msg") or "it was not tried")
    if not reasons:
        return ""
    return "Nothing was replaced. %s | Fix them, or leave them out with --limit." % join_reasons(reasons)


def _number(value: float) -> str:
    return "%d" % value if value == int(value) else "%s" % value
