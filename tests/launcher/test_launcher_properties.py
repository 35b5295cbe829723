# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What holds for every text, however wild: of numbers, of configurations, of requests."""

import os
import re
import stat
import string
import urllib.parse
import urllib.request

import program_under_test
import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._portal import client as portal
from hypothesis import example, given
from hypothesis import strategies as st

program = program_under_test.loaded()
NOW = 1800000000
WILD = st.one_of(st.text(max_size=80), st.text(string.digits + " ()+-./x#", max_size=30), st.from_regex(r"\A\+?1?[ -]?[0-9]{9,11}\Z"))


def digits_of(text, *rules):
    try:
        return program.normalise_number(text, *(rules or ("1", 10)))
    except program.Failure as failure:
        assert failure.exit_code == 2 and text[:5] + "x" not in failure.sentence
        return None


@given(WILD)
def test_a_number_is_refused_or_is_what_the_portal_wants(text):
    digits = digits_of(text)
    if digits is not None:
        assert digits == portal.normalize_caller_id(digits)
        assert digits.endswith(re.sub("[^0-9]", "", text)[-7:])  # none is invented
        assert digits_of("+" + digits) == digits == digits_of(program.formatted_number(digits))


@given(st.from_regex(r"\A[2-9][0-9]{9}\Z"), st.sampled_from(["%s", "1%s", "+1%s", "0111%s", "001%s"]), st.data())
def test_separators_do_not_matter(national, form, data):
    written = form % national
    for _separator in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(written)))
        written = written[:place] + data.draw(st.sampled_from(" ()-./")) + written[place:]
    assert digits_of(written) == "1" + national


@given(st.text(max_size=3000))
@example("\u202e\x00<script>")
def test_hostile_text_is_shown_harmlessly(text):
    shown = program.shown_text(text)
    assert shown and shown.isprintable() and len(shown) <= 43
    page = program.failure_page(shown, shown, "https://portal.example/login", None, shown)
    assert not re.search(r"<(?!/?(?:html|head|meta|title|link|style|body|main|h1|p|strong|a)\b|!DOCTYPE)", page)
    assert page.encode("utf-8")


@given(WILD)
def test_links_say_the_same_as_arguments(text):
    link = "eccops-portal:" + urllib.parse.quote(text, safe="")
    assert program.number_text(link, "eccops-portal") == text.strip(program.BLANKS).rstrip("/")
    program.number_text("eccops-portal:" + text, "eccops-portal")


@given(st.text(max_size=400))
def test_no_text_of_a_configuration_is_too_wild(text):
    configuration, problems = program.parsed_configuration(text)
    assert problems and len(configuration) == len(program.SETTINGS)
    assert all(problem.isprintable() for problem in problems)


KEYS = st.sampled_from([f"{key} = " for _section, key in program.SETTINGS] + [f"[{section}]" for section, _key in program.SETTINGS] + ["", "# "])


@given(st.lists(st.tuples(KEYS, st.text(max_size=20)), max_size=12))
def test_no_line_of_a_configuration_is_too_wild(lines):
    _configuration, problems = program.parsed_configuration("\n".join(a + b for a, b in lines))
    assert all(isinstance(problem, str) for problem in problems)


@given(st.binary(max_size=300))
def test_no_request_is_too_wild(head):
    assert program.request_verdict(program.parsed_request(head), 4000, "GET", "/" + "a" * 48) in (400, 404, 405)


@given(st.binary(max_size=300))
def test_no_answer_of_a_login_is_too_wild(body):
    token, expires_in = program.token_of_answer(body)
    if token is not None:
        assert NOW - 10**14 < program.token_expiry(token, expires_in, NOW) <= NOW + 3600


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10), lambda each: st.lists(each, max_size=3), max_leaves=4)


@given(st.dictionaries(st.sampled_from(["api_url", "email", "token", "expires_at", "until", "salt", "digest"]), JSON))
def test_no_cache_entry_is_too_wild(entry):
    assert program.cached_token(entry, "https://a.example", "a@b.example", NOW, 600) is None
    account = {"email": "a@b.example", "password": "x"}
    assert not program.is_remembered_as_refused(entry, "https://a.example", account, NOW)
    entry.update(api_url="https://a.example", email="a@b.example", until=NOW + 5, salt=entry.get("salt"))
    assert not program.is_remembered_as_refused(entry, "https://a.example", account, NOW)


@given(st.text(max_size=30), st.text("!~ab%&=+/?#", min_size=1))
def test_the_address_carries_the_token_as_the_collection_does(parameter, token):
    try:
        program.ensure_parameter(parameter)
    except ValueError:
        parameter = "access_token"
    if not program.TOKEN.match(token):
        return
    ours = program.query_location("https://portal.example/query-interface", parameter, "15555555555", token)
    assert ours == portal.portal_query_url(token, "15555555555", "https://portal.example/query-interface", parameter)


