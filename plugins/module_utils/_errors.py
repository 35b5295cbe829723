# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The one family of expected errors; front ends turn them into ``fail_json``."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._text import printable, printable_tree


class RapidError(Exception):
    """An expected failure: one sentence with what, where and what to do.

    ``kind`` is a stable word a playbook can branch on. ``details`` are returned beside the
    message (HTTP status, the service's Number and Message, ...) and never hold a secret.
    Whatever the text quotes of others, it is one printable line.
    """

    kind = "error"
    #: True when the call may have had its effect at the service although it failed here.
    is_effect_unknown = False
    #: True when every further call of this run would fail for the same reason.
    is_service_wide = False
    #: True when the same call may go through a moment later.
    is_temporary = False

    def __init__(self, message, kind=None, **details):
        self.message = printable(message, None)
        super().__init__(self.message)
        self.kind = kind or self.kind
        self.details = {name: printable_tree(value, None) for name, value in details.items() if value is not None}

    def as_result(self):
        """Returns the keys a failed task shows: ``msg``, ``error_kind`` and the details."""
        result = dict(self.details)
        result.update(msg=self.message, error_kind=self.kind)
        return result


#: Kinds of failures where nothing came back: the next call would most likely wait as long for nothing.
SILENT_KINDS = ("answer_timed_out", "connect_timed_out", "connection_cut")


class InvalidInput(RapidError):
    """What the user gave cannot be right; nothing was contacted."""

    kind = "invalid_input"
    is_service_wide = True


class MissingLibrary(RapidError):
    """A Python library this code needs is not installed where it runs."""

    kind = "missing_library"
    is_service_wide = True


class SacUnusable(RapidError):
    """The Service Authentication Certificate cannot be used; nothing was contacted."""

    kind = "sac_unusable"
    is_service_wide = True


class NotSent(RapidError):
    """The request certainly did not reach the service's application."""

    kind = "not_sent"
    is_service_wide = True
    is_temporary = True


class ProxyFailed(NotSent):
    """The proxy that the environment names cannot be used; nothing reached the service."""

    kind = "proxy_failed"

    def __init__(self, message, is_temporary=False, **details):
        super().__init__(message, **details)
        self.is_temporary = is_temporary


class ServerNotTrusted(NotSent):
    """The server could not prove who it is; nothing was sent to it."""

    kind = "server_not_trusted"
    is_temporary = False


class SacRefused(NotSent):
    """The service refused the client certificate, by a TLS alert or by an HTTP status (which is not documented)."""

    kind = "sac_refused"
    is_temporary = False


class AnswerLost(RapidError):
    """The request was sent, and no usable answer came back."""

    kind = "answer_lost"
    is_effect_unknown = True
    is_temporary = True


#: What HTTP defines as not acted upon. Not among them: 408 and 499, which an intermediary gives while the service works,
#: and 409, which may be about what this very call has just done.
_STATUSES_WITHOUT_EFFECT = (400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431)


class Refusal(RapidError):
    """The service answered with an error.

    ``http_status`` is the status; ``number`` and ``service_message`` come from RapidAuth's body
    ``{"Number": int, "Message": str}``. An answer without a number leaves the effect unknown, unless its status says
    that nothing was done: a sibling service was seen to store data and answer 500 with an empty body.
    """

    kind = "refused"

    def __init__(self, message, kind=None, http_status=None, number=None, **details):
        super().__init__(message, kind=kind, http_status=http_status, number=number, **details)
        self.http_status = http_status
        self.number = number

    @property
    def is_effect_unknown(self):  # type: ignore[override]
        return self.http_status is not None and self.http_status not in _STATUSES_WITHOUT_EFFECT and self.number is None

    @property
    def is_service_wide(self):  # type: ignore[override]
        return self.kind in ("throttled", "maintenance")
