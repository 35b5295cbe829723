# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the two older RapidAuth routes that the vendor's SDKs call."""

from rapid_sandbox.rapidauth_answers import json_object
from rapid_sandbox.rapidauth_routes import new_request, recorded_refusal
from rapid_sandbox.refusals import Refused
from rapid_sandbox.serving import Route, json_answer

_LONGEST_LIFETIME_MINUTES = 366 * 24 * 60


def request_credential(world, call):
    """``{"SubjectName"}`` to ``{"requestId"}`` (the vendor's Ruby SDK)."""
    with recorded_refusal(world, call, "request"):
        fields = json_object(call)
        return json_answer(200, {"requestId": new_request(world, call, fields.get("SubjectName"), is_older_route=True)})


def request_credential_ex(world, call):
    """``{"SubjectName", "RequestLifetime" in minutes}`` to ``{"Identifier"}`` (WordPress plugin)."""
    with recorded_refusal(world, call, "request"):
        fields = json_object(call)
        minutes = fields.get("RequestLifetime")
        if isinstance(minutes, str) and minutes.isdigit():
            minutes = int(minutes)
        if minutes is not None and (
                isinstance(minutes, bool) or not isinstance(minutes, (int, float))
                or not 0 < minutes <= _LONGEST_LIFETIME_MINUTES):
            raise Refused("body_malformed")
        return json_answer(200, {"Identifier": new_request(world, call, fields.get("SubjectName"), minutes, is_older_route=True)})


ROUTES = (
    Route("POST", "/rapid/1.0/RequestCredential", "legacy_request", request_credential, is_write=True),
    Route("POST", "/rapid/1.0/RequestCredentialEx", "legacy_request", request_credential_ex, is_write=True),
)
