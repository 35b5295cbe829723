# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""HTTP calls to one service: kept-alive connections over our own SSLContext, time limits, retries of what may be repeated."""

from __future__ import annotations

import random
import threading
import time

from ansible_collections.eccops.rapid.plugins.module_utils import connection_failures
from ansible_collections.eccops.rapid.plugins.module_utils.answers import REQUEST_HEADERS, TEMPORARY_STATUSES, Answer, epoch_seconds, retry_after_seconds
from ansible_collections.eccops.rapid.plugins.module_utils.errors import AnswerLost, MissingLibrary, NotSent, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils.tls import deadline

try:
    import requests
    from requests.adapters import HTTPAdapter

    REQUESTS_ERROR = None
except ImportError as error:
    requests, HTTPAdapter, REQUESTS_ERROR = None, object, str(error)  # type: ignore[assignment,misc]

MOST_ATTEMPTS = 5
#: No documented answer of either service comes near this.
LONGEST_ANSWER_BYTES = 1024 * 1024


class _ContextAdapter(HTTPAdapter):
    """Mounts one SSLContext for direct and proxied connections, and adds no CA to it."""

    def __init__(self, context):
        self._context = context
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy, **kwargs):
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, request, verify, cert=None):
        host, unused_pool = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def cert_verify(self, conn, url, verify, cert):
        """Leaves verification to the context, which always verifies."""


class Pacer:
    """One gate for all threads: after a 429 nobody asks again before its time."""

    def __init__(self, sleep=time.sleep, clock=time.monotonic):
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._not_before = 0.0

    def hold(self, seconds):
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def wait(self):
        remaining = self._not_before - self._clock()
        if remaining > 0:
            self._sleep(remaining)


class Transport:
    """Calls below C(base_url); safe to use from several threads (one connection each)."""

    def __init__(self, base_url, context, timeout_seconds=30, retry_budget_seconds=60, sac=None, sleep=time.sleep):
        if requests is None:
            raise MissingLibrary("the Python library 'requests' is needed to talk to a service: %s" % REQUESTS_ERROR)
        self.base_url = base_url.rstrip("/")
        self._context, self._sac = context, sac
        self._timeout_seconds, self._retry_budget_seconds = timeout_seconds, retry_budget_seconds
        self._pacer, self._sleep = Pacer(sleep), sleep
        self._threads = threading.local()
        self._proxies = requests.utils.get_environ_proxies(self.base_url)
        #: By how many seconds the service's clock is ahead of ours, by its first Date header; None before that.
        self.clock_skew_seconds = None

    def get(self, path):
        """Returns the Answer of a GET; repeats it on connection trouble, 429, 502, 503 and 504 within the budget."""
        waited_seconds = 0.0
        for attempt in range(1, MOST_ATTEMPTS + 1):
            self._pacer.wait()
            failure, answer = None, None
            try:
                answer = self._call("GET", path)
                if answer.status not in TEMPORARY_STATUSES:
                    return answer
            except (NotSent, AnswerLost) as error:
                if not error.is_temporary:
                    raise
                failure = error
            pause_seconds = _pause_seconds(answer, attempt)
            waited_seconds += pause_seconds
            if attempt == MOST_ATTEMPTS or waited_seconds > self._retry_budget_seconds:
                break
            if retry_after_seconds(answer) is not None or (answer is not None and answer.status == 429):
                self._pacer.hold(pause_seconds)
            else:
                self._sleep(pause_seconds)  # one cut connection is no reason for the other threads to wait
        if failure:
            raise failure
        if answer is not None and answer.status == 429:
            raise throttled(self.base_url, answer, "after %d attempts and a budget of %s s" % (attempt, self._retry_budget_seconds))
        return answer

    def send_once(self, method, path, **content):
        """Returns the Answer of a call that changes something; it is never repeated. C(content) is json= or data=."""
        self._pacer.wait()
        answer = self._call(method, path, **content)
        if answer.status == 429:
            self._pacer.hold(min(_pause_seconds(answer, 1), self._retry_budget_seconds))
            raise throttled(self.base_url, answer, "and calls that change something are not repeated")
        return answer

    def _call(self, method, path, **content):
        url = self.base_url + path
        deadline.at, deadline.is_sent = time.monotonic() + self._timeout_seconds, False
        try:
            request = requests.Request(method, url, headers=REQUEST_HEADERS, **content).prepare()
            response = self._adapter().send(request, stream=True, timeout=self._timeout_seconds, proxies=self._proxies)
            self._note_clock(response.headers.get("Date"))
            return Answer(response.status_code, response.headers, _body(response, url))
        except requests.exceptions.RequestException as error:
            # The connection may hold half an answer: the next call starts on a new one.
            self._threads.adapter = None
            raise connection_failures.explain(error, self.base_url, self._timeout_seconds, self._sac, deadline.is_sent) from None
        finally:
            deadline.at = None

    def _note_clock(self, date):
        """Compares clocks once: the first answer is as good as any."""
        instant = epoch_seconds(date) if self.clock_skew_seconds is None and date else None
        if instant is not None:
            self.clock_skew_seconds = round(instant - time.time())

    def _adapter(self):
        """Returns this thread's own. A requests.Session around it would add redirects, cookies and .netrc, which are not wanted."""
        adapter = getattr(self._threads, "adapter", None)
        if adapter is None:
            adapter = self._threads.adapter = _ContextAdapter(self._context)
        return adapter


def _body(response, url):
    chunks, length = [], 0
    for chunk in response.iter_content(65536):
        chunks.append(chunk)
        length += len(chunk)
        if length > LONGEST_ANSWER_BYTES:
            response.close()
            too_long = AnswerLost("%s answered with more than %d bytes; this is not the service" % (url, LONGEST_ANSWER_BYTES), kind="unusable_answer")
            too_long.is_temporary = False
            raise too_long
    return b"".join(chunks)


def _pause_seconds(answer, attempt):
    asked_for = retry_after_seconds(answer)
    if asked_for is not None:
        return asked_for
    return min(8.0, 0.25 * 2**attempt) * random.uniform(0.5, 1.0)


def throttled(base_url, answer, circumstance):
    """Returns the Refusal for a 429."""
    seconds = retry_after_seconds(answer)
    return Refusal(
        "%s asks to slow down (HTTP 429%s) %s; run again later, with less concurrency"
        % (base_url, ", Retry-After %d s" % seconds if seconds is not None else "", circumstance),
        kind="throttled",
        http_status=429,
        retry_after_seconds=seconds,
    )
