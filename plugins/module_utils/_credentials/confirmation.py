# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What became of a wave: what the service says, what each position said, and the verdict on each. Recorded in the ledger."""

from __future__ import annotations

import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.lookup import check_credentials
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import require_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_REQUIRED_RULES, RAPIDAUTH_RULES, ledger_place_options, merge_rules, rapidauth_options, service_name_options)
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, find_service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import COLLECTED, EXPIRED, REQUESTED
from ansible_collections.eccops.rapid.plugins.module_utils._text import describe_unreachable
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, utc_now

_WHAT_TO_DO = {
    REQUESTED: "Run the same rotation again within minutes, before the replacement lapses; it is not replaced twice.",
    EXPIRED: "Its replacement lapsed. Find out why it does not collect, give the position another rotation_anon_id, and run the same rotation again.",
    COLLECTED: "Fix that and run the same rotation again; if the certificate was lost on its way, give the position another rotation_anon_id.",
}
_OTHERWISE = "Run the same rotation again: it looks first, and replaces nothing twice."
#: How the reason of one replacement ends, which would say the same once more.
_AGAIN = re.compile("[;:,] run the same (task|rotation) again[^;.]*$")


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns {positions, awaited, lapsed} for the wave in params; what the ledger did not know is recorded. Raises no RapidError for one position."""
    wave, answers = params["positions"], params["collections"]
    problems = {name: describe_problem(entry, answers.get(name)) for name, entry in wave.items()}
    seen, trouble = _look_up(params, [entry["request_id"] for entry in wave.values() if entry.get("request_id")])
    statuses = {name: seen.get(entry.get("request_id")) or {} for name, entry in wave.items()}
    if not is_check_mode:
        problems.update(_record(params, wave, answers, statuses, problems))
    positions = {name: judge_position(name, statuses[name], problems[name], trouble) for name in wave}
    return {
        "changed": False,
        "positions": positions,
        "awaited": [name for name, own in positions.items() if own["status"] == REQUESTED and not problems[name]],
        "lapsed": [name for name, own in positions.items() if own["status"] == EXPIRED and not problems[name]],
    }


def describe_problem(entry: dict, answer: typing.Optional[dict]) -> str:
    """Returns why a position cannot have collected, from its entry of the wave and what it answered, or an empty text."""
    if not entry.get("request_id"):
        return str(entry.get("reason") or "it was not replaced")
    if not answer:
        return "it was not reached"
    if answer.get("unreachable"):
        return describe_unreachable(answer.get("msg"))
    if answer.get("failed") or not answer.get("is_collected"):
        return str(answer.get("msg") or "it did not report that it collected")
    return ""


def judge_position(name: str, seen: dict, problem: str, trouble: str) -> dict:
    """Returns {status, collected_date, is_done, message} of a position: done only where service and position agree."""
    status = seen.get("status")
    is_done = status == COLLECTED and not problem
    message = ""
    if not is_done:
        said = status or (seen.get("error") or {}).get("msg") or trouble or "nothing about it"
        message = " ".join(filter(None, (
            "%s is not done: the service says %s." % (name, said.rstrip(".")),
            _AGAIN.sub("", problem.rstrip(".")) + "." if problem else "",
            _WHAT_TO_DO.get(status or "", _OTHERWISE),
        )))
    return {"status": status, "collected_date": seen.get("collected_date"), "is_done": is_done, "message": message}


def _look_up(params: dict, request_ids: list[str]) -> tuple[dict[str, dict], str]:
    """Returns ({RequestId: entry}, what went wrong for all or an empty text)."""
    if not request_ids:
        return {}, ""
    asked = dict(params, request_ids=request_ids, anon_ids=[], ledger_path=None, ledger_url=None, rotate_after_days=None, now=None)
    try:
        return check_credentials(asked, True)["credentials"], ""
    except RapidError as error:
        return error.details.get("credentials", {}), error.message


def _record(params: dict, wave: dict, answers: dict, statuses: dict[str, dict], problems: dict[str, str]) -> dict[str, str]:
    """Notes in the ledger what was delivered and collected; returns {position: why it could not be noted}."""
    try:
        with LedgerRecord(require_place(params), find_service_name(params, rapidauth_client(params))) as record:
            now, progress = format_instant(utc_now()), []
            for name, entry in wave.items():
                if entry.get("request_id") and (answers.get(name) or {}).get("is_delivered"):
                    is_collected = statuses[name].get("status") == COLLECTED and not problems[name]
                    progress.append((entry["request_id"], now, (statuses[name].get("collected_date") or now) if is_collected else None))
            record.note_progress(progress)
    except LedgerError as error:
        return {name: problems[name] or "its collection could not be recorded: %s" % error.message for name in wave}
    except RapidError:
        return {}  # the look-up has said it
    return {}


OPERATION = Operation(run=run, spec=dict(merge_rules(RAPIDAUTH_RULES, LEDGER_REQUIRED_RULES), argument_spec=dict(
    rapidauth_options(),
    positions={"type": "dict", "required": True},
    collections={"type": "dict", "default": {}},
    concurrency={"type": "int", "default": 16},
    **ledger_place_options(),
    **service_name_options(),
)))
