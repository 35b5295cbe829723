# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows RapidAuth's refusals: error number, message and HTTP status of each.

The numbers 13, 1109 and 1402 are what the vendor's WordPress plugin knows. Every number from 7701
on and every HTTP status is the sandbox's own choice, because they are undocumented; both are switches.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class RefusalKind:
    """The defaults of one refusal."""

    number: int
    http_status: int
    message: str


KINDS = {
    "maintenance": RefusalKind(13, 503, "The service is in maintenance mode. Please try again later."),
    "unknown_credential": RefusalKind(1109, 404, "The credential does not exist."),
    "no_licences": RefusalKind(1402, 403, "There are no remaining licences."),
    "request_id_malformed": RefusalKind(7701, 400, "The RequestId is not a GUID."),
    "anon_id_malformed": RefusalKind(
        7702, 400, "The AnonId must be 1 to 64 characters from a-z, A-Z, 0-9, '_' and '-'."),
    "anon_id_taken": RefusalKind(7703, 409, "The AnonId is already used by another credential."),
    "credential_expired": RefusalKind(7704, 409, "The credential is expired."),
    "collection_prevented": RefusalKind(7705, 409, "Collection of this credential is prevented."),
    "already_collected": RefusalKind(7706, 409, "The credential is already collected."),
    "field_not_updatable": RefusalKind(7707, 400, "Only PreventCollection (true or false) can be updated."),
    "body_malformed": RefusalKind(7708, 400, "The body is not the JSON object this operation expects."),
    "certificate_request_malformed": RefusalKind(
        7709, 400, "PKCS10 is not a valid certificate request (base64 of DER, no PEM armour)."),
    "content_type_unsupported": RefusalKind(7710, 415, "The body must be JSON."),
    "route_unknown": RefusalKind(7711, 404, "There is no such resource."),
    "method_not_allowed": RefusalKind(7712, 405, "The resource does not allow this method."),
    "writes_refused": RefusalKind(7713, 403, "The sandbox refuses writes (switch writes_refused)."),
    "too_many_requests": RefusalKind(7714, 429, "Too many requests."),
    "body_too_large": RefusalKind(7715, 413, "The body is too large."),
    "internal_error": RefusalKind(7716, 500, "An error happened inside the sandbox."),
}


class Refused(Exception):
    """RapidAuth refuses; ``kind`` is a key of KINDS."""

    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind
