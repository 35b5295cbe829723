# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which stored tokens are used again, and how long a refusal is remembered."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._portal.cache import ensure_not_just_refused, refusal_content, stored_token, token_content
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import Token
from ansible_collections.eccops.rapid.plugins.module_utils._time import UTC

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    "issued, expires, now, min_remaining, is_good",
    [
        (NOW, NOW + 4 * HOUR, NOW + HOUR, 10 * MINUTE, True),
        (NOW, NOW + HOUR, NOW + 49 * MINUTE, 10 * MINUTE, True),
        (NOW, NOW + HOUR, NOW + 50 * MINUTE, 10 * MINUTE, False),
        (NOW, NOW + HOUR, NOW + 2 * HOUR, 0 * MINUTE, False),
        (NOW, NOW + 99 * HOUR, NOW + 11 * HOUR, 10 * MINUTE, True),
        (NOW, NOW + 99 * HOUR, NOW + 12 * HOUR, 0 * MINUTE, False),  # no longer than a shift
        (NOW, NOW + 4 * HOUR, NOW - 4 * MINUTE, 10 * MINUTE, True),
        (NOW, NOW + 4 * HOUR, NOW - 6 * MINUTE, 10 * MINUTE, False),  # the clock was set back
    ],
)
def test_a_stored_token_is_used_while_enough_of_it_is_left(issued, expires, now, min_remaining, is_good):
    content = token_content(Token("t", issued, expires, "jwt_exp"))
    token = stored_token(content, min_remaining, now)
    assert (token is not None) is is_good
    if is_good:
        assert (token.value, token.issued_at, token.expires_at, token.expires_basis) == ("t", issued, expires, "jwt_exp")


@pytest.mark.parametrize("missing", ["token", "issued_at", "expires_at"])
def test_a_stored_token_without_all_its_parts_is_none(missing):
    content = token_content(Token("t", NOW, NOW + HOUR, "jwt_exp"))
    assert stored_token(dict(content, **{missing: None}), MINUTE, NOW) is None
    assert stored_token({}, MINUTE, NOW) is None


def test_a_refusal_is_remembered_for_as_long_as_refusals_are_counted():
    content = refusal_content(Refusal("wrong", kind="login_refused", http_status=401), NOW)
    for now in (NOW, NOW + 14 * MINUTE, NOW - 14 * MINUTE):
        with pytest.raises(RapidError, match="not tried again.*2026-11-22T08:00:00Z.*wrong") as caught:
            ensure_not_just_refused(content, now)
        assert caught.value.kind == "login_refused"
    for now in (NOW + 15 * MINUTE, NOW - 15 * MINUTE):
        ensure_not_just_refused(content, now)
    ensure_not_just_refused({}, NOW)
