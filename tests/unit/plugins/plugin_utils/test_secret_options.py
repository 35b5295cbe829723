# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which values are secret, wherever in the options they are, and how anything is shown without them."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import HIDDEN, censor, hide, secrets_in

SPEC = {
    "name": {"type": "str"}, "password": {"type": "str", "no_log": True}, "pin": {"type": "int", "no_log": True}, "files": {"type": "dict", "no_log": True},
    "services": {"type": "list", "options": {"passphrase": {"no_log": True}, "account": {"type": "dict", "options": {"token": {"no_log": True}}}}},
}


@pytest.mark.parametrize("arguments, secrets", [
    ({}, set()), ({"name": "x", "password": None}, set()), ({"password": ""}, set()), ({"password": "a"}, {"a"}), ({"pin": 1234}, {"1234"}),
    ({"files": {"one": "a", "two": ["b", {"c": 3}], "three": None, "four": True}}, {"a", "b", "3"}),
    ({"services": [{"passphrase": "a"}, {"account": {"token": "b"}}, {"positions": {}}, "no dictionary"]}, {"a", "b"})])
def test_secrets_are_found_inside_other_options_too(arguments, secrets):
    assert set(secrets_in(arguments, SPEC)) == secrets


@pytest.mark.parametrize("value, shown", [
    ("secret-1", HIDDEN), ("of secret-1 and 12345678", "of ******** and ********"), ({"secret-1": ["x", "secret-1"]}, {HIDDEN: ["x", HIDDEN]}),
    (12345678, HIDDEN), (1234, 1234), (True, True), (None, None), ("secret", HIDDEN), ("sec", "sec"), (("secret-1",), [HIDDEN]), ("", "")])
def test_values_are_shown_without_secrets_and_their_parts(value, shown):
    assert hide(value, {"secret-1", "12345678"}) == shown


def test_a_longer_secret_is_hidden_before_one_that_is_a_part_of_it():
    assert hide("x secret-1-long y", {"secret-1", "secret-1-long"}) == "x ******** y"


def test_arguments_are_censored_by_name_and_by_value():
    shown = censor({"password": "a b c d e", "name": "x-a b c d e", "pin": 1234567, "services": [{"passphrase": "pp-1", "path": "/pp-1"}]}, SPEC)
    assert shown == {"password": HIDDEN, "name": "x-********", "pin": HIDDEN, "services": [{"passphrase": HIDDEN, "path": "/********"}]}
