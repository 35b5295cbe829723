# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""HTTP calls to one service: kept-alive connections over our own SSLContext, time limits, retries of what may be repeated."""

from __future__ import annotations

import json as json_format
import random
import ssl
import threading
import time
import typing
from urllib.parse import urlencode, urlsplit

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, NotSent, Refusal, StartedTooLate
from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import deadline
from ansible_collections.eccops.rapid.plugins.module_utils._http.proxies import find_proxy
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import (
    REQUEST_HEADERS, TEMPORARY_STATUSES, ServiceResponse, epoch_seconds, has_content_encoding, retry_after_seconds, unusable)
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import ClientCertificate

MOST_ATTEMPTS = 5


class Pacer:
    """One gate for all threads: after a 429 nobody asks again before its time."""

    def __init__(self, sleep: typing.Callable[[float], object] = time.sleep, clock: typing.Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._not_before = 0.0

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def wait(self) -> None:
        remaining = self._not_before - self._clock()
        if remaining > 0:
            self._sleep(remaining)


class Transport:
    """Calls below ``base_url``; safe to use from several threads (one connection each). Python 3.8 and its standard library only.

    ``sender`` is the class of its connections: RequestsConnection on the machine that talks to the services, Connection on a
    position. ``total_seconds`` is for all attempts of a GET together, pauses too; None leaves it to the limits of each.
    Raises what ``sender`` raises for a URL or a machine that it cannot work with, and ProxyFailed where the environment names
    a proxy that cannot be used.
    """

    def __init__(
        self,
        sender: type[Connection],
        base_url: str,
        context: ssl.SSLContext,
        timeout_seconds: float = 30,
        retry_budget_seconds: float = 60,
        sac: ClientCertificate | None = None,
        sleep: typing.Callable[[float], object] = time.sleep,
        total_seconds: float | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._sender, self._context, self._sac = sender, context, sac
        self._timeout_seconds, self._retry_budget_seconds, self._total_seconds = timeout_seconds, retry_budget_seconds, total_seconds
        self._pacer, self.sleep = Pacer(sleep), sleep
        self._threads = threading.local()
        parts = urlsplit(self.base_url)
        self._proxy = find_proxy(parts.hostname or "", parts.port or 443)
        #: By how many seconds the service's clock is ahead of ours, by its first Date header; None before that.
        self.clock_skew_seconds: int | None = None
        self._connection()  # what cannot be used is known before anything is begun

    def get(self, path: str) -> ServiceResponse:
        """Returns the ServiceResponse of a GET; repeats it on connection trouble, 429, 502, 503 and 504 within the budget."""
        waited_seconds, began_at = 0.0, time.monotonic()
        give_up_at = None if self._total_seconds is None else time.monotonic() + self._total_seconds
        for attempt in range(1, MOST_ATTEMPTS + 1):
            self._pacer.wait()
            failure: typing.Any = None
            answer: ServiceResponse | None = None
            try:
                answer = self._call("GET", path, seconds=_least_seconds(self._timeout_seconds, give_up_at))
                if answer.status not in TEMPORARY_STATUSES:
                    return answer
            except (NotSent, AnswerLost) as error:
                if not error.is_temporary:
                    raise
                failure = error
            pause_seconds = _pause_seconds(answer, attempt)
            waited_seconds += pause_seconds
            # A service that accepts and keeps silent uses the budget up too.
            spent_seconds = max(waited_seconds, time.monotonic() - began_at + pause_seconds)
            if attempt == MOST_ATTEMPTS or spent_seconds > self._retry_budget_seconds:
                break
            if give_up_at is not None and time.monotonic() + pause_seconds >= give_up_at:
                break
            if retry_after_seconds(answer) is not None or (answer is not None and answer.status == 429):
                self._pacer.hold(pause_seconds)
            else:
                self.sleep(pause_seconds)  # one cut connection is no reason for the other threads to wait
        if answer is None:
            raise failure
        if answer.status == 429:
            raise throttled(self.base_url, answer, "after %d attempts and a budget of %s s" % (attempt, self._retry_budget_seconds))
        return answer

    @property
    def most_seconds_of_call(self) -> float:
        """For how long a call may have its effect after it began: while it is sent, and while the service is at work on it."""
        return 2 * self._timeout_seconds

    def send_once(
        self, method: str, path: str, json: object = None, data: dict[str, str] | None = None, must_start_by: float | None = None
    ) -> ServiceResponse:
        """Returns the ServiceResponse of a call that changes something; it is never repeated. ``json`` or ``data``, a form, is sent.

        Raises StartedTooLate where it cannot begin by ``must_start_by``, a time.monotonic() value.
        """
        self._pacer.wait()
        self._threads.work_ends_at = None
        if must_start_by is not None and time.monotonic() > must_start_by:
            raise StartedTooLate("the call could not begin in time; run again later, with less concurrency")
        arrived_at = None
        try:
            answer = self._call(method, path, json=json, data=data)
        except AnswerLost as error:
            if error.kind != "answer_timed_out":
                arrived_at = time.monotonic()  # the network may have kept it until just before the connection was cut
            raise
        finally:
            if deadline.sent_at is not None:
                self._threads.work_ends_at = (arrived_at or deadline.sent_at) + self._timeout_seconds
        if answer.status == 429:
            self._pacer.hold(min(_pause_seconds(answer, 1), self._retry_budget_seconds))
            raise throttled(self.base_url, answer, "and calls that change something are not repeated")
        return answer

    def seconds_at_work(self) -> float:
        """Returns for how many seconds the service may still be at work on this thread's last call that changes something."""
        ends_at = getattr(self._threads, "work_ends_at", None)
        return 0 if ends_at is None else max(0, ends_at - time.monotonic())

    def _call(self, method: str, path: str, json: object = None, data: dict[str, str] | None = None, seconds: float | None = None) -> ServiceResponse:
        headers, body = dict(REQUEST_HEADERS), None
        if json is not None:
            headers["Content-Type"], body = "application/json", json_format.dumps(json).encode("utf-8")
        elif data is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(data).encode("ascii")
        answer = self._connection().call(method, path, headers, body, seconds)
        self._note_clock(answer.headers.get("Date"))
        if has_content_encoding(answer):
            raise unusable(self.base_url, "%s %s" % (method, path), answer)
        return answer

    def _note_clock(self, date: str | None) -> None:
        """Compares clocks once: the first answer is as good as any."""
        instant = epoch_seconds(date) if self.clock_skew_seconds is None and date else None
        if instant is not None:
            self.clock_skew_seconds = round(instant - time.time())

    def _connection(self) -> Connection:
        """Returns this thread's own."""
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = self._sender(
                self.base_url, self._context, self._timeout_seconds, self._proxy, self._sac)
        return connection


def _least_seconds(timeout_seconds: float, give_up_at: float | None) -> float:
    return timeout_seconds if give_up_at is None else min(timeout_seconds, max(0.1, give_up_at - time.monotonic()))


def _pause_seconds(answer: ServiceResponse | None, attempt: int) -> float:
    asked_for = retry_after_seconds(answer)
    if asked_for is not None:
        return asked_for
    return min(8.0, 0.25 * 2**attempt) * random.uniform(0.5, 1.0)


def throttled(base_url: str, answer: ServiceResponse, circumstance: str) -> Refusal:
    """Returns the Refusal for a 429."""
    seconds = retry_after_seconds(answer)
    return Refusal(
        "%s asks to slow down (HTTP 429%s) %s; run again later, with less concurrency"
        % (base_url, ", Retry-After %d s" % seconds if seconds is not None else "", circumstance),
        kind="throttled",
        http_status=429,
        retry_after_seconds=seconds,
    )
