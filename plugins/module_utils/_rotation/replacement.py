# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""One credential replaced exactly once: look it up, write the intent, post once, write the outcome.

The order is what makes it safe to be killed at any point. The record is asked first; then the service, for the
credential and for the new AnonId; only then is anything sent, and what is sent is on disk before.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, RapidError, Refusal, StartedTooLate
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.fence import SessionLost
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import DONE, OPEN, current_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, is_same_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.lookup import known, look_while_at_work
from ansible_collections.eccops.rapid.plugins.module_utils._rotation import decisions
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import (
    ADOPTED, ALREADY_REPLACED, FAILED, REFUSED, REPLACED, UNRESOLVED, Outcome, ReplacementRequest)


#: In how many sessions of a ledger on a server one replacement is tried, as long as nothing was sent.
MOST_SESSIONS = 5
#: How often an intent is written again whose POST could not begin in time.
MOST_INTENTS = 3


def replace_one(client: RapidAuthClient, record: NoRecord, wanted: ReplacementRequest, is_check_mode: bool = False) -> Outcome:
    """Returns the Outcome for one ReplacementRequest; raises RapidError where it could not even be looked up.

    ``record`` is a LedgerRecord or NoRecord. In check mode the status says what would come out, and nothing is sent or
    written.
    """
    chain = record.chain(wanted.request_id)
    original_request_id = chain[0]["original_request_id"] if chain else wanted.request_id
    for attempts_left in reversed(range(MOST_SESSIONS)):
        try:
            with record.held(original_request_id):
                outcome = _Attempt(client, record, wanted, is_check_mode, original_request_id).run()
                if outcome.kind != "replacement_expired" or wanted.further_anon_id is None:
                    return outcome
                further = wanted._replace(anon_id=wanted.further_anon_id, further_anon_id=None)
                return _Attempt(client, record, further, is_check_mode, original_request_id, lapsed_anon_id=wanted.anon_id).run()
        except SessionLost:  # before anything was sent: it begins again, with what others may have done meanwhile
            if not attempts_left:
                raise
    raise AssertionError("unreachable")


