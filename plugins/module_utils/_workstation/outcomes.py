# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The outcome of provision_workstations for each position, read from what its tasks registered."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._text import describe_unreachable

#: The variables in which the roles register what they did on a position.
ROLE_RESULTS = {"launcher": "portal_launcher_installed", "sac": "sac_certificate_installed"}


def provisioning_outcomes(hostvars: typing.Mapping[str, dict], names: typing.Iterable[str]) -> typing.List[dict]:
    """Returns a list of {position, outcome, changed, is_done, launcher, sac, reason}, in the order of ``names``.

    outcome is ``changed``, ``unchanged``, ``failed``, ``unreachable`` or ``not begun``; launcher and sac are
    ``changed``, ``unchanged`` or ``-``.
    """
    return [_outcome(str(name), hostvars[name]) for name in names]


def _outcome(name: str, variables: dict) -> dict:
    results = {part: variables.get(variable) for part, variable in ROLE_RESULTS.items()}
    row: typing.Dict[str, typing.Any] = {"position": name, "reason": str(variables.get("eccops_rapid_problem") or "")}
    row.update((part, _word(result)) for part, result in results.items())
    words = [row[part] for part in ROLE_RESULTS]
    unreachable = next((result for result in results.values() if result and result.get("unreachable")), None)
    if row["reason"]:
        row["outcome"] = "failed"
    elif unreachable is not None:
        row.update(outcome="unreachable", reason=describe_unreachable(unreachable.get("msg")))
    elif "changed" in words:
        row["outcome"] = "changed"
    else:
        row["outcome"] = "unchanged" if "unchanged" in words else "not begun"
    return dict(row, changed=row["outcome"] == "changed", is_done=row["outcome"] in ("changed", "unchanged"))


def _word(result: typing.Optional[dict]) -> str:
    if not result or any(result.get(word) for word in ("skipped", "failed", "unreachable")):
        return "-"
    return "changed" if result.get("changed") else "unchanged"


def above_max_fail_percentage(outcomes: typing.List[dict], max_fail_percentage: float) -> bool:
    """Returns whether more than ``max_fail_percentage`` of the positions that were started failed or were unreachable."""
    begun = [row for row in outcomes if row["outcome"] != "not begun"]
    failed = [row for row in begun if row["outcome"] in ("failed", "unreachable")]
    return len(failed) * 100 > len(begun) * float(max_fail_percentage)
