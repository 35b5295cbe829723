# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reading what a service answered: tolerant of form, never trusting it blindly."""

from __future__ import annotations

import json
import re

from ansible_collections.eccops.rapid.plugins.module_utils.errors import AnswerLost

# The Requests API page shows an object with a comma before its closing brace. Strings are matched to be kept,
# one without an end too: looking for the end again from every quote inside it would take hours.
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])')


def json_object(body):
    """Returns the JSON object in C(body) (bytes), or None when it is none; a trailing comma and a BOM are forgiven."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    value = _loaded(text)
    if value is None:
        value = _loaded(_STRING_OR_TRAILING_COMMA.sub(lambda match: match.group(1) or "", text))
    return value if isinstance(value, dict) else None


def _loaded(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def unusable(base_url, what, answer):
    """Returns the AnswerLost for an answer that is not what was asked for; says of what kind it was, never its text."""
    body = answer.body.lstrip()
    if not body:
        kind_of_body = "an empty body"
    elif body[:1] == b"<":
        kind_of_body = "HTML"
    elif body[:1] == b"{":
        kind_of_body = "JSON that is cut off or malformed" if json_object(body) is None else "a JSON object without the expected fields"
    else:
        kind_of_body = "something that is not JSON"
    return AnswerLost(
        "%s answered %s with HTTP %d and %s; check that the URL is the service's and no proxy or portal stands between"
        % (base_url, what, answer.status, kind_of_body),
        kind="unusable_answer",
        http_status=answer.status,
    )