class _Attempt:
    """One AnonId's way through the steps; the credential is held by this process."""

    def __init__(
        self, client: RapidAuthClient, record: NoRecord, wanted: ReplacementRequest, is_check_mode: bool, original_request_id: str,
        lapsed_anon_id: str | None = None,
    ) -> None:
        self._client, self._record, self._wanted = client, record, wanted
        self._is_check_mode, self._original_request_id = is_check_mode, original_request_id
        # Read again, now that nobody else works on it.
        self._chain = record.chain(wanted.request_id)
        if is_check_mode:  # which does not write down what it finds to have lapsed
            self._chain = [dict(row, outcome="lapsed") if row["new_anon_id"] == lapsed_anon_id else row for row in self._chain]
        self._entry: typing.Any = record.entry(wanted.anon_id)  # a row or None
        self._current = current_request_id(self._chain, wanted.request_id)

    def run(self) -> Outcome:
        decision = decisions.plan_by_record(self._entry, self._chain, self._original_request_id, self._wanted.anon_id)
        if decision is not None:
            return self._known_by_record(decision)
        pause_seconds = 0.5
        while True:
            # Asked before the look: what cannot arrive any more when the look begins is in what it shows.
            seconds_in_flight = self._record.seconds_in_flight(self._wanted.anon_id) if self._is_open() else 0
            decision, original, found = self._look()
            if decision.action != "replace" or seconds_in_flight <= 0 or self._is_check_mode:
                return self._carry_out(decision, original, found)
            self._client.sleep(min(pause_seconds, seconds_in_flight))
            pause_seconds = min(4, 2 * pause_seconds)

    def _look(self) -> tuple[decisions.Decision, Credential | None, Credential | None]:
        """Returns (Decision, the credential, what carries the new AnonId) by what the service has."""
        original = known(self._client.get_request, self._current)
        found = None
        if original is None or original.anon_id != self._wanted.anon_id:
            found = self._found()
        if original is None and found is not None and found.request_id is not None and self._entry is not None:
            # Removed by its replacement: that the two belong together is known from the intent.
            decision = decisions.plan_adoption_by_intent(found, self._wanted.anon_id)
        else:
            decision = decisions.plan_replacement(original, found, self._wanted.anon_id, self._wanted.expect_anon_id)
        if decision.action == "replace" and self._is_open() and not self._wanted.anon_ids_are_unique:
            decision = decisions.Decision("unresolved", decisions.STILL_OPEN % self._wanted.anon_id, "unresolved")
        return decision, original, found

    def _known_by_record(self, decision: decisions.Decision) -> Outcome:
        if decision.action != "keep":
            return self._outcome(_choose_status(decision), decision)
        successor = known(self._client.get_request, self._entry["new_request_id"])
        if successor is None and self._wanted.anon_ids_are_unique:
            successor = self._found()
            if successor is not None and successor.request_id is not None and not decisions.is_lapsed(successor):
                # What answered the POST named another RequestId than the replacement's own.
                if not self._is_check_mode:
                    self._complete("adopted", successor.request_id, "the ledger had RequestId %s" % self._entry["new_request_id"])
                return self._outcome(ALREADY_REPLACED, decision, successor)
        if successor is None and known(self._client.get_request, self._entry["request_id"]) is None:
            # Not even what it replaced is known: it may be another company's SAC, which proves nothing about a lapse.
            reason = decisions.BOTH_UNKNOWN % (self._entry["new_request_id"], self._entry["request_id"])
            return self._outcome(REFUSED, decisions.Decision("refuse", reason, "unknown"))
        if decisions.is_lapsed(successor):
            if not self._is_check_mode:
                self._complete("lapsed", self._entry["new_request_id"])
            return self._outcome(REFUSED, decisions.expired_replacement(self._wanted.anon_id, self._entry["new_request_id"]))
        return self._outcome(ALREADY_REPLACED, decision, self._find_current(successor))

    def _found(self) -> Credential | None:
        """Returns the credential that carries the new AnonId, or None; the RequestId that it is said to have is tried."""
        found = known(self._client.get_credential, self._wanted.anon_id)
        if found is not None and found.request_id is not None:
            confirmed = known(self._client.get_request, found.request_id)
            if confirmed is None or confirmed.anon_id not in (None, self._wanted.anon_id):
                raise AnswerLost(decisions.NOT_CONFIRMED % (found.request_id, self._wanted.anon_id), kind="wrong_request_id")
        return found

    def _find_current(self, successor: Credential | None) -> Credential | None:
        """Returns the newest credential of the chain: a later rotation may have gone beyond this one's successor."""
        if successor is not None and is_same_request_id(successor.request_id, self._current):
            return successor
        return known(self._client.get_request, self._current) or successor

    def _carry_out(self, decision: decisions.Decision, original: typing.Any, found: typing.Any) -> Outcome:
        if decision.action == "replace":
            if self._is_check_mode:
                return self._outcome(REPLACED, decision, original, original)
            return self._replace(original)
        if decision.action == "adopt":
            if not self._is_check_mode:
                self._intend(original)
                self._complete("adopted", found.request_id)
            return self._outcome(ADOPTED, decision, found, original)
        if decision.action == "keep":
            if self._is_open() and not self._is_check_mode:
                self._complete("adopted", original.request_id or self._current)
            return self._outcome(ALREADY_REPLACED, decision, original)
        if decision.kind == "replacement_expired" and found is not None and decisions.is_lapsed(found) and not self._is_check_mode:
            if self._entry is None:
                self._intend(original)
            self._complete("lapsed", found.request_id)
        return self._outcome(_choose_status(decision), decision, previous=original)

    def _replace(self, original: Credential | None) -> Outcome:
        """Posts exactly once, and resolves a lost answer by looking as long as the service may be at work; never posts again."""
        try:
            successor = self._post(original)
        except LedgerError:
            raise  # without an intent nothing was sent
        except RapidError as error:
            # A refusal may be the answer to an earlier run's POST, whose answer was lost: then it is looked up too.
            if error.is_effect_unknown or self._is_open():
                return self._resolve(error, original)
            self._complete("not_replaced", error=error.message)
            if error.is_service_wide or not isinstance(error, Refusal):
                raise
            return self._failed(REFUSED, error.message, error.kind, original, error)
        return self._replaced(successor, original)

    def _post(self, original: Credential | None) -> Credential:
        """Sends the POST once, while its intent is fresh; an intent that came to nothing before it could be sent is written again."""
        for attempts_left in reversed(range(MOST_INTENTS)):
            must_start_by = self._intend(original)
            try:
                return self._client.replace(self._current, self._wanted.anon_id, must_start_by)
            except StartedTooLate:
                if not attempts_left:
                    raise
        raise AssertionError("unreachable")

    def _resolve(self, lost: RapidError, original: Credential | None) -> Outcome:
        if not self._wanted.anon_ids_are_unique:
            return self._leave_open(decisions.LOST_NOT_UNIQUE % (self._current, lost.message), original, lost)
        try:
            successor = look_while_at_work(self._client, self._found)
        except RapidError as error:
            return self._leave_open(decisions.LOST_AND_BLIND % (self._current, lost.message, self._wanted.anon_id, error.message), original, lost)
        if successor is None and decisions.may_be_at_work(lost):
            return self._leave_open(decisions.NOT_YET % (self._current, lost.message, self._wanted.anon_id), original, lost)
        if successor is None:
            self._complete("not_replaced", error=lost.message)
            return self._failed(FAILED, decisions.NOT_REPLACED % (self._current, lost.message, self._wanted.anon_id), "not_replaced", original, lost)
        if successor.request_id is None:
            return self._leave_open(decisions.SUCCESSOR_NAMELESS % (self._current, self._wanted.anon_id), original, lost, "request_id_unknown")
        return self._replaced(successor, original)

    def _leave_open(self, reason: str, original: Credential | None, lost: RapidError, kind: str = "unresolved") -> Outcome:
        self._complete("unresolved", error=reason)
        return self._failed(UNRESOLVED, reason, kind, original, lost)

    def _is_open(self) -> bool:
        return self._entry is not None and self._entry["outcome"] in OPEN

    def _intend(self, original: Credential | None) -> float | None:
        return self._record.intend(
            {
                "position": self._wanted.position,
                "rotation_id": self._wanted.rotation_id,
                "original_request_id": self._original_request_id,
                "request_id": self._current,
                "old_anon_id": original.anon_id if original is not None else None,
                "new_anon_id": self._wanted.anon_id,
            },
            self._client.call_seconds,
        )

    def _complete(self, outcome: str, new_request_id: str | None = None, error: str | None = None) -> None:
        self._record.complete(self._wanted.anon_id, outcome, new_request_id, error)

    def _replaced(self, successor: Credential, original: Credential | None) -> Outcome:
        decision = decisions.Decision("replace", "replaced under AnonId %s" % self._wanted.anon_id)
        outcome = self._outcome(REPLACED, decision, successor, original)
        try:
            self._complete("replaced", successor.request_id)
        except LedgerError as error:
            # The new RequestId must not be lost with the disk: it is returned, and the next run finds it by its AnonId.
            reason = "it was replaced, its RequestId is %s, but that could not be recorded: %s" % (successor.request_id, error.message)
            return outcome._replace(status=UNRESOLVED, reason=reason, kind=error.kind)
        return outcome

    def _failed(self, status: str, reason: str, kind: str, original: Credential | None, error: RapidError) -> Outcome:
        return self._outcome(status, decisions.Decision("refuse", reason, kind), previous=original)._replace(http=error.details)

    def _outcome(
        self, status: str, decision: decisions.Decision, credential: Credential | None = None, previous: Credential | None = None
    ) -> Outcome:
        request_ids = [self._original_request_id]
        for row in self._chain:
            if row["outcome"] in DONE:
                request_ids.append(row["new_request_id"])
        for each in (self._wanted.request_id, credential.request_id if credential is not None else None):
            if each and not any(is_same_request_id(each, other) for other in request_ids):
                request_ids.append(each)
        return Outcome(status, decision.reason, decision.kind, credential, tuple(request_ids), self._wanted.anon_id, previous)


def _choose_status(decision: decisions.Decision) -> str:
    return UNRESOLVED if decision.action == "unresolved" else REFUSED
