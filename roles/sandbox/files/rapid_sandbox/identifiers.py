# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows RequestIds and AnonIds: their form, and the AnonIds reserved for tests."""

import re
import uuid

_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_ANON_ID = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch  # integration overview: limits of an AnonId
_ANON_ID_WITH_DOTS = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch  # the vendor's Ruby test: RapidSecurity.Test.User

NO_MORE_LICENCES = "TestNoMoreLicenses"

# AnonId: (static RequestId, its status). The names are those of the vendor's testing page. The
# RequestIds are "unique to your company"; seven are those of the vendor's own test company (its
# Ruby test), the last two, which it does not show, are made up.
RESERVED = {
    "TestCertificateRequestValid1": ("65c4d858-23b2-4a9e-9c45-b8f36d1c442f", "Requested"),
    "TestCertificateRequestValid2": ("f7500457-5663-4086-a749-d9e2f7a002cc", "Requested"),
    "TestCertificateRequestValid3": ("64f926b3-209a-4e32-8da8-bbe5fd99de46", "Requested"),
    "TestCertificateRequestValid4": ("a2d79ce4-e7f3-4b4e-b23e-01874a1540b3", "Requested"),
    "TestCertificateRequestValid5": ("1b661ed5-12a0-4abd-b0e6-1be7c665a100", "Requested"),
    "TestCertificateRequestExpired": ("0a1fd8fa-348f-4ced-a64d-18547feb2848", "Expired"),
    "TestCertificateRequestCollected": ("a322e74b-a292-4b2e-8f63-779924b15923", "Collected"),
    "TestGracePeriodRequest": ("5a4b0000-7e57-4e57-8e57-000000000001", "Expired"),
    "TestExpiredCertificateRequest": ("5a4b0000-7e57-4e57-8e57-000000000002", "Expired"),
}
# Days since the request; the grace period after expiry is 31 days (renewals page).
RESERVED_AGE_DAYS = {"TestGracePeriodRequest": 375, "TestExpiredCertificateRequest": 500}


def normal_request_id(text):
    """The RequestId in lower case, or None where it is not a GUID."""
    lowered = text.lower() if isinstance(text, str) else ""
    return lowered if _REQUEST_ID(lowered) else None


def is_anon_id(text, has_dots=False):
    """Whether it is an AnonId, by the documented limits or with dots too."""
    return isinstance(text, str) and (_ANON_ID_WITH_DOTS if has_dots else _ANON_ID)(text) is not None


def new_request_id():
    return str(uuid.uuid4())
