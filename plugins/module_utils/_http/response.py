# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a service answers: read with tolerance of its form, never trusted blindly. Python 3.8 and its standard library only."""

from __future__ import annotations

import json
import re
import time
import typing
from email.utils import parsedate_to_datetime

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost
from ansible_collections.eccops.rapid.plugins.module_utils._text import printable_tree
from ansible_collections.eccops.rapid.plugins.module_utils._version import COLLECTION_VERSION

#: Sent with every request: who asks, and that the answer should be plain JSON.
REQUEST_HEADERS = {
    "User-Agent": "eccops.rapid/%s" % COLLECTION_VERSION,
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
#: No documented answer of either service comes near this.
LONGEST_ANSWER_BYTES = 1024 * 1024
#: Statuses a GET is repeated on; anything else is an answer.
TEMPORARY_STATUSES = (429, 502, 503, 504)

# The Requests API page shows an object with a comma before its closing brace. Strings are matched to be kept,
# one without an end too: looking for the end again from every quote inside it would take hours.
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])')


class ServiceResponse:
    """What came back: ``status``, ``headers`` (case-insensitive) and ``body`` (bytes)."""

    def __init__(self, status: int, headers: typing.Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


def retry_after_seconds(answer: ServiceResponse | None) -> int | None:
    """Returns the seconds that the Retry-After header of a ServiceResponse (or None) asks for, as a number or as a date, or None."""
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    instant = epoch_seconds(text)
    return None if instant is None else max(0, round(instant - time.time()))


def epoch_seconds(date: str) -> float | None:
    """Returns the epoch seconds of an HTTP date, or None."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def json_object(body: bytes) -> dict | None:
    """Returns the JSON object in ``body`` (bytes), or None when it is none; a trailing comma and a BOM are forgiven."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    value = _loaded(text)
    if value is None:
        value = _loaded(_STRING_OR_TRAILING_COMMA.sub(lambda match: match.group(1) or "", text))
    return value if isinstance(value, dict) else None


def printable_object(body: bytes) -> dict | None:
    """Returns json_object(body) fit to be shown: every text in it is one line, with control characters written out."""
    try:
        return printable_tree(json_object(body), None)
    except RecursionError:
        return None


def _loaded(text: str) -> typing.Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def has_content_encoding(answer: ServiceResponse) -> bool:
    """Says whether the body of a ServiceResponse is encoded: none was asked for, and a few kilobytes could unfold to gigabytes."""
    return any(each.strip().lower() not in ("", "identity") for each in answer.headers.get("Content-Encoding", "").split(","))


def unusable(base_url: str, what: str, answer: ServiceResponse) -> AnswerLost:
    """Returns the AnswerLost for an answer that is not what was asked for; says of what kind it was, never its text."""
    error = AnswerLost(
        "%s answered %s with HTTP %d and %s; check that the URL is the service's and no proxy or portal stands between"
        % (base_url, what, answer.status, _kind_of_body(answer)),
        kind="unusable_answer",
        http_status=answer.status,
    )
    error.is_temporary = answer.status in TEMPORARY_STATUSES
    return error


def _kind_of_body(answer: ServiceResponse) -> str:
    body = answer.body.lstrip()
    if has_content_encoding(answer):
        return "a content encoding that it was not asked for"
    if not body:
        return "an empty body"
    if body[:1] == b"<":
        return "HTML"
    if body[:1] == b"{":
        return "JSON that is cut off or malformed" if json_object(body) is None else "a JSON object without the expected fields"
    return "something that is not JSON"
