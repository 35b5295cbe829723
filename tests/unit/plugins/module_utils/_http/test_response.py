# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._http.response import LONGEST_ANSWER_BYTES, ServiceResponse, json_object, printable_object, unusable

JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=12,
)
# Text in which commas, quotes, backslashes and brackets meet often.
TRICKY_TEXT = st.text(alphabet=',"\\]}{[ \n:a', max_size=40)


def test_the_documented_answer_with_its_trailing_comma_is_read():
    body = b'{\r\n "AnonId": "a,}", "Status": "Collected",\r\n}'
    assert json_object(body) == {"AnonId": "a,}", "Status": "Collected"}


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_valid_json_is_read_as_it_is_with_and_without_byte_order_mark(value):
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        body = json.dumps(value).encode("ascii")
    assert json_object(body) == value
    assert json_object(b"\xef\xbb\xbf" + body) == value


@given(st.dictionaries(TRICKY_TEXT, st.one_of(TRICKY_TEXT, st.lists(TRICKY_TEXT, min_size=1)), min_size=1))
def test_trailing_commas_are_forgiven_and_strings_kept(value):
    spoiled = _with_trailing_commas(value)
    with pytest.raises(ValueError):
        json.loads(spoiled)
    assert json_object(spoiled.encode("utf-8")) == value


def _with_trailing_commas(value):
    if isinstance(value, dict):
        return "{" + "".join("%s: %s, \n" % (json.dumps(name), _with_trailing_commas(each)) for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + "".join(_with_trailing_commas(each) + " ,\t" for each in value) + "]"
    return json.dumps(value)


@given(st.one_of(st.binary(), TRICKY_TEXT.map(str.encode), JSON_VALUES.map(json.dumps).map(str.encode)))
def test_nothing_raises_and_only_objects_come_back(body):
    assert isinstance(json_object(body), (dict, type(None)))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"{}"', b"<html>", b'{"a":', b'{"a":1,,}', b'{"a":"\xff"}', '{"a":1}'.encode("utf-16")])
def test_what_is_no_object_is_none(body):
    assert json_object(body) is None


LONG = LONGEST_ANSWER_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"{" * LONG,
        b'{"a":' * (LONG // 5),
        b"[" * LONG,
        b'"' + b'\\"' * (LONG // 2),
        b'{"' + b"\\" * LONG,
        b'{"a":1' + b"," * LONG,
        b'{"a":1' + b", " * (LONG // 2),
        b'{"a":1,' + b" " * LONG,
        b'"' * LONG,
        b'{"a":' + b"9" * LONG + b"}",
        b'{"a":"' + b"x" * LONG,
    ],
    ids=lambda body: body[:8].decode(),
)
def test_the_longest_garbage_takes_no_time(body):
    begin = time.process_time()
    assert json_object(body) is None
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "body, words",
    [
        (b" \n", "an empty body"),
        (b"<html>SECRET</html>", "HTML"),
        (b'{"AnonId": "SECRET', "cut off or malformed"),
        (b'{"AnonId": "SECRET",}', "without the expected fields"),
        (b"SECRET", "not JSON"),
    ],
)
def test_an_unusable_answer_is_described_and_never_quoted(body, words):
    error = unusable("https://service.example", "the login", ServiceResponse(200, {}, body))
    assert words in error.message
    assert "SECRET" not in json.dumps(error.as_result())
    assert error.kind == "unusable_answer"
    assert error.is_effect_unknown


def test_what_is_shown_of_an_answer_cannot_move_a_cursor_or_forge_a_line():
    body = json.dumps({"Message\n": "gone\r\x1b[2Kok: [localhost]\n\u202e", "List": ["\x9b31m", 5, None, "é"]}).encode("ascii")
    assert printable_object(body) == {
        "Message\\u000a": "gone\\u000d\\u001b[2Kok: [localhost]\\u000a\\u202e", "List": ["\\u009b31m", 5, None, "é"]}
    assert printable_object(b"[]") is None
    nested = b'{"a":' * 800 + b"1" + b"}" * 800
    assert printable_object(nested) in (None, json_object(nested))
