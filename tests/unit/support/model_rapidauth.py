# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A model of the service that forgets nothing, and crashes at any call: for finding orders of events that no server can be made to show."""

from __future__ import annotations

import itertools
import uuid

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, NotSent, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential

#: What may become of a POST. ``late`` has its effect when ``land`` is called, long after the answer was given up;
#: ``cut_at_work`` in the last second of the time that a call may take.
POST_FATES = (
    "answered", "lost_before", "cut_at_work", "lost_after", "late", "timed_out_late", "empty_500_after", "html_503", "throttled", "maintenance",
    "refused", "not_sent")
#: What may become of a look-up.
LOOK_FATES = ("answered", "answered", "answered", "lost", "html_503", "throttled")


#: How long the service may be at work on a call.
CALL_SECONDS = 30


class Crash(BaseException):
    """The process dies here: nothing that catches errors may catch it."""


class ModelRapidAuth:
    """The service in memory, with RapidAuthClient's methods.

    ``sent`` lists every POST as (RequestId, AnonId); ``effects`` every replacement as (RequestId, AnonId, new RequestId);
    ``cleaned_up`` the AnonIds whose replacement lapsed and was deleted.
    """

    api_url = "https://service.example/rapid"
    clock_skew_seconds = 0

    def __init__(self, are_anon_ids_unique, old_after_replace="unchanged"):
        self.are_anon_ids_unique, self._old_after_replace = are_anon_ids_unique, old_after_replace
        self._ticks = itertools.count(1)
        self.sent, self.effects, self.cleaned_up, self.pending = [], [], [], []
        self.looked_up = set()  # what this run was told not to exist
        self.post_fates, self.look_fates = [], []
        self.landed_late = set()  # the RequestIds of replacements that came long after their POST
        self._now = self._work_ends_at = 0  # seconds, of a clock that sleep() moves
        self._at_work_on = None
        self.before_post = lambda request_id, anon_id: None
        self.rows = []
        self.first_id = self.add("old", "Collected")

    def add(self, anon_id, status):
        tick = next(self._ticks)
        request_id = str(uuid.UUID(int=tick))
        self.rows.append({
            "AnonId": anon_id, "RequestId": request_id, "PreventCollection": False, "Status": status,
            "RequestedDate": "2026-01-01T00:%02d:%02dZ" % divmod(tick, 60), "CollectedDate": "2026-01-01T01:00:00Z" if status == "Collected" else None,
        })
        return request_id

    # What the client may do

    def get_request(self, request_id):
        return self._look("RequestId", request_id)

    def get_credential(self, anon_id):
        try:
            return self._look("AnonId", anon_id)
        except Refusal as error:
            if error.kind == "unknown":
                self.looked_up.add(anon_id)
            raise

    def replace(self, request_id, anon_id):
        self.before_post(request_id, anon_id)
        self.sent.append((request_id, anon_id))
        fate = self.post_fates.pop(0) if self.post_fates else "answered"
        self._work_ends_at = self._now + (0 if fate == "not_sent" else CALL_SECONDS)
        if fate == "cut_at_work":
            self._at_work_on = (request_id, anon_id)
            raise AnswerLost("the connection was cut", kind="connection_cut")
        if fate == "not_sent":
            raise NotSent("the connection was refused")
        if fate in ("late", "timed_out_late"):
            self.pending.append((request_id, anon_id))
        if fate == "timed_out_late":
            self._now = self._work_ends_at
            raise AnswerLost("no answer within 30 s", kind="answer_timed_out")
        if fate in ("lost_before", "late"):
            raise AnswerLost("the connection was cut")
        if fate in ("html_503", "throttled", "maintenance", "refused"):
            raise _refusal(fate)
        new_id = self._replaced(request_id, anon_id)
        if fate == "lost_after":
            raise AnswerLost("the connection was cut")
        if fate == "empty_500_after":
            raise Refusal("HTTP 500", http_status=500)
        return Credential(dict(self._row("RequestId", new_id)))

    def seconds_at_work(self):
        return self._work_ends_at - self._now

    def sleep(self, seconds):
        assert 0 < seconds <= self.seconds_at_work(), "slept for nothing"
        self._now += seconds
        if self._at_work_on is not None and self.seconds_at_work() < 1:
            self._end_work()

    def _end_work(self):
        work, self._at_work_on = self._at_work_on, None
        try:
            self._replaced(*work)
        except Refusal:
            pass

    def _look(self, field, value):
        fate = self.look_fates.pop(0) if self.look_fates else "answered"
        if fate == "lost":
            raise AnswerLost("the connection was cut")
        if fate != "answered":
            raise _refusal(fate)
        row = self._row(field, value)
        if row is None:
            raise Refusal("unknown", kind="unknown", http_status=404, number=1109)
        return Credential(dict(row))

    def _row(self, field, value):
        return next((row for row in reversed(self.rows) if row[field] == value), None)

    def _replaced(self, request_id, anon_id):
        old = self._row("RequestId", request_id)
        if old is None:
            raise Refusal("unknown", kind="unknown", http_status=404, number=1109)
        if old["Status"] == "Expired" or (self.are_anon_ids_unique and self._row("AnonId", anon_id)):
            raise Refusal("taken or expired", http_status=409, number=7703)
        new_id = self.add(anon_id, "Requested")
        self.effects.append((request_id, anon_id, new_id))
        if self._old_after_replace == "removed":
            self.rows.remove(old)
        elif self._old_after_replace == "expired":
            old["Status"] = "Expired"
        return new_id

    # What happens without the client

    def land(self):
        """The oldest late request has its effect, or is refused."""
        try:
            self.landed_late.add(self._replaced(*self.pending.pop(0)))
        except Refusal:
            pass

    def newest_waiting(self):
        return next((row for row in reversed(self.rows) if row["Status"] == "Requested"), None)

    def clean_up(self):
        for row in [row for row in self.rows if row["Status"] == "Expired" and row["CollectedDate"] is None]:
            self.rows.remove(row)
            self.cleaned_up.append(row["AnonId"])

    def is_alive(self, request_id):
        row = self._row("RequestId", request_id)
        return row is not None and row["Status"] != "Expired"

    def truth(self, anon_id):
        """What a person finds in the dashboard: the RequestId under an AnonId, or None."""
        row = self._row("AnonId", anon_id)
        return row["RequestId"] if row else None


def _refusal(fate):
    if fate == "html_503":
        return Refusal("HTTP 503", http_status=503)
    if fate == "throttled":
        return Refusal("HTTP 429", kind="throttled", http_status=429)
    if fate == "maintenance":
        return Refusal("HTTP 503, error 13", kind="maintenance", http_status=503, number=13)
    return Refusal("HTTP 409", http_status=409, number=7000)


class Crashing:
    """Counts the calls to what it stands before, and raises Crash before or after the chosen one."""

    def __init__(self, target, countdown):
        self._target, self._countdown = target, countdown

    def __getattr__(self, name):
        value = getattr(self._target, name)
        if not callable(value):
            return value

        def call(*arguments, **named):
            self._countdown.tick()
            result = value(*arguments, **named)
            self._countdown.tick()
            return result

        return call


class Countdown:
    """Raises Crash at tick C(left); never where that is None."""

    def __init__(self, left):
        self.left = left

    def tick(self):
        if self.left is None:
            return
        if self.left == 0:
            raise Crash()
        self.left -= 1
