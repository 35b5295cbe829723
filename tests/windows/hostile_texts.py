# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What hypothesis draws for the functions that both launchers have: texts with hostile characters, numbers, JSON, configurations, requests."""

from __future__ import annotations

import base64
import unicodedata

from hypothesis import strategies as st

#: Soft hyphen, NUL, marks that combine, controls, letters whose other case is ASCII's, byte order mark, directions, joiners, blanks, pairs, private
#: and non-characters.
HOSTILE = (
    "\u00ad\0\u0301\u0308\u20dd\u0345\t\n\v\f\r\x1c\x1d\x1e\x1f\x7f\x80\x85\x9f\u0130\u0131\u017f\u212a\ufeff\u202e\u200f\u061c\u200d\u200b\u00a0\u2028\u2029"
    "\u3000\u180e\u1680\ue000\ufffd\ufffe\uffff\ufb01\u00df\u01c5\u0661\uff11\U0001d400\U000e0041\U000f0000\U0010ffff\u00e9e\u0301\u2013")


def is_old(character: str) -> bool:
    """Whether every Unicode version that a PowerShell or Python may have knows the character, as the same kind."""
    kind = unicodedata.ucd_3_2_0.category(character)
    return kind != "Cn" and kind == unicodedata.category(character)


CHARACTERS = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from([chr(code) for code in range(0x20, 0x7f)]), st.characters(exclude_categories=("Cs", "Cn")).filter(is_old))
TEXTS = st.one_of(st.text(CHARACTERS, max_size=30), st.text(CHARACTERS, max_size=3), st.builds(
    "{}{}".format, st.text(CHARACTERS), st.text(" a", max_size=1100)))
LATIN = st.text(st.characters(max_codepoint=0xff), max_size=30)
DIGITS = "0011155559"
NUMBERS = st.one_of(
    st.text(st.one_of(st.sampled_from(DIGITS * 4), st.sampled_from(" ()+-./x#,;etnEXTO"), CHARACTERS), max_size=70),
    st.builds("{}{}{}".format, st.sampled_from(["", "+", "011", "00", "+1", "1", "0"]), st.text(DIGITS, min_size=6, max_size=16),
              st.one_of(st.just(""), st.sampled_from([" ext. 1", "x1", "EXTENSION 1", "extens\u0131on 1", "\u017fx1"]), CHARACTERS)))


@st.composite
def altered(draw, texts):
    """A text, as it is or with something hostile put in, left out or in another case."""
    text = draw(texts)
    for _time in range(draw(st.sampled_from([0, 0, 1, 2]))):
        place = draw(st.integers(0, len(text)))
        how = draw(st.sampled_from(["in", "in", "out", "case"]))
        if how == "in":
            text = text[:place] + draw(CHARACTERS) + text[place:]
        elif how == "out":
            text = text[:place] + text[place + 1:]
        else:
            text = text[:place] + text[place:place + 1].swapcase() + text[place + 1:]
    return text


def one_altered(*known: str):
    return altered(st.sampled_from(known))


LINKS = st.builds("{}{}{}".format, one_altered("eccops-portal:", "ECCOPS-portal://", "kiss:", "KISS:"), st.one_of(
    NUMBERS, TEXTS, st.lists(st.sampled_from(["%31", "%2B", "%u0031", "%", "%2", "%zz", "%ff", "%C3%A9", "%ED%A0%80", "%F0%9F%98%80", "%00", "+", "%25", "1"]),
                             max_size=8).map("".join)), st.sampled_from(["", "/", "//", " "]))

ESCAPES = st.sampled_from(['\\"', "\\\\", "\\/", "\\n", "\\u0041", "\\u0000", "\\u00AD", "\\ud83d\\ude00", "\\ud800", "\\x41", "\\u00", "\\'", "\\a", "\\e"])
JSON_STRINGS = st.one_of(
    st.builds('"{}"'.format, st.lists(st.one_of(CHARACTERS, ESCAPES, st.sampled_from("abc.")), max_size=12).map("".join)),
    st.sampled_from(['"abc"', '""', '"a.b.c"', "'abc'", "abc", '"a b"', '"%s"' % ("x" * 16384), '"%s"' % ("x" * 16385), '"\u00e4"', '"tok\\u0065n"']))
JSON_NUMBERS = st.one_of(
    st.sampled_from([
        "0", "-0", "01", "1.", ".5", "+1", "1e2", "1E+2", "1e-2", "1.5", "-1.5", "1e999", "-1e999", "1e13", "1e14", "1e11", "9" * 400, "9" * 5000, "NaN",
        "Infinity", "-Infinity", "0x1", "1_0", "1,5", "\u0661", "1800000900", "1800000900000", "100000000001", "9999999", "10000000", "1e", "--1", "-"]),
    st.integers(-10, 2 * 10 ** 14).map(str), st.integers(1799999000, 1800004000).map(str), st.floats(allow_nan=False, allow_infinity=False).map(repr))
JSON_VALUES = st.one_of(JSON_STRINGS, JSON_NUMBERS, st.sampled_from([
    "true", "false", "null", "True", "nul", "{}", "[]", '{"token":"inner"}', '["a",{"b":[]}]', "[1,]", '{"a":1,}', "[[]", "undefined", "", "{}{}",
    "[" * 90 + "]" * 90, "[" * 99 + "]" * 99, "[" * 100 + "]" * 100, "[" * 1200 + "]" * 1200]))
