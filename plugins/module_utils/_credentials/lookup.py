# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_request_info: many credentials in one call, over a bounded pool of kept-alive connections."""

from __future__ import annotations

import collections
import datetime
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.eccops.rapid.plugins.module_utils._credentials.due import judge_rotation
from ansible_collections.eccops.rapid.plugins.module_utils._errors import SILENT_KINDS, InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import calculate_expiry, build_history
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import read_histories, current_request_ids
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_RULES, RAPIDAUTH_RULES, ledger_place_options, merge_rules, rapidauth_options, service_name_options, validate_concurrency)
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, find_service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, validate_anon_id, validate_request_id, is_same_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, given_now


def check_credentials(params: dict, is_check_mode: bool) -> dict:
    """Returns the module's result for its ``params``; it reads only, in check mode too. Raises RapidError."""
    request_ids, anon_ids = _distinct(params.get("request_ids")), _distinct(params.get("anon_ids"))
    if not request_ids and not anon_ids:
        raise InvalidInput("there is nothing to look up: give request_ids, anon_ids or both, with at least one id")
    for each in request_ids:
        validate_request_id(each)
    for each in anon_ids:
        validate_anon_id(each)
    validate_concurrency(params)
    days = params.get("rotate_after_days")
    if days is not None and not 0 <= days <= 100000:  # .nan and .inf are floats too
        raise InvalidInput("rotate_after_days must be between 0 and 100000")
    now = given_now(params.get("now"))
    client = rapidauth_client(params)
    current = current_request_ids(find_place(params), find_service_name(params, client), request_ids, params.get("other_service_names") or ())
    looks: list[tuple] = [(each, current[each], client.get_request) for each in request_ids]
    looks += [(each, each, client.get_credential) for each in anon_ids]
    credentials = _look_up_all(looks, params["concurrency"], days, now)
    return {
        "changed": False,
        "credentials": credentials,
        "due": [each for each, entry in credentials.items() if entry["should_rotate"]],
        "summary": _summary(credentials),
        "sac": client.sac.summary(now),
        "now": format_instant(now),
    }


def check_with_histories(params: dict) -> dict:
    """Returns check_credentials' result for ``params`` with, in each entry, its ``history`` in the ledger, ``expires_date`` and ``expires_basis``.

    For that the first credential of each history is looked up too. ``params`` has ``validity_days`` beside the module's.
    """
    client = rapidauth_client(params)
    chains = read_histories(find_place(params), find_service_name(params, client), params["request_ids"], params.get("other_service_names") or ())
    histories = {each: build_history(chain) for each, chain in chains.items()}
    current = {each: current_request_id(chain, each) for each, chain in chains.items()}
    firsts = [
        history["original_request_id"]
        for each, history in histories.items()
        if history and not is_same_request_id(history["original_request_id"], current[each])
    ]
    asked = _distinct(list(current.values()) + firsts)

    def describe(credentials: dict[str, dict]) -> dict[str, dict]:
        """Returns ``credentials``, keyed by what was asked for the entries of asked ids, completed and keyed by ``request_ids``."""
        complete = {}
        for each, history in histories.items():
            entry = credentials.get(current[each])
            if entry is not None:
                first = credentials.get(history["original_request_id"]) if history else None
                complete[each] = dict(entry, history=history, **calculate_expiry(entry, history, first, params["validity_days"]))
        return complete

    try:
        result = check_credentials(dict(params, request_ids=asked, ledger_path=None, ledger_url=None), True)
    except RapidError as error:
        if "credentials" in error.details:
            error.details["credentials"] = describe(error.details["credentials"])
        raise
    return dict(result, credentials=describe(result["credentials"]))


def _distinct(ids: list[str] | None) -> list[str]:
    return list(dict.fromkeys(ids or []))


def _look_up_all(looks: list[tuple], concurrency: int, days: float | None, now: datetime.datetime) -> dict[str, dict]:
    """Returns {id: entry} in the order asked.

    Stops where every other look-up would fail too: on a failure that is the whole service's, or when as many look-ups
    as fill the pool twice failed in a row. What was learnt until then is in the error's details.
    """
    stop = _Stop(most_failures_in_a_row=2 * concurrency)

    def look_up(look: tuple) -> dict | None:
        unused_name, identifier, get = look
        if stop.reason:
            return None
        try:
            entry = _entry(get(identifier), days, now)
        except RapidError as error:
            stop.failed(error)
            return _failed_entry(error)
        stop.answered()
        return entry

    with ThreadPoolExecutor(max_workers=min(concurrency, len(looks))) as pool:
        # The first one alone: where the service keeps silent, the others do not wait for the same.
        entries = [pool.submit(look_up, looks[0]).result()]
        entries += list(pool.map(look_up, looks[1:]))
    credentials = {look[0]: entry for look, entry in zip(looks, entries) if entry is not None}
    if stop.reason:
        answered = sum(entry["error"] is None or entry["is_known"] is False for entry in credentials.values())
        raise RapidError(
            "stopped after %d of %d answers: %s" % (answered, len(looks), stop.reason.message),
            kind=stop.reason.kind,
            credentials=credentials,
            summary=_summary(credentials),
        )
    return credentials


class _Stop:
    """Decides when the threads of a pool give up. Its few fields are set one at a time: no lock is needed."""

    def __init__(self, most_failures_in_a_row: int) -> None:
        self.reason: RapidError | None = None
        self._most, self._failures_in_a_row, self._has_answer = most_failures_in_a_row, 0, False

    def answered(self) -> None:
        self._failures_in_a_row, self._has_answer = 0, True

    def failed(self, error: RapidError) -> None:
        if error.kind == "unknown":
            return self.answered()
        self._failures_in_a_row += 1
        is_silent = error.kind in SILENT_KINDS and not self._has_answer
        if is_silent or error.is_service_wide or self._failures_in_a_row >= self._most:
            self.reason = self.reason or error


def _entry(credential: Credential, days: float | None, now: datetime.datetime) -> dict:
    verdict = judge_rotation(credential, days, now)
    entry = credential.as_dict()
    entry.update(is_known=True, should_rotate=verdict.should_rotate, reason=verdict.reason, error=None)
    return entry


def _failed_entry(error: RapidError) -> dict:
    entry = Credential({}).as_dict()
    entry.update(is_known=False if error.kind == "unknown" else None, should_rotate=False, reason=error.message, error=error.as_result())
    return entry


def _summary(credentials: dict[str, dict]) -> dict:
    """Returns counts; those of ``by_status`` are keyed by the service's own words."""
    entries = list(credentials.values())
    return {
        "total": len(entries),
        "by_status": dict(collections.Counter(entry["status"] or "none" for entry in entries if entry["is_known"])),
        "unknown": sum(entry["is_known"] is False for entry in entries),
        "failed": sum(entry["is_known"] is None for entry in entries),
        "collection_prevented": sum(entry["prevent_collection"] is True for entry in entries),
        "due": sum(entry["should_rotate"] for entry in entries),
    }


OPERATION = Operation(run=check_credentials, spec=dict(merge_rules(RAPIDAUTH_RULES, LEDGER_RULES), argument_spec=dict(
    rapidauth_options(),
    request_ids={"type": "list", "elements": "str", "default": []},
    anon_ids={"type": "list", "elements": "str", "default": []},
    concurrency={"type": "int", "default": 16},
    rotate_after_days={"type": "float"},
    now={"type": "str"},
    **ledger_place_options(),
    **service_name_options(),
)))