@given(st.text("ab.:1-*, ", max_size=12))
def test_proxies_are_bypassed_as_by_urllib(no_proxy):
    for host, port in (("a.b", 443), ("ab.a.b", 8443)):
        theirs = urllib.request.proxy_bypass_environment(f"{host}:{port}", {"no": no_proxy})
        assert program.is_proxy_bypassed(host, port, no_proxy) == bool(theirs)


def test_an_internal_error_is_reported_without_its_data():
    def mistake():
        raise KeyError("a secret")

    assert program.outcome_of(lambda: 5) == (5, None)
    failure = program.outcome_of(mistake)[1]
    assert failure.exit_code == 1 and "KeyError in line" in failure.sentence and "secret" not in failure.sentence
    failure = program.outcome_of(lambda: program.query_location("https://a.example", "p", "1", None))[1]
    assert re.search(r"TypeError in line [1-9][0-9]+", failure.sentence)


def status(mode, user=0, size=10):
    return os.stat_result((mode, 0, 0, 1, user, 0, size, 0, 0, 0))


@pytest.mark.parametrize("mode, user, is_fine", [
    (0o640, 0, True), (0o600, 1000, True), (0o440, 0, True), (0o640, 1001, False), (0o644, 0, False), (0o660, 0, False), (0o641, 0, False)])
def test_whom_a_secret_may_belong_to(mode, user, is_fine):
    assert (program.secret_problem(status(stat.S_IFREG | mode, user), 1000) is None) == is_fine
    assert program.secret_problem(status(stat.S_IFDIR | mode, user), 1000)


@pytest.mark.parametrize("mode, user, is_fine", [(0o700, 1000, True), (0o700, 0, False), (0o750, 1000, False), (0o701, 1000, False)])
def test_whom_a_runtime_directory_may_belong_to(mode, user, is_fine):
    assert (program.directory_problem(status(stat.S_IFDIR | mode, user), 1000) is None) == is_fine
    assert program.directory_problem(status(stat.S_IFLNK | mode, user), 1000) and program.directory_problem(status(stat.S_IFREG | mode, user), 1000)


def test_which_file_systems_are_in_memory():
    lines = "22 1 0:21 / /proc rw - proc proc rw\n30 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"
    lines += "31 22 0:45 / /run/user/1000 rw shared:9 master:1 - tmpfs tmpfs rw\ngarbage\n"
    assert program.is_in_memory(os.makedev(0, 45), lines)
    assert not any(program.is_in_memory(os.makedev(*each), lines) for each in ((254, 0), (0, 21), (0, 4), (9, 9)))


def table_line(local, remote, user=1000, inode=7, state="01"):
    return f"   1: {local} {remote} {state} 00000000:00000000 00:00000000 00000000  {user}        0 {inode} 1\n"


def test_whose_connection_it_is():
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    peer, own = ("127.0.0.1", 0x9C41), ("127.0.0.1", 4000)
    is_little = os.sys.byteorder == "little"
    here, there = ("0100007F", "4242427F") if is_little else ("7F000001", "7F424242")
    prefix = "0000000000000000" + ("FFFF0000" if is_little else "0000FFFF")
    line = table_line(here + ":9C41", here + ":0FA0")
    assert program.user_of_connection(peer, own, [head, line]) == 1000
    assert program.user_of_connection(peer, own, [head + table_line(prefix + here + ":9C41", prefix + here + ":0FA0")]) == 1000
    assert program.user_of_connection(("127.66.66.66", 0x9C41), own, [head + table_line(there + ":9C41", here + ":0FA0", 65534)]) == 65534
    unknown = [
        table_line(here + ":0FA0", here + ":9C41"),  # our own end
        table_line(there + ":9C41", here + ":0FA0"), table_line(here + ":9C41", there + ":0FA0"),  # the ports of somebody else's connection
        table_line(here + ":9C42", here + ":0FA0"), table_line(here + ":9C41", here + ":0FA1"),
        table_line(prefix + here + ":9C41", here + ":0FA0"), table_line("0" * 24 + here + ":9C41", "0" * 24 + here + ":0FA0"),
        table_line("AB" + here + ":9C41", here + ":0FA0"),
        table_line(here + ":9C41", here + ":0FA0", user=0, inode=0, state="06"),  # nobody holds that end any more
        line + table_line(here + ":9C41", here + ":0FA0", user=65534), "garbage\n", ""]
    for text in unknown:
        assert program.user_of_connection(peer, own, [head, text]) is None, text


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(
    ["--number", "--", "-", "--check", "--log-in", "--version", "--help", "--configuration", "--number=", "--number=--check", "/etc/x.ini", "5555555555"])),
    max_size=6))
def test_what_follows_the_mark_of_a_number_is_text(words):
    for mark in (["--number"], ["--"], ["--configuration", "/etc/a.ini", "--number"]):
        path, options, number, problem = program.parsed_arguments(mark + words)
        assert (path, options, problem) == (mark[1] if len(mark) == 3 else None, [], None)
        assert number == (" ".join(words) if words or mark != ["--"] else None)
    path, options, number, problem = program.parsed_arguments(words)
    assert path is None or "--configuration" in words
    assert problem or len(set(options) - {"log-in"}) + (number is not None) <= 1
