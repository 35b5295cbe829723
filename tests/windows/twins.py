# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The functions that both launchers have: what is drawn for each, how it is asked of the Windows program, and what is compared."""

from __future__ import annotations

import dataclasses
import typing

import hostile_texts as texts
import program_under_test
from hypothesis import strategies as st

LINUX = program_under_test.loaded()
NOW = 1800000000


@dataclasses.dataclass
class Twin:
    """By default both are given the same arguments, and return the same."""

    windows: str
    linux: typing.Callable
    drawn: st.SearchStrategy
    given: typing.Callable = list
    windows_shape: typing.Callable = staticmethod(lambda gives: gives)
    linux_shape: typing.Callable = staticmethod(lambda gives: gives)


def without_lines(page):
    """Where a page's source begins a new line, and how each platform calls the end of a session, does not matter."""
    return page.replace("\n", "").replace("when you log off", "when you log out")


def configuration_of_windows(gives):
    values = gives["Values"]
    problems = [each for each in gives["Problems"] if not each.startswith("ca_path in [portal] cannot be used on Windows")]
    return problems, {section + "_" + key: ensure(values[section + " " + key]) if values[section + " " + key] or ensure is not LINUX.ensure_url else None
                      for (section, key), (_default, ensure) in LINUX.SETTINGS.items() if key != "ca_path"}


def configuration_of_linux(gives):
    configuration, problems = gives
    return [each for each in problems if not each.startswith("ca_path")], {name: each for name, each in configuration.items() if name != "portal_ca_path"}


def arguments_of_windows(gives):
    return gives["Configuration"] or None, gives["Options"], gives["Number"] if gives["HasNumber"] else None, gives["Problem"] or None


def answer_of(status, headers, body):
    """Returns the text of an answer in Windows' form: the reason of its status does not matter."""
    return LINUX.http_answer(status, [tuple(each.split(": ", 1)) for each in headers], body).decode("utf-8").replace("%d OK" % status, "%d Answer" % status)


URLS = texts.one_altered("https://a.example", "https://A.example")
EMAILS = texts.one_altered("a@b.example", "k\u00e9@b.example")
STAMPS = st.one_of(st.none(), st.booleans(), st.integers(NOW - 10, NOW + 3700), st.sampled_from([
    NOW, NOW + 600, NOW + 601, NOW + 900, NOW + 3600, NOW + 3601, "x", 1e300]))
ENTRIES = st.fixed_dictionaries({}, optional={
    "api_url": URLS, "email": EMAILS, "token": st.one_of(texts.one_altered("abc"), st.none(), st.just(7)), "expires_at": STAMPS, "until": STAMPS,
    "Token": st.just("xyz")})
HOSTS = st.sampled_from(["127.0.0.1:4000"] * 4 + ["127.0.0.1:4000\xad", "127.0.0.1:4000\0", None, "localhost:4000"])
HEADERS = st.fixed_dictionaries({"host": HOSTS}, optional={
    "origin": st.sampled_from(["http://127.0.0.1:4000"] * 3 + ["http://127.0.0.1:4000\xad", "null", None]),
    "content-type": st.one_of(st.sampled_from([
        "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=x", "\x1capplication/x-www-form-urlencoded", None]), texts.LATIN),
    "content-length": st.one_of(st.sampled_from(["0", "16384", "16385", "99999", "100000", "-1", "+1", "1 ", "\xb2", "", None]), texts.LATIN)})
REQUESTS = st.one_of(st.none(), st.tuples(st.sampled_from(["GET", "POST", "POST", "get", "GET\xad"]), st.sampled_from(["/r"] * 3 + ["/r\0", "/R"]), HEADERS))
PATTERNS = st.sampled_from([
    "", "A:(.*)", "ANI=([0-9]+)", "[0-9]{10}", "(z)?abc", "(a)|b", "^ *([^;]*)", "k", "(?i)k", "i", "(?i)i", "\\+?[0-9 ]+", "[^ -~]+",
    "$", ".", "(.)$", "(?:a|e)+",
    "(?=5)5+", "5*?", "\\(5\\)"])
