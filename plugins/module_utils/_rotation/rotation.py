# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_rotation: one wave of replacements as one call."""

from __future__ import annotations

import collections
import threading
from concurrent.futures import ThreadPoolExecutor, wait

from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import RAPIDAUTH_RULES, ledger_options, rapidauth_options, validate_concurrency
from ansible_collections.eccops.rapid.plugins.module_utils._rotation import replacement
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.request_ids import validate_credentials, validate_rotation_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.wording import describe_plan, describe_refusals
from ansible_collections.eccops.rapid.plugins.module_utils._errors import SILENT_KINDS, InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.anon_ids import opaque_position_id
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import build_history
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_anon_id, validate_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import open_record
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, service_of
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.resolutions import resolve
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.stop_signals import StopSignals

#: Outcomes that count as failures of the wave.
FAILURES = (replacement.REFUSED, replacement.FAILED, replacement.UNRESOLVED)
NOT_STARTED = "not_started"
PROGRESS_SECONDS = 5


def rotate(params, is_check_mode, show_progress=None):
    """Returns the module's result for its C(params); raises RapidError where nothing could be begun.

    C(show_progress(counts, total)) is called every few seconds from this thread.
    """
    validate_wave(params["credentials"], params["rotation_id"])
    validate_concurrency(params)
    client = rapidauth_client(params)
    with open_record(params["ledger_path"], service_of(params, client), client.api_url, is_check_mode) as record:
        record.validate_same_service([each["request_id"] for each in params["credentials"]], params.get("other_service_names") or ())
        validate_histories(params["credentials"], record)
        all_wanted = _wanted(params, record)
        resolve(client, record, params["resolutions"], params["credentials"], is_check_mode)
        wave = Wave(client, record, all_wanted, params["concurrency"], params["max_failures"], is_check_mode)
        with StopSignals(wave.stop):
            wave.run(show_progress)
        histories = {each["position"]: build_history(record.chain(each["request_id"])) for each in params["credentials"]}
    result = dict(wave.result(), clock_skew_seconds=client.clock_skew_seconds)
    if record.ledger is not None:
        result.update(ledger_path=record.ledger.path, ledger_is_new=record.ledger.is_new)
    result["lines"] = describe_plan(result, histories, params, utc_now())
    result["refusal"] = describe_refusals(result)
    if result["failed_positions"]:
        incomplete = RapidError(wave.complaint(), kind="wave_incomplete")
        incomplete.details.update(result)  # as it is: null where nothing stopped the wave
        raise incomplete
    return result


def validate_wave(credentials, rotation_id):
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


def validate_histories(credentials, record):
    """Raises InvalidInput where two positions name the same credential by different RequestIds of its history."""
    holders = {}
    for each in credentials:
        chain = record.chain(each["request_id"])
        origin = (chain[0]["original_request_id"] if chain else each["request_id"]).lower()
        if holders.setdefault(origin, each["position"]) != each["position"]:
            raise InvalidInput(
                "%s and %s name the same credential: their RequestIds belong to one history, which began with %s"
                % (holders[origin], each["position"], origin)
            )


def _wanted(params, record):
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
            replacement.ReplacementRequest(position, each["request_id"], anon_id, rotation_id, None, params["anon_ids_are_unique"], further)
        )
    return all_wanted


def _filled(template, position, position_id, rotation_id):
    try:
        return template.format(position=position, position_id=position_id, rotation_id=rotation_id)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise InvalidInput(
            "anon_id_template '%s' cannot be filled in; it may use {position_id}, {position} and {rotation_id}" % template
        ) from None


