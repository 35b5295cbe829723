# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The sandbox's pure parts: instants, identifiers, and what time does to a credential."""

import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as wild

from rapid_sandbox import clock, credentials, identifiers, portal_pages, tokens
from rapid_sandbox.clock import TICKS_PER_DAY, TICKS_PER_MINUTE

INSTANTS = wild.integers(0, clock.read("2100-01-01T00:00:00Z"))


@given(INSTANTS)
def test_written_instants_are_read_back_to_the_tick(ticks):
    text = clock.written(ticks)
    assert len(text) == 28 and text.endswith("Z") and clock.read(text) == ticks
    assert clock.read(clock.written(ticks, are_zeros_trimmed=True)) == ticks
    assert abs(clock.ticks_of_datetime(clock.datetime_of_ticks(ticks)) - ticks) < 10


def test_the_documented_instant():
    ticks = clock.read("2016-01-01T12:30:45.9876543Z")
    assert clock.written(ticks) == "2016-01-01T12:30:45.9876543Z"
    assert clock.written(ticks, 0) == "2016-01-01T12:30:45Z"
    assert clock.datetime_of_ticks(ticks) == datetime.datetime(
        2016, 1, 1, 12, 30, 45, 987654, tzinfo=datetime.timezone.utc)


@given(wild.text())
def test_wild_texts_are_no_instants(text):
    try:
        clock.read(text)
    except ValueError:
        return
    assert text[10] == "T"


@given(wild.text(max_size=70))
def test_anon_ids_are_64_plain_characters_at_most(text):
    is_plain = 1 <= len(text) <= 64 and all(
        character.isascii() and (character.isalnum() or character in "_-") for character in text)
    assert identifiers.is_anon_id(text) is is_plain


@given(wild.uuids(), wild.booleans())
def test_request_ids_are_guids_in_any_case(guid, is_upper):
    text = str(guid).upper() if is_upper else str(guid)
    assert identifiers.normal_request_id(text) == str(guid)
    assert identifiers.normal_request_id(text[:-1]) is None
    assert identifiers.normal_request_id(uuid.uuid4().hex) is None


@pytest.mark.parametrize("status, is_collected, age_minutes, effect", [
    ("Requested", False, 9, None), ("Requested", False, 10, "lapse"), ("Requested", False, 10_000, "lapse"),
    ("Expired", False, 69, None), ("Expired", False, 70, "clean-up"), ("Expired", True, 10_000, None),
    ("Collected", True, 364 * 1440, None), ("Collected", True, 365 * 1440, "expire")])
def test_what_time_does(status, is_collected, age_minutes, effect):
    row = {"status": status, "lapses_date": 10 * TICKS_PER_MINUTE, "expires_date": 365 * TICKS_PER_DAY,
           "collected_date": 1 if is_collected else None}
    now = age_minutes * TICKS_PER_MINUTE
    assert credentials.what_time_does(row, now, 60 * TICKS_PER_MINUTE) == effect


def test_caller_numbers_are_formatted():
    assert portal_pages.formatted_number("15551234567") == "+1 (555) 123-4567"
    assert portal_pages.formatted_number("44207946095") == "+44207946095"


@given(wild.dictionaries(wild.text(), wild.text()), INSTANTS)
def test_tokens_are_three_url_safe_segments(claims, expires):
    text = tokens.token_text("jwt_seconds", claims, expires, "key", "HS512")
    assert len(text.split(".")) == 3 and text.isascii() and set("+/= ") & set(text) == set()
