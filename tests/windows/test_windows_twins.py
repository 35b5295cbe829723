# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that what no table thought of is decided alike by the Windows program and the Linux program."""

import powershell
import program_under_test
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from powershell_subset import NetError, Script

SCRIPT = Script(powershell.PROGRAM.read_text(encoding="ascii"))
LINUX = program_under_test.loaded()
#: What numbers are made of, what they are not, and what is hostile to a page, a shell or a regular expression.
NUMBERS = st.text(alphabet="0011155559 ()+-./x#,;etnO\t\u0661\u00a0\u2013\u00e9", max_size=70)
#: Without what only newer Unicode versions know: each of the two brings its own.
TEXTS = st.text(alphabet=st.characters(max_codepoint=0x2FFF, exclude_categories=("Cs", "Cn")), max_size=80)
ALIKE = settings(max_examples=150)


def windows_outcome(function, *arguments):
    try:
        return SCRIPT.call(function, list(arguments))
    except NetError as failure:
        return failure.Data["Kind"], failure.Message


def linux_outcome(function, *arguments):
    try:
        return getattr(LINUX, function)(*arguments)
    except LINUX.Failure as failure:
        return failure.kind, failure.sentence


@ALIKE
@given(text=NUMBERS, country=st.sampled_from((("1", 10), ("44", 10), ("971", 9))))
def test_numbers(text, country):
    assert windows_outcome("Get-NormalisedNumber", text, *country) == linux_outcome("normalise_number", text, *country)


@ALIKE
@given(text=st.one_of(NUMBERS, TEXTS, st.builds("eccops-portal:{}".format, TEXTS), st.builds("ECCOPS-portal://{}/".format, NUMBERS)))
def test_arguments_and_links(text):
    assert windows_outcome("Get-NumberText", text, "eccops-portal") == linux_outcome("number_text", text, "eccops-portal")


@ALIKE
@given(text=TEXTS)
def test_what_is_shown(text):
    assert windows_outcome("Get-ShownText", text) == linux_outcome("shown_text", text)
    assert windows_outcome("Get-EscapedText", text) == linux_outcome("escaped", text)


@ALIKE
@given(lines=st.lists(st.one_of(
    st.sampled_from(("[portal]", "[caller]", "[session]", "[nothing]", "# x", "", "country_code = 44", "country_code=1", "api_url = https://a.example",
                     "national_number_digits = 9", "login_timeout_seconds = 0.5", "minimum_remaining_seconds = 9999", "pattern = (", "url_scheme = x y")),
    TEXTS), max_size=12))
def test_configurations(lines):
    text = "\n".join(lines)
    ours, (values, problems) = SCRIPT.call("ConvertFrom-ConfigurationText", [text]), LINUX.parsed_configuration(text)
    assert list(ours["Problems"]) == problems
    assert ours["Values"]["caller country_code"] == values["caller_country_code"]


@pytest.mark.parametrize("head", (
    "GET /a HTTP/1.1\r\nHost: 127.0.0.1:9\r\nX: \r\n y", "GET /a HTTP/1.1\r\n\nHost: x",
    "POST /a HTTP/1.0\r\nA:b:c\r\na: d", " GET /a HTTP/1.1", "GET /a HTTP/1.1\r\n:x"))
def test_heads_of_requests(head):
    ours, theirs = SCRIPT.call("ConvertFrom-RequestHead", [head]), LINUX.parsed_request(head.encode("latin-1"))
    assert (ours and (ours["Method"], ours["Path"], dict(ours["Headers"]))) == theirs
