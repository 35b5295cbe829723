# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Where the account is the user's own: the form asks for it once per session, and takes it from its own page only."""

import html
import re
import socket
import urllib.parse

import pytest
from position import NUMBER, SHOWN


def form_of(text):
    return html.unescape(re.search(r'<form method="post" action="([^"]+)"', text).group(1))


@pytest.fixture(name="asking")
def fixture_asking(position):
    """A position where the user is asked for the account."""
    (position.directory / "account.json").unlink()
    position.changes = {"account_source": "user"}
    return position


def submit(page, account, **changes):
    status, headers, text = page.ask()
    assert status == 200 and f"<h1>{SHOWN}</h1>" in text and 'type="password"' in text
    assert headers["Referrer-Policy"] == "same-origin"  # else browsers send "Origin: null"
    request = {"Origin": "http://" + page.host, "Content-Type": "application/x-www-form-urlencoded", **changes}
    return page.ask("POST", form_of(text), body=urllib.parse.urlencode(account), **request)


def test_the_user_is_asked_once_per_session(asking, visit, sandbox, logins):
    page = visit(NUMBER)
    status, headers, _text = submit(page, asking.account)
    assert status == 303 and headers["Location"].startswith(sandbox.values["rapidsos_query_url"]) and headers["Referrer-Policy"] == "no-referrer"
    assert page.end() == (0, "") and asking.kept("account") == asking.account
    assert visit(NUMBER).ask()[0] == 302
    (asking.memory / "token.json").unlink()
    assert visit(NUMBER).ask()[0] == 302 and logins() == ["login"] * 2
    assert {path.stat().st_mode & 0o777 for path in asking.memory.iterdir()} == {0o600}


def test_the_form_is_taken_from_its_own_page_only(asking, visit, logins):
    page = visit(NUMBER)
    text = page.ask()[2]
    action = form_of(text)
    assert page.ask()[0] == 404 and page.ask(path=action)[0] == 405
    good = {"Origin": "http://" + page.host, "Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(asking.account)
    for change, status in (({"Origin": "null"}, 403), ({"Origin": "https://attacker.example"}, 403), ({"Content-Type": "text/plain"}, 415)):
        assert page.ask("POST", action, body=body, **{**good, **change})[0] == status
    assert page.ask("POST", action, body=body, **{"Content-Type": good["Content-Type"]})[0] == 403
    assert page.ask("POST", action, body="x" * 20000, **good)[0] == 413
    assert logins() == []
    assert page.ask("POST", action, body=body, **good)[0] == 303 and page.end()[0] == 0


def test_a_refused_login_forgets_what_was_typed(asking, visit, logins):
    assert submit(visit(NUMBER), asking.account)[0] == 303
    (asking.memory / "token.json").unlink()
    (asking.memory / "account.json").write_text('{"email": "%s", "password": "outdated"}' % asking.account["email"], encoding="utf-8")
    page = visit(NUMBER)
    status, _headers, text = page.ask()
    assert status == 200 and "HTTP 401" in text and "<form" not in text and page.end()[0] == 4
    assert asking.kept("account") is None
    page = visit(NUMBER)
    status, _headers, text = submit(page, {**asking.account, "password": "outdated"})
    assert status == 200 and "less than 15 minutes ago" in text and page.end()[0] == 4
    assert submit(visit(NUMBER), asking.account)[0] == 303
    assert logins() == ["login", "login_refused", "login"]


def test_who_types_another_password_gets_no_kept_session(asking, visit, logins):
    assert submit(visit(NUMBER), asking.account)[0] == 303
    (asking.memory / "account.json").unlink()
    page = visit(NUMBER)
    assert submit(page, {**asking.account, "password": "guessed"})[0] == 200 and page.end()[0] == 4
    assert logins() == ["login", "login_refused"]


def test_an_empty_form(asking, visit):
    page = visit(NUMBER)
    status, _headers, text = submit(page, {"email": "", "password": ""})
    assert status == 200 and f"<title>{SHOWN}</title>" in text and page.end()[0] == 3


def test_the_form_says_whose_it_is(asking, visit):
    asking.changes["site_name"] = "Harbor <County> 911"
    text = visit(NUMBER).ask()[2]
    assert f"the Portal launcher of Harbor &lt;County&gt; 911 on this computer, {socket.gethostname()}." in text and "begins with 127.0.0.1" in text
