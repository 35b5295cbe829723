# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_rotation: one wave of replacements as one call."""

from __future__ import annotations

import signal
import threading
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import build_history
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord, open_record
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_REQUIRED_RULES, RAPIDAUTH_RULES, ledger_options, merge_rules, rapidauth_options, validate_concurrency)
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, find_service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_anon_id, validate_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.anon_ids import opaque_position_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.request_ids import validate_credentials, validate_rotation_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.resolutions import resolve
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.wave_run import Wave
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.wording import describe_plan, describe_refusals
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now


def rotate(params: dict, is_check_mode: bool, show_progress: typing.Callable[[dict, int], object] | None = None) -> dict:
    """Returns the module's result for its ``params``; raises RapidError where nothing could be begun.

    ``show_progress(counts, total)`` is called every few seconds from this thread.
    """
    validate_wave(params["credentials"], params["rotation_id"])
    validate_concurrency(params)
    client = rapidauth_client(params)
    with open_record(find_place(params), find_service_name(params, client), client.api_url, is_check_mode) as record:
        record.validate_same_service([each["request_id"] for each in params["credentials"]], params.get("other_service_names") or ())
        validate_histories(params["credentials"], record)
        all_wanted = _wanted(params, record)
        resolve(client, record, params["resolutions"], params["credentials"], is_check_mode)
        wave = Wave(client, record, all_wanted, params["concurrency"], params["max_failures"], is_check_mode)
        with StopSignals(wave.stop):
            wave.run(show_progress)
        chains = record.chains([each["request_id"] for each in params["credentials"]])
        histories = {each["position"]: build_history(chains[each["request_id"]]) for each in params["credentials"]}
    result = dict(wave.result(), clock_skew_seconds=client.clock_skew_seconds)
    if record.ledger is not None:
        result.update({record.ledger.store.option: record.ledger.name, "ledger_is_new": record.ledger.is_new})
    result["lines"] = describe_plan(result, histories, params, utc_now())
    result["refusal"] = describe_refusals(result)
    if result["failed_positions"]:
        incomplete = RapidError(wave.complaint(), kind="wave_incomplete")
        incomplete.details.update(result)  # as it is: null where nothing stopped the wave
        raise incomplete
    return result


def validate_wave(credentials: list[dict], rotation_id: str) -> None:
    """Raises InvalidInput unless every position is named once and has a RequestId that no other one has."""
    if not credentials:
        raise InvalidInput("credentials is empty: there is nothing to rotate")
    validate_rotation_id(rotation_id)
    named = set()
    for each in credentials:
        if each["position"] in named:
            raise InvalidInput("%s is named twice in credentials" % each["position"])
        if not each["request_id"]:
            raise InvalidInput("%s has no RequestId: set rapidauth_request_id for it" % each["position"])
        named.add(each["position"])
        try:
            validate_request_id(each["request_id"])
        except InvalidInput as error:
            raise InvalidInput("%s: %s" % (each["position"], error.message), kind=error.kind) from None
    for position, problem in validate_credentials(credentials):
        raise InvalidInput("%s: %s" % (position, problem))


def validate_histories(credentials: list[dict], record: NoRecord) -> None:
    """Raises InvalidInput where two positions name the same credential by different RequestIds of its history."""
    holders = {}
    chains = record.chains([each["request_id"] for each in credentials])
    for each in credentials:
        chain = chains[each["request_id"]]
        original = (chain[0]["original_request_id"] if chain else each["request_id"]).lower()
        if holders.setdefault(original, each["position"]) != each["position"]:
            raise InvalidInput(
                "%s and %s name the same credential: their RequestIds belong to one history, which began with %s"
                % (holders[original], each["position"], original)
            )


def _wanted(params: dict, record: NoRecord) -> list[ReplacementRequest]:
    """Returns the ReplacementRequest of each credential, its AnonIds made by the site's template."""
    template, rotation_id, holders, all_wanted = params["anon_id_template"], params["rotation_id"], {}, []
    position_ids = record.position_ids({each["position"]: opaque_position_id(each["position"]) for each in params["credentials"]})
    for each in params["credentials"]:
        position = each["position"]
        anon_id = each.get("anon_id") or _filled(template, position, position_ids[position], rotation_id)
        further = anon_id + "-2" if params["replace_lapsed"] else None
        for one in [anon_id] if further is None else [anon_id, further]:
            try:
                validate_anon_id(one)
            except InvalidInput as error:
                raise InvalidInput("%s: %s" % (position, error.message), kind=error.kind) from None
            if holders.setdefault(one, position) != position:
                raise InvalidInput("%s and %s would get the same AnonId %s; change anon_id_template" % (holders[one], position, one))
        all_wanted.append(
            ReplacementRequest(position, each["request_id"], anon_id, rotation_id, None, params["anon_ids_are_unique"], further)
        )
    return all_wanted


def _filled(template: str, position: str, position_id: str, rotation_id: str) -> str:
    try:
        return template.format(position=position, position_id=position_id, rotation_id=rotation_id)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise InvalidInput(
            "anon_id_template '%s' cannot be filled in; it may use {position_id}, {position} and {rotation_id}" % template
        ) from None


class StopSignals:
    """While it is open, a signal calls ``stop(reason)`` instead of ending the process. Only the main thread can listen."""

    def __init__(self, stop: typing.Callable[[str], object]) -> None:
        self._stop = stop
        self._earlier: dict[int, typing.Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._earlier[number] = signal.signal(number, self._caught)
        return self

    def _caught(self, number: int, frame: object) -> None:
        self._stop("%s was received" % signal.Signals(number).name)

    def __exit__(self, *unused: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)


_CREDENTIAL = {
    "position": {"type": "str", "required": True},
    "request_id": {"type": "str", "required": True},
    "anon_id": {"type": "str"},
}
OPERATION = Operation(run=rotate, spec=dict(merge_rules(RAPIDAUTH_RULES, LEDGER_REQUIRED_RULES), argument_spec=dict(
    rapidauth_options(),
    credentials={"type": "list", "elements": "dict", "required": True, "options": _CREDENTIAL},
    rotation_id={"type": "str", "required": True},
    anon_id_template={"type": "str", "default": "{position_id}-{rotation_id}"},
    replace_lapsed={"type": "bool", "default": False},
    resolutions={"type": "dict", "default": {}},
    concurrency={"type": "int", "default": 16},
    max_failures={"type": "int", "default": 0},
    **ledger_options(),
)))
