# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A model of the service that forgets nothing, and crashes at any call: for finding orders of events that no server can be made to show."""

from __future__ import annotations

import contextlib
import copy
import itertools
import uuid

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, NotSent, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential

LOST = AnswerLost("the connection was cut")
THROTTLED = Refusal("HTTP 429", kind="throttled", http_status=429)
PAGE_OF_503 = Refusal("HTTP 503", http_status=503)
#: What may become of a POST or PATCH: when it has its effect, and the error. ``late`` is when ``land`` is called, long after the
#: answer was given up; ``at_work`` is in the last second of the time that a call may take. Tests may give such a pair instead of a name.
WRITE_FATES = {
    "answered": ("now", None),
    "lost_before": (None, LOST),
    "cut_at_work": ("at_work", AnswerLost("the connection was cut", kind="connection_cut")),
    "lost_after": ("now", LOST),
    "late": ("late", LOST),
    "timed_out_late": ("late", AnswerLost("no answer within 30 s", kind="answer_timed_out")),
    "empty_500_after": ("now", Refusal("HTTP 500", http_status=500)),
    "html_503": (None, PAGE_OF_503),
    "throttled": (None, THROTTLED),
    "maintenance": (None, Refusal("HTTP 503, error 13", kind="maintenance", http_status=503, number=13)),
    "refused": (None, Refusal("HTTP 409", http_status=409, number=7000)),
    "not_sent": (None, NotSent("the connection was refused")),
}
#: What may become of a look-up. Tests may give an error instead of a name.
LOOK_FATES = {"answered": None, "lost": LOST, "html_503": PAGE_OF_503, "throttled": THROTTLED}

#: How long the service may be at work on a call.
CALL_SECONDS = 30

#: The RequestIds of the first two credentials.
ID, NEW_ID = (str(uuid.UUID(int=number)) for number in (1, 2))


class Crash(BaseException):
    """The process dies here: nothing that catches errors may catch it."""


class ModelRapidAuth:
    """The service in memory, with RapidAuthClient's methods.

    ``writes`` lists every POST and PATCH as (method, RequestId, AnonId or PreventCollection), ``sent`` every POST as (RequestId, AnonId);
    ``effects`` every replacement as (RequestId, AnonId, new RequestId); ``cleaned_up`` the AnonIds whose replacement lapsed and was deleted.
    """

    api_url = "https://service.example/rapid"
    clock_skew_seconds = 0
    call_seconds = CALL_SECONDS

    def __init__(self, are_anon_ids_unique=True, old_after_replace="unchanged"):
        self.are_anon_ids_unique, self._old_after_replace = are_anon_ids_unique, old_after_replace
        self._ticks = itertools.count(1)
        self.writes, self.effects, self.cleaned_up, self.pending = [], [], [], []
        self.looked_up = set()  # what this run was reported not to exist
        self.write_fates, self.look_fates = [], []
        self.landed_late = set()  # the RequestIds of replacements that came long after their POST
        self._now = self._work_ends_at = 0  # seconds, of a clock that sleep() moves
        self._work = None  # what has its effect at the end of it
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

    @property
    def sent(self):
        return [write[1:] for write in self.writes if write[0] == "POST"]

    # What the client may do

    def audited(self, unused_audit_log):
        return self

    def get_request(self, request_id):
        return self._look("RequestId", request_id)

    def get_credential(self, anon_id):
        try:
            return self._look("AnonId", anon_id)
        except Refusal as error:
            if error.kind == "unknown":
                self.looked_up.add(anon_id)
            raise

    def replace(self, request_id, anon_id, unused_must_start_by=None):
        self.before_post(request_id, anon_id)
        self._write("POST", request_id, anon_id)
        return Credential(dict(self._row("AnonId", anon_id)))

    def set_prevent_collection(self, request_id, is_prevented):
        self._write("PATCH", request_id, is_prevented)

    def seconds_at_work(self):
        return self._work_ends_at - self._now

    def sleep(self, seconds):
        assert 0 < seconds <= self.seconds_at_work(), "slept for nothing"
        self._now += seconds
        if self._work and self.seconds_at_work() < 1:
            work, self._work = self._work, None
            with contextlib.suppress(Refusal):
                self._take_effect(*work)

    def _write(self, *write):
        self.writes.append(write)
        fate = self.write_fates.pop(0) if self.write_fates else "answered"
        effect, error = WRITE_FATES.get(fate, fate)
        self._work_ends_at = self._now + (0 if isinstance(error, NotSent) else CALL_SECONDS)
        if effect == "now":
            self._take_effect(*write)
        elif effect == "at_work":
            self._work = write
        elif effect == "late":
            self.pending.append(write[1:])
        if error:
            self._now += self.seconds_at_work() if error.kind == "answer_timed_out" else 0
            raise copy.copy(error)

    def _look(self, field, value):
        fate = self.look_fates.pop(0) if self.look_fates else "answered"
        error = LOOK_FATES.get(fate, fate)
        if error:
            raise copy.copy(error)
        row = self._row(field, value)
        if row is None:
            raise Refusal("unknown", kind="unknown", http_status=404, number=1109)
        return Credential(dict(row))

    def _take_effect(self, method, request_id, value):
        if method == "POST":
            return self._replaced(request_id, value)
        self._row("RequestId", request_id)["PreventCollection"] = value
        return None

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
        with contextlib.suppress(Refusal):
            self.landed_late.add(self._replaced(*self.pending.pop(0)))

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
