# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what people read of a rotation: the plan, what keeps it from beginning, and the report at its end."""

from __future__ import annotations

import datetime
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.wave import MOST_CLOCK_SKEW_SECONDS
from ansible_collections.eccops.rapid.plugins.module_utils._text import join_reasons, printable
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant


def describe_plan(result: dict, histories: dict, params: dict, now: datetime.datetime) -> typing.List[str]:
    """Returns the plan as a table: per position what would come out, the new AnonId, why, and by which rotation it was replaced last.

    result is rapidauth_rotation's, histories {position: its history in the ledger or None}.
    """
    positions = result["positions"]
    widest = max([8, *map(len, positions)])
    lines = ["%s  %s  NEW ANONID, WHY" % ("POSITION".ljust(widest), "WOULD BE".ljust(16))]
    for name, entry in positions.items():
        why = "%s: %s%s" % (entry["anon_id"], entry["reason"], _describe_history(histories.get(name), entry, params["rotation_id"], now))
        lines.append("%s  %s %s" % (name.ljust(widest), entry["outcome"].ljust(16), printable(why)))
    lines.append(", ".join("%d %s" % (count, word) for word, count in result["summary"].items()))
    if result.get("ledger_is_new", True):
        lines.append(
            "NEW LEDGER: there is none at %s yet. If this fleet was rotated before, use the ledger of that time: a second one knows nothing "
            "of the first, and every credential would be replaced again." % find_place(params))
    return lines


def _describe_history(history: dict | None, entry: dict, rotation_id: str, now: datetime.datetime) -> str:
    if not history or not history["rotation_id"] or history["rotation_id"] == rotation_id or entry["outcome"] != "replaced":
        return ""
    since = parse_instant(history["replaced_at"])
    return "; last rotated %sby %s" % ("%s ago " % _describe_age(now - since) if since else "", history["rotation_id"])


def _describe_age(age: datetime.timedelta) -> str:
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(age.total_seconds() // seconds)
        if count:
            return "%d %s%s" % (count, unit, "" if count == 1 else "s")
    return "less than a minute"


def describe_refusals(result: dict) -> str:
    """Returns why the rotation must not begin, or an empty text; result is that of a look in check mode."""
    skew = result.get("clock_skew_seconds")
    if result.get("stopped_by"):
        return "Nothing was changed. The look-up at the service stopped: %s" % result["stopped_by"]
    if result["failed_positions"]:
        reasons = {name: result["positions"][name]["reason"].rstrip(".") for name in result["failed_positions"]}
        return "Nothing was changed. %s | Fix them, or leave them out with --limit." % join_reasons(reasons)
    if skew is not None and abs(skew) > MOST_CLOCK_SKEW_SECONDS:
        return "Nothing was changed. The clock here and the service's differ by %d s; correct it first." % skew
    return ""


def describe_outcomes(plan: dict, planned: dict, progress: dict, rows: typing.Optional[typing.Sequence[dict]]) -> dict:
    """Returns the report at the end of a run: {lines, failure}.

    plan is the run's plan, planned what rapidauth_rotation returned in the preflight, progress that of all waves ({} in check mode),
    rows those of this rotation in the ledger, read at the end, or None in check mode. failure says what contradicts the waves' own words.
    """
    reached = progress.get("positions") or {}
    widest = max([8, *map(len, plan["positions"])])
    lines = ["%s  %s  %s  REQUESTID" % ("POSITION".ljust(widest), "OUTCOME".ljust(17), "COLLECTED".ljust(20))]
    for name in plan["positions"]:
        entry = reached.get(name) or {}
        outcome = entry.get("outcome") or "not begun"
        if rows is None:
            own = planned["positions"][name]
            outcome = ("would be " if own["changed"] else "") + own["outcome"]
        lines.append("%s  %s  %s  %s" % (
            name.ljust(widest), outcome.ljust(17), (entry.get("collected_date") or "-").ljust(20), entry.get("request_id") or "-"))
    if rows is None:
        return {"lines": lines, "failure": ""}
    changed = [(name, entry) for name, entry in reached.items() if entry["outcome"] == "replaced" and entry.get("old_anon_id")]
    if changed:
        lines.append("The relying party must accept the new AnonIds, and refuse the old ones of devices that are gone:")
        lines += ["  %s  %s -> %s" % (name.ljust(widest), entry["old_anon_id"], entry["anon_id"]) for name, entry in changed]
    failure = _compare_with_ledger(reached, rows)
    if not failure:
        place = planned.get("ledger_url") or planned.get("ledger_path") or find_place(plan)
        lines.append("The ledger %s has every RequestId; the inventory may keep the first ones." % (place,))
    return {"lines": [printable(line) for line in lines], "failure": failure}


def _compare_with_ledger(reached: dict, rows: typing.Sequence[dict]) -> str:
    """Returns what the ledger does not hold although a wave said that it came out so."""
    recorded = {str(row["new_request_id"]).lower() for row in rows if row["outcome"] in ("replaced", "adopted")}
    missing = [name for name, entry in reached.items() if entry["outcome"] in ("replaced", "adopted") and (entry["request_id"] or "").lower() not in recorded]
    if not missing:
        return ""
    return (
        "The ledger has no complete entry for %s, although the service replaced the credential: free space on its disk, then run the same "
        "rotation again, which looks first and replaces nothing twice." % ", ".join(missing[:10])
    )