LOCATIONS = st.builds("{}{}{}".format, texts.one_altered("https://", "http://", "//", "javascript:"),
                      texts.one_altered("a.example", "[::1]:8443", "a" * 200), st.one_of(
    st.sampled_from(["", "/", "?a", "#b", "\n", "\\x"]), texts.TEXTS))
COUNTRIES = st.sampled_from([("1", 10), ("44", 10), ("971", 9), ("1", 14)])
CODES = st.sampled_from([("eccops-portal"), "kiss", "a+b.c"])

TWINS = {
    "number_text": Twin("Get-NumberText", LINUX.number_text, st.tuples(st.one_of(texts.LINKS, texts.NUMBERS, texts.TEXTS), CODES)),
    "apply_pattern": Twin("Get-PatternText", LINUX.apply_pattern, st.tuples(st.one_of(
        texts.one_altered("ANI=5555555555;POS=3", "A: 555 ", "zabc"), texts.TEXTS), PATTERNS)),
    "normalise_number": Twin("Get-NormalisedNumber", lambda text, each: LINUX.normalise_number(text, *each), st.tuples(texts.NUMBERS, COUNTRIES),
                             lambda arguments: [arguments[0], *arguments[1]]),
    "international_number": Twin("Get-InternationalNumber", lambda text, each: LINUX.international_number(text, *each),
                                 st.tuples(st.text(texts.DIGITS, max_size=17), COUNTRIES), lambda arguments: [arguments[0], *arguments[1]]),
    "formatted_number": Twin("Get-FormattedNumber", LINUX.formatted_number, st.tuples(st.text(texts.DIGITS, min_size=11, max_size=15))),
    "shown_text": Twin("Get-ShownText", LINUX.shown_text, st.tuples(texts.TEXTS)),
    "escaped": Twin("Get-EscapedText", LINUX.escaped, st.tuples(st.one_of(texts.TEXTS, texts.one_altered("<a href=\"x\">'&amp;")))),
    "account_name": Twin("Get-AccountName", LINUX.account_name, st.tuples(st.one_of(EMAILS, texts.TEXTS))),
    "token_of_answer": Twin("Get-AnswerToken", LINUX.token_of_answer, st.tuples(texts.as_bytes(st.one_of(
        texts.json_objects("token", "access_token", "expires_in"), texts.JSON_VALUES)))),
    "parsed_account": Twin("ConvertFrom-AccountText", lambda body: LINUX.outcome_of(lambda: LINUX.parsed_account(body))[0], st.tuples(texts.as_bytes(
        st.one_of(texts.json_objects("email", "password"), st.builds('{{"email":{},"password":{}}}'.format, texts.JSON_STRINGS, texts.JSON_VALUES))))),
    "token_expiry": Twin("Get-TokenExpiry", LINUX.token_expiry, st.tuples(texts.tokens(), st.one_of(
        st.none(), st.booleans(), st.just("60"), st.integers(-5, 2 * 10 ** 7), st.floats(-1, 1e8)), st.just(NOW))),
    "cached_token": Twin("Get-CachedToken", LINUX.cached_token, st.tuples(ENTRIES, URLS, EMAILS, st.just(NOW), st.sampled_from([0, 600]))),
    "is_refusal_in_force": Twin("Test-RefusalInForce", LINUX.is_refusal_in_force, st.tuples(ENTRIES, URLS, EMAILS, st.just(NOW))),
    "failure_of_status": Twin("Get-StatusFailure", LINUX.failure_of_status, st.tuples(st.integers(100, 9999))),
    "failure_of_answer": Twin("Get-AnswerFailure", LINUX.failure_of_answer, st.tuples(st.sampled_from([400, 401, 403, 423, 200, 503]), texts.as_bytes(st.one_of(
        texts.json_objects("detail"), st.builds("{}{}<html>".format, texts.CHARACTERS, texts.BLANKS), texts.TEXTS)))),
    "pause_seconds": Twin("Get-PauseTime", LINUX.pause_seconds, st.tuples(st.one_of(
        st.integers(-1, 10 ** 10).map(str), texts.one_altered("60", "Fri, 15 Jan 2027 08:02:00 GMT", "Mon, 29 Feb 2027 08:02:00 GMT"), st.builds(
            "{}, {} {} {} {}:{}:{} GMT".format, st.sampled_from(["Fri", "Sat", "fri"]), st.sampled_from(["15", "16", "1", "32", "00"]),
            st.sampled_from(["Jan", "jan"]),
            st.sampled_from(["2027", "27", "0000", "9999"]), *[st.sampled_from(["08", "00", "24", "60", "59"])] * 3)), st.just(NOW))),
    "redirect_target": Twin("Get-RedirectTarget", LINUX.redirect_target, st.tuples(LOCATIONS)),
    "query_location": Twin("Get-QueryLocation", LINUX.query_location, st.tuples(
        st.just("https://p.example/q"), st.sampled_from(["access_token", "t.-_"]), st.text("0159", min_size=11, max_size=15),
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7e), min_size=1, max_size=60))),
    "origin_of": Twin("Get-OriginOf", LINUX.origin_of, st.tuples(st.from_regex(LINUX.URL, fullmatch=True))),
    "parsed_request": Twin("ConvertFrom-RequestHead", lambda head: LINUX.parsed_request(head.encode("latin-1")), st.tuples(texts.requests()),
                           windows_shape=lambda gives: gives and (gives["Method"], gives["Path"], gives["Headers"])),
    "request_verdict": Twin("Get-RequestVerdict", LINUX.request_verdict, st.tuples(
        REQUESTS, st.just(4000), st.sampled_from(["GET", "POST", "POST"]), st.just("/r")),
        lambda arguments: [arguments[0] and dict(zip(("Method", "Path", "Headers"), arguments[0])), *arguments[1:]]),
    "account_of_form": Twin("ConvertFrom-FormText", lambda body: LINUX.account_of_form(body.encode("latin-1")), st.tuples(
        texts.FORMS.map(lambda text: "".join(each for each in text if each <= "\xff")))),
    "parsed_arguments": Twin("Read-CommandLine", LINUX.parsed_arguments, st.tuples(st.lists(texts.WORDS, max_size=6)), windows_shape=arguments_of_windows),
    "parsed_ini": Twin("ConvertFrom-IniText", LINUX.parsed_ini, st.tuples(texts.configurations()),
                       windows_shape=lambda gives: (gives["Given"], gives["Problems"]),
                       linux_shape=lambda gives: ({" ".join(key): value for key, value in gives[0].items()}, gives[1])),
    "parsed_configuration": Twin("ConvertFrom-ConfigurationText", LINUX.parsed_configuration, st.tuples(texts.configurations()),
                                 windows_shape=configuration_of_windows, linux_shape=configuration_of_linux),
    "failure_page": Twin(
        "Get-FailurePage", LINUX.failure_page,
        st.tuples(texts.TEXTS, texts.TEXTS, URLS, st.sampled_from(["", "15555555555"]), st.one_of(st.just(""), texts.TEXTS)),
        lambda arguments: [{"Headline": arguments[0], "Digits": arguments[3], "Configuration": {
            "Values": {"portal login_url": arguments[2], "site contact": arguments[4]}}}, arguments[1]],
        windows_shape=without_lines, linux_shape=without_lines),
    "http_answer": Twin("Get-HttpAnswer", answer_of, st.tuples(st.sampled_from([200, 404]), st.just(["Location: https://a", "X: y"]), texts.TEXTS)),
}