BLANKS = st.sampled_from(["", "", "", "", " ", "\n", "\t", "\r\n", "\u00a0", "\f", "\ufeff", "\0"])


@st.composite
def json_objects(draw, *names: str):
    """The text of an object, more or less JSON."""
    members = []
    for _time in range(draw(st.integers(0, 4))):
        name = draw(st.one_of(st.sampled_from(['"%s"' % each for each in names]), one_altered(*['"%s"' % each for each in names]), JSON_STRINGS))
        colon = draw(st.sampled_from([":"] * 9 + ["=", ""]))
        members.append(draw(BLANKS) + name + draw(BLANKS) + colon + draw(BLANKS) + draw(JSON_VALUES) + draw(BLANKS))
    text = "{" + draw(st.sampled_from([","] * 9 + [";", ",,", ""])).join(members) + draw(st.sampled_from(["}"] * 9 + [",}", ""]))
    before = draw(st.sampled_from([""] * 6 + ["\ufeff", " ", "\ufeff\ufeff", "x", "/**/", "\u00a0"]))
    return before + text + draw(st.sampled_from([""] * 6 + [" ", "\n", "x", "\0", ",", "}"]))


@st.composite
def as_bytes(draw, texts):
    """The text in UTF-8, at times with bytes in it that no text has."""
    content = draw(texts).encode("utf-8", "surrogatepass")
    if draw(st.sampled_from([True, False, False, False])):
        place = draw(st.integers(0, 40))
        content = content[:place] + draw(st.sampled_from([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])) + content[place:]
    return content


@st.composite
def tokens(draw):
    """A JSON Web Token with claims, or what looks like one, of the characters that a token may have."""
    claims = draw(as_bytes(st.one_of(json_objects("exp"), st.builds('{{"exp":{}}}'.format, JSON_NUMBERS), JSON_VALUES)))
    coded = base64.urlsafe_b64encode(claims[:9000]).decode("ascii").rstrip("=" if draw(st.booleans()) else "")
    for _time in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(coded)))
        coded = coded[:place] + draw(st.sampled_from("!=+/_-A~")) + coded[place + draw(st.integers(0, 1)):]
    return draw(st.sampled_from(["h.%s.s"] * 5 + ["h.%s", "%s", ".%s.", "h.%s.s.t"])) % coded


PORTAL = ("api_url = https://a.example", "query_url = https://p.example/query-interface", "login_url = https://p.example/login")
SETTINGS = (
    "query_token_parameter = t", "ca_path = /a", "source = user", "source = command", "command = a b", 'command = "a b" c', "minimum_remaining_seconds = 3000",
    "minimum_remaining_seconds = 3001", "login_timeout_seconds = 0.2", "login_timeout_seconds = 4.001", "login_timeout_seconds = 1.", "country_code = 44",
    "country_code = 0", "national_number_digits = 14", "national_number_digits = 9", "pattern = (", "pattern = [0-9]{10}", "url_scheme = kiss",
    "url_scheme = https", "api_url = https://[::1]:65536/", "api_url = https://a.example:65535//", "login_url = http://a", "query_url = https://u@a/")
LINES = st.one_of(
    st.sampled_from(["[portal]", "[account]", "[session]", "[caller]", "[browser]"]), st.sampled_from(PORTAL + SETTINGS), one_altered(*PORTAL, *SETTINGS),
    one_altered("[portal]", "[caller]", "# x", ""), TEXTS)


@st.composite
def configurations(draw):
    lines = draw(st.lists(LINES, max_size=10))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(lines)))
        lines[place:place] = ["[portal]", *PORTAL, draw(st.sampled_from(["[portal]", "[account]", "[session]", "[caller]"]))]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@st.composite
def requests(draw):
    """The bytes of a request's head, as a text in which each character is one byte."""
    lines = [draw(st.one_of(st.sampled_from(["GET /a HTTP/1.1", "POST /a HTTP/1.0"]), one_altered("GET /a HTTP/1.1").map(str), LATIN))]
    for _time in range(draw(st.integers(0, 4))):
        name = draw(st.one_of(st.sampled_from(["Host", "host", "X", "Origin", " y", ""]), LATIN))
        lines.append(name + draw(st.sampled_from([":", ": ", ":", " : ", ""])) + draw(LATIN))
    text = draw(st.sampled_from(["\r\n"] * 5 + ["\n", "\r"])).join(lines)
    return "".join(each for each in text if each <= "\xff")


WORDS = st.one_of(st.sampled_from([
    "--number", "--number=", "--number=1", "--", "-", "--check", "--log-in", "--version", "--help", "--configuration", "--Check", "--check\u00ad", "\u00ad", "",
    "5555555555", "a b", "-x", "/a", "--number\0", "\ufeff--check"]), one_altered("--number", "--check", "--configuration", "-"), TEXTS, st.just("/a" * 501))
FORMS = st.lists(st.builds("{}{}{}".format, st.one_of(st.sampled_from(["email", "password", "Email", "em%61il", "", "x", "email+"]), one_altered("email")),
                           st.sampled_from(["=", "=", "=", "", "=="]), st.lists(st.sampled_from(
                               ["a", "%40", "+", "%", "%4", "%zz", "%u0041", "%C3%A9", "%ff", "%00", ";", "\xe9",
                                "%20", "%0a", "%1c", "%26", "=", "%3D", "%c2%ad"]),
                               max_size=5).map("".join)), max_size=4).map("&".join)
