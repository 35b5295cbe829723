# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._time import UTC, format_instant, from_epoch, given_now, parse_instant


@pytest.mark.parametrize(
    "text, microseconds",
    [
        ("2016-01-01T12:30:45.9876543Z", 987654),  # the documented form: seven digits, cut and not rounded
        ("2016-01-01T12:30:45.9Z", 900000),
        ("2016-01-01T12:30:45Z", 0),
        ("2016-01-01 12:30:45", 0),
        ("  2016-01-01T12:30:45Z\r\n", 0),
        ("2016-01-01T14:30:45+02:00", 0),
        ("2016-01-01T07:00:45.000001-0530", 1),
    ],
)
def test_every_spelling_of_one_moment_is_the_same_moment(text, microseconds):
    assert parse_instant(text) == datetime.datetime(2016, 1, 1, 12, 30, 45, microseconds, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        1451651445,
        b"2016-01-01T12:30:45Z",
        "2016-02-30T00:00:00Z",
        "2016-01-01T24:00:00Z",
        "2016-01-01",
        "2016-01-01T12:30:45.Z",
        "2016-01-01T12:30:45Zjunk",
        "x2016-01-01T12:30:45Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2016-01-01T12:30:45.1234567890Z",
    ],
)
def test_what_is_no_moment_is_none(text):
    assert parse_instant(text) is None


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 9),
    st.integers(-14 * 60, 14 * 60),
)
def test_what_the_service_writes_is_read_to_the_microsecond_whatever_the_offset(instant, seventh_digit, offset_minutes):
    zone = datetime.timezone(datetime.timedelta(minutes=offset_minutes))
    try:
        local = instant.astimezone(zone)
    except OverflowError:
        return
    sign = "-" if offset_minutes < 0 else "+"
    offset = "%s%02d:%02d" % (sign, abs(offset_minutes) // 60, abs(offset_minutes) % 60)
    text = local.replace(tzinfo=None).isoformat(timespec="microseconds") + str(seventh_digit) + offset
    assert parse_instant(text) == instant


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_back_without_its_fraction(instant):
    assert parse_instant(format_instant(instant)) == instant.replace(microsecond=0)


@given(st.one_of(st.text(), st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{0,20}"), st.none(), st.integers(), st.lists(st.text())))
def test_no_input_raises(text):
    instant = parse_instant(text)
    assert instant is None or instant.utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize("offset", ["+99:00", "-00:99", "+24:00"])
def test_an_offset_that_no_place_has_makes_it_no_moment(offset):
    assert parse_instant("2016-01-01T12:30:45" + offset) is None


@given(st.one_of(st.integers(), st.floats(), st.none(), st.text(), st.integers(min_value=10**300)))
def test_no_epoch_raises(seconds):
    instant = from_epoch(seconds)
    assert instant is None or abs(instant.timestamp() - seconds) < 1


def test_the_given_now_wins_over_the_clock_and_a_malformed_one_is_named():
    assert given_now("2026-11-22T08:00:00Z") == datetime.datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert abs(given_now(None) - datetime.datetime.now(UTC)) < datetime.timedelta(seconds=5)
    with pytest.raises(InvalidInput, match="now is 'yesterday'"):
        given_now("yesterday")
