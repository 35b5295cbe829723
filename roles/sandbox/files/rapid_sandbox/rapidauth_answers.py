# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows RapidAuth's bodies: the documented object, errors, and the JSON it accepts."""

import json

from rapid_sandbox import clock, refusals
from rapid_sandbox.refusals import Refused
from rapid_sandbox.serving import Answer, json_answer

_JSON_TYPES = ("", "application/json", "application/x-www-form-urlencoded", "text/json")


def credential_object(row, switches, is_anon_id_route=False):
    """The six documented fields, in the documented order (Requests API page)."""
    digits, are_zeros_trimmed = switches["date_fraction_digits"], switches["are_date_zeros_trimmed"]
    value = {
        "AnonId": row["anon_id"],
        "RequestId": row["request_id"],
        "PreventCollection": bool(row["prevent_collection"]),
        "Status": row["status"],
        "RequestedDate": clock.written(row["requested_date"], digits, are_zeros_trimmed),
        "CollectedDate": clock.written(row["collected_date"], digits, are_zeros_trimmed),
    }
    if is_anon_id_route and not switches["anon_id_route_returns_request_id"]:
        del value["RequestId"]
    if value["CollectedDate"] is None:
        if switches["collected_date_before_collection"] == "absent":
            del value["CollectedDate"]
        elif switches["collected_date_before_collection"] == "empty":
            value["CollectedDate"] = ""
    return value


def credential_answer(row, switches, is_anon_id_route=False):
    return Answer(200, json.dumps(credential_object(row, switches, is_anon_id_route)).encode())


def refusal_answer(refused, switches):
    """``{"Number", "Message"}``, the body the vendor's WordPress plugin parses."""
    body = {"Number": switches[f"number_{refused.kind}"], "Message": refusals.KINDS[refused.kind].message}
    status = 200 if switches["errors_as_200"] else switches[f"status_{refused.kind}"]
    return json_answer(status, body)


def json_object(call, is_optional=False):
    """The body's object: JSON under a JSON or a form content type (curl -d), as the examples send it."""
    content_type = call.content_type.partition(";")[0].strip().lower()
    if not call.body.strip() and is_optional:
        return {}
    if content_type not in _JSON_TYPES:
        raise Refused("content_type_unsupported")
    try:
        value = json.loads(call.body)
    except (ValueError, RecursionError):
        raise Refused("body_malformed") from None
    if not isinstance(value, dict):
        raise Refused("body_malformed")
    return value