class Wave:
    """The replacements of one call, over a bounded number of threads."""

    def __init__(self, client, record, all_wanted, concurrency, max_failures, is_check_mode):
        self._client, self._record, self._all_wanted = client, record, all_wanted
        self._concurrency, self._max_failures, self._is_check_mode = concurrency, max_failures, is_check_mode
        self._outcomes = {}
        self._failures = 0
        self._lock = threading.Lock()
        self._stopped_by = None

    def stop(self, reason):
        """Begins nothing more; what is in flight is finished and recorded."""
        self._stopped_by = self._stopped_by or reason

    def run(self, show_progress=None):
        """Returns when all are done or not begun; signals are caught here, in the main thread, and call stop().

        The first one is tried alone: where the service keeps silent, the others do not wait for the same.
        """
        with ThreadPoolExecutor(max_workers=min(self._concurrency, len(self._all_wanted))) as pool:
            for some in (self._all_wanted[:1], self._all_wanted[1:]):
                pending = {pool.submit(self._one, wanted) for wanted in some}
                while pending:
                    pending = wait(pending, timeout=PROGRESS_SECONDS).not_done
                    if pending and show_progress:
                        show_progress(self.counts(), len(self._all_wanted))

    def _one(self, wanted):
        if self._stopped_by:
            return
        try:
            outcome = replacement.replace_one(self._client, self._record, wanted, self._is_check_mode)
        except RapidError as error:
            outcome = replacement.Outcome(replacement.FAILED, error.message, error.kind, anon_id=wanted.anon_id, http=error.details)
            if error.is_service_wide or (error.kind in SILENT_KINDS and wanted is self._all_wanted[0]):
                self.stop(error.message)
        except Exception as error:  # pylint: disable=broad-exception-caught  # one position's trouble must not hide the others
            reason = "it ended with an unexpected %s; run the same rotation again, which looks first, and report this" % type(error).__name__
            outcome = replacement.Outcome(replacement.FAILED, reason, "internal_error", anon_id=wanted.anon_id)
        with self._lock:
            self._outcomes[wanted.position] = outcome
            self._failures += outcome.status in FAILURES
            if outcome.kind == "ledger_unusable":
                self.stop(outcome.reason)
            if self._failures > self._max_failures:
                self.stop("%d failures, and max_failures is %d" % (self._failures, self._max_failures))

    def counts(self):
        with self._lock:
            return dict(collections.Counter(outcome.status for outcome in self._outcomes.values()))

    def result(self):
        """Returns the module's result; each position has its entry, also the ones that were not begun."""
        positions = {wanted.position: self._entry(wanted) for wanted in self._all_wanted}
        counts = collections.Counter(entry["outcome"] for entry in positions.values())
        return {
            "changed": any(entry["changed"] for entry in positions.values()),
            "positions": positions,
            "summary": dict(counts, total=len(positions)),
            "failed_positions": [name for name, entry in positions.items() if entry["outcome"] in FAILURES + (NOT_STARTED,)],
            "stopped_by": self._stopped_by,
        }

    def complaint(self):
        """Returns the sentence for a wave that is not whole: counts, why it stopped, and the first reasons."""
        failed = [(name, outcome) for name, outcome in self._outcomes.items() if outcome.status in FAILURES]
        parts = ["%d of %d positions are not replaced for sure" % (len(self._all_wanted) - self._successes(), len(self._all_wanted))]
        if self._stopped_by:
            parts.append("stopped: %s" % self._stopped_by)
        parts += ["%s: %s" % (name, outcome.reason) for name, outcome in failed[:5]]
        return "; ".join(parts)

    def _successes(self):
        return sum(outcome.status not in FAILURES for outcome in self._outcomes.values())

    def _entry(self, wanted):
        outcome = self._outcomes.get(wanted.position)
        if outcome is None:
            outcome = replacement.Outcome(NOT_STARTED, "the wave was stopped before: %s" % self._stopped_by, anon_id=wanted.anon_id)
        credential = outcome.credential
        return {
            "outcome": outcome.status,
            # A replacement that could not be recorded is unresolved, and is reported with its RequestId.
            "changed": outcome.status == replacement.REPLACED or (outcome.status == replacement.UNRESOLVED and credential is not None),
            "reason": outcome.reason,
            "error_kind": outcome.kind,
            "anon_id": outcome.anon_id,
            "old_anon_id": outcome.previous.anon_id if outcome.previous is not None else None,
            "request_id": credential.request_id if credential is not None else None,
            "previous_request_id": outcome.previous.request_id if outcome.previous is not None else None,
            "request_ids": list(outcome.request_ids),
            "status": credential.status if credential is not None else None,
        }


_CREDENTIAL = {
    "position": {"type": "str", "required": True},
    "request_id": {"type": "str", "required": True},
    "anon_id": {"type": "str"},
}
OPERATION = Operation(run=rotate, spec=dict(RAPIDAUTH_RULES, argument_spec=dict(
    rapidauth_options(),
    credentials={"type": "list", "elements": "dict", "required": True, "options": _CREDENTIAL},
    rotation_id={"type": "str", "required": True},
    anon_id_template={"type": "str", "default": "{position_id}-{rotation_id}"},
    replace_lapsed={"type": "bool", "default": False},
    resolutions={"type": "dict", "default": {}},
    concurrency={"type": "int", "default": 16},
    max_failures={"type": "int", "default": 0},
    **ledger_options(is_required=True),
)))
