# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Values as people write them in YAML or on a command line: taken for what they mean, or refused in words."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import values


@pytest.mark.parametrize("value, reported", [
    (202610, "a number"), (57, "a number"), (1.5, "a number"), (True, "true or false"), (datetime.date(2026, 10, 1), "a date"), (["x"], "a list"),
    ({}, "a mapping")])
def test_what_yaml_made_no_text_of_is_refused(value, reported):
    with pytest.raises(InvalidInput) as caught:
        values.read_text("rotation_id", value)
    advice = "put it in quotes, in an INI inventory in two pairs: '\"...\"'"
    assert caught.value.message == "rotation_id is not text, since YAML reads it as %s; %s" % (reported, advice)


@pytest.mark.parametrize("value", ["MARKER\n", "MARKER\r\n", "MAR\nKER", 57])
def test_a_secret_with_a_line_break_is_refused_without_being_shown(value):
    with pytest.raises(InvalidInput) as caught:
        values.read_secret("rapidauth_sac_passphrase", value)
    assert "rapidauth_sac_passphrase" in caught.value.message and "MARKER" not in caught.value.message and "57" not in caught.value.message


@pytest.mark.parametrize("value, meant", [
    (True, True), ("true", True), ("Yes", True), ("on", True), (1, True), (False, False), ("false", False), ("No", False), ("0", False), (0, False)])
def test_booleans_in_every_spelling(value, meant):
    assert values.read_boolean("check_portal", value) is meant


@pytest.mark.parametrize("value", ["maybe", 2, [], "truee", 1.5])
def test_what_is_no_boolean(value):
    with pytest.raises(InvalidInput, match="set it to true or false"):
        values.read_boolean("check_portal", value)


@pytest.mark.parametrize("value, meant", [
    ([1, 5, 20], [1, 5, 20]), ("[1,5]", [1, 5]), (3, [3]), ("3", [3]), ("25%", ["25%"]), ([1, "25%", "100%"], [1, "25%", "100%"]), (["1"], [1]),
    ("[1, \"50%\"]", [1, "50%"])])
def test_waves_as_they_are_written(value, meant):
    assert values.read_waves("rotation_waves", value) == meant


@pytest.mark.parametrize("value", [[], "", "many", [0], [-1], ["0%"], ["101%"], [True], {"a": 1}, "[1,", [[1]], 1.5])
def test_what_is_no_wave(value):
    with pytest.raises(InvalidInput, match="rotation_waves is '.*'; give a list of whole numbers or percentages above 0"):
        values.read_waves("rotation_waves", value)


@pytest.mark.parametrize("value, read, reported", [
    ("/opt/vendor/collect --once", values.read_texts, "give a list"), ([1], values.read_texts, r"\[0\] is not text"),
    ("x", values.read_mapping, "give a mapping"),
    ("x", values.read_integer, "whole number"), (-1, values.read_integer, "whole number"), (True, values.read_integer, "whole number"),
    ("nan", values.read_number, "a number"),
    (float("inf"), values.read_number, "a number"), (True, values.read_number, "a number"), (None, values.read_number, "a number")])
def test_other_types(value, read, reported):
    with pytest.raises(InvalidInput, match=reported):
        read("a_variable", value)


def test_extra_vars_given_as_text():
    assert values.read_texts("a", '["/bin/x", "--once"]') == ["/bin/x", "--once"] and values.read_integer("a", " 16 ") == 16
    assert values.read_number("a", "0.5") == 0.5 and values.read_mapping("a", '{"north-01": "not_replaced"}') == {"north-01": "not_replaced"}
