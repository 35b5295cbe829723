# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A login that takes long: who waits sees it, what it brings is used, and what comes too late for its call is kept for the next one."""

import pytest
from fallback import assert_fallback
from position import NUMBER, PROGRAM, SHOWN


@pytest.fixture(name="hurried")
def fixture_hurried(position):
    """A position whose time is up after half a second: as late as a program whose own start took four seconds."""
    text = PROGRAM.read_text(encoding="utf-8")
    position.program = position.directory / "portal-launcher"
    position.program.write_text(text.replace("DECISION_SECONDS = 4.5", "DECISION_SECONDS = 0.5"), encoding="utf-8")
    position.program.chmod(0o755)
    return position


def address_meanwhile(page):
    """Returns the address to which the page leads that is shown meanwhile."""
    status, headers, text = page.ask()
    assert status == 200 and f"<h1>{SHOWN}</h1>" in text and "takes longer than usual" in text and "/login" in text
    seconds, _semicolon, address = headers["Refresh"].partition("; url=")
    assert seconds == "1" and headers["Cache-Control"] == "no-store"
    return address


def test_who_waits_sees_a_page_and_then_the_portal(hurried, visit, sandbox, logins):
    sandbox.fault("login", "latency", seconds=1.5)
    page = visit(NUMBER)
    address = address_meanwhile(page)
    assert page.ask()[0] == 404
    status, headers, _text = page.ask(path=address)
    assert status == 302 and headers["Location"].startswith(sandbox.values["rapidsos_query_url"]) and page.end() == (0, "")
    assert logins() == ["login"]


def test_two_calls_wait_for_one_login(hurried, visit, sandbox, logins):
    """The second has no time left when the first is done."""
    sandbox.fault("login", "latency", seconds=2)
    pages = [visit(NUMBER), visit(NUMBER)]
    addresses = [address_meanwhile(page) for page in pages]
    assert [page.ask(path=address)[0] for page, address in zip(pages, addresses)] == [302, 302] and [page.end()[0] for page in pages] == [0, 0]
    assert logins() == ["login"]


def test_what_comes_too_late_for_one_call_is_in_time_for_the_next(hurried, visit, sandbox, logins):
    """A call waits as long as another's login can take, and not as long as its own could."""
    hurried.changes = {"session_login_timeout_seconds": "1"}
    sandbox.fault("login", "latency", seconds=3)
    pages = [visit(NUMBER), visit(NUMBER)]
    answers = [page.ask(path=address_meanwhile(page)) for page in pages]
    assert sorted(status for status, _headers, _text in answers) == [200, 302] and sorted(page.end()[0] for page in pages) == [0, 5]
    assert logins() == ["login"]


def test_who_waits_in_vain_is_told_why(hurried, visit, sandbox):
    hurried.changes = {"session_login_timeout_seconds": "1"}
    sandbox.fault("login", "latency", seconds=2)
    page = visit(NUMBER)
    status, _headers, text = page.ask(path=address_meanwhile(page))
    assert status == 200 and "did not answer within 1.0 seconds" in text and page.end()[0] == 5


@pytest.mark.parametrize("kind, seconds", [("latency", 5), ("slow_drip", 0.6)])
def test_a_token_that_comes_too_late_is_kept(position, sandbox, logins, kind, seconds):
    sandbox.fault("login", kind, seconds=seconds)
    assert_fallback(position, position.call(NUMBER, count=2), 5, "did not answer within 3.0 seconds")
    assert position.kept("token")["token"] and position.call(NUMBER).code == 0 and logins() == ["login"]
