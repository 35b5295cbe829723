# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Whatever fails: in under five seconds a page with the caller's number, the Portal's login beside it, and the documented exit code."""

import errno
import json
import os
import socket
import sys
import time

import pytest
from position import NUMBER, SHOWN

#: exit code, a word of the reason, and the fault of the sandbox's login
SERVICE_FAULTS = {
    "latency": (5, "did not answer within 3.0 seconds", {"seconds": 8}),
    "slow_drip": (5, "did not answer within 3.0 seconds", {"seconds": 0.6}),
    "garbage": (5, "no login", {}),
    "html": (5, "no login", {}),
    "truncated_json": (5, "no login", {}),
    "too_many_requests": (5, "asks to wait", {"seconds": 60}),
    "unavailable": (5, "has trouble (HTTP 503)", {}),
    "bad_gateway": (5, "has trouble (HTTP 502)", {}),
    "error_after_effect_empty_500": (5, "has trouble (HTTP 500)", {}),
    "disconnect_before_effect": (5, "answered what is no login", {}),
    "disconnect_after_effect": (5, "answered what is no login", {}),
}


def assert_fallback(position, ended, code, reason, headline=SHOWN):
    """The page and the plain login were opened in time, and the reason was told in one line."""
    assert ended.code == code, ended
    page, login = sorted(ended.opened, key=lambda note: not note["url"].startswith("http://127.0.0.1:"))
    assert login["url"] == position.values["rapidsos_api_url"] + "/login"
    assert page["answer"]["status"] == 200 and page["answer"]["headers"]["Cache-Control"] == "no-store"
    html = page["answer"]["body"]
    assert f"<title>{headline}</title>" in html and f"<h1>{headline}</h1>" in html
    assert f'<a href="{login["url"]}">' in html and "<script" not in html and "http://" not in html
    assert ended.stderr.count("\n") == 1 and reason in ended.stderr and f"(exit code {code})" in ended.stderr
    assert ended.seconds < 5 and page["answered_at"] - page["started_at"] < 5
    return html


@pytest.mark.parametrize("kind", SERVICE_FAULTS)
def test_trouble_at_the_service(position, sandbox, kind):
    code, reason, more = SERVICE_FAULTS[kind]
    sandbox.fault("login", kind, count=None, **more)
    html = assert_fallback(position, position.call(NUMBER, count=2), code, reason)
    assert reason in html and position.kept("token") is None and position.kept("refusal") is None
    sandbox.admin("DELETE", "/faults")
    assert position.call(NUMBER).code == 0


def test_each_failing_call_asks_once(position, sandbox):
    sandbox.fault("login", "error_after_effect_empty_500", count=None)
    before = sandbox.last_seq()
    assert position.call(NUMBER, count=2).code == 5
    assert [entry["effect"] for entry in sandbox.audit(before)] == ["login"]


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("url, reason", [
    ("https://localhost:%d", "cannot be reached: Connection refused"), ("https://no-such-host.invalid:%d", "no-such-host.invalid")])
def test_nobody_answers(position, url, reason):
    position.configure(portal_api_url=url % closed_port())
    assert_fallback(position, position.call(NUMBER, count=2), 5, reason)


def test_a_name_that_is_never_resolved(position, tmp_path):
    """A name server that does not answer: resolving has no timeout of its own that would be short enough."""
    if os.geteuid():
        pytest.skip("needs root, to give the program another /etc/resolv.conf")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.53", 53))
        except OSError as error:
            pytest.skip(f"port 53 of 127.0.0.53 cannot be had: {error}")
        (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.53\n", encoding="ascii")
        position.configure(portal_api_url="https://portal.example")
        script = f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec "$@"'
        position.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        assert_fallback(position, position.call(NUMBER, count=2), 5, "did not answer within 3.0 seconds")


def test_a_server_that_is_not_trusted(position, sandbox):
    position.configure(portal_ca_path=None)
    assert_fallback(position, position.call(NUMBER, count=2), 5, "is not trusted: ")
    assert position.kept("token") is None


def test_a_server_that_speaks_no_tls(position, sandbox):
    url = sandbox.values["sandbox_admin_url"].replace("http://", "https://")
    position.configure(portal_api_url=url)
    assert_fallback(position, position.call(NUMBER, count=2), 5, "there is no secure connection")


def test_a_refused_login_is_not_tried_again_until_the_account_changes(position, logins):
    position.write_account(password="wrong")
    assert_fallback(position, position.call(NUMBER, count=2), 4, "refused the login (HTTP 401)")
    for _call in range(3):
        assert_fallback(position, position.call(NUMBER, count=2), 4, "less than 15 minutes ago")
    assert logins() == ["login_refused"]
    kept = json.dumps(position.kept("refusal"))
    assert "wrong" not in kept and position.account["email"] in kept
    position.write_account()
    assert position.call(NUMBER).code == 0 and logins() == ["login_refused", "login"]
    assert position.kept("refusal") is None


def test_a_refusal_is_forgotten_after_fifteen_minutes(position, logins):
    position.write_account(password="wrong")
    assert position.call(NUMBER, count=2).code == 4
    path = position.memory / "refusal.json"
    path.write_text(json.dumps({**position.kept("refusal"), "until": time.time() - 1}), encoding="utf-8")
    assert position.call(NUMBER, count=2).code == 4 and logins() == ["login_refused"] * 2


def test_two_refused_calls_at_once_are_one_login(position, logins):
    position.write_account(password="wrong")
    processes = [position.start(NUMBER) for _time in range(3)]
    assert [(process.communicate(timeout=20), process.returncode)[1] for process in processes] == [4] * 3
    assert logins() == ["login_refused"]


def test_a_locked_account(position, sandbox, logins):
    for _time in range(5):
        sandbox.login(password="wrong")
    assert_fallback(position, position.call(NUMBER, count=2), 4, "refused the login (HTTP 403)")
    assert position.call(NUMBER, count=2).code == 4 and logins()[-1] == "login_refused" and len(logins()) == 7
    sandbox.admin("POST", f"/accounts/{position.account['email']}/unlock")


ATTACK = "<img src=x onerror=alert(1)>\x07\x1b[2J" + "\u202e" + "A" * 200


@pytest.mark.parametrize("number, reason, headline", [
    ("555-555-5555 x123", "extension", "555-555-5555 x123"), ("911", "too few digits (3)", "911"), ("", "no caller&#39;s number", "No number"),
    ("eccops-portal:", "no caller&#39;s number", "No number"),
    (ATTACK, "longer than any", "&lt;img src=x onerror=alert(1)&gt; [2J AAAAAAA..."),
    ("eccops-portal:%3Cscript%3Ealert(1)%3C/script%3E", "letters", "&lt;script&gt;alert(1)&lt;/script&gt;")])
def test_a_number_that_is_refused(position, logins, number, reason, headline):
    ended = position.call(number, count=2)
    html = assert_fallback(position, ended, 2, reason.replace("&#39;", "'"), headline)
    assert reason in html and logins() == []
    for text in (html, ended.stderr):
        assert "\x07" not in text and "\x1b" not in text and "\u202e" not in text and "<img" not in text and "<script" not in text


#: More files than select() can tell apart are open: a mistake of the program's own as good as any.
LEAKING = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
for _time in range(1100):
    os.set_inheritable(os.dup(0), True)
os.execvp(sys.argv[1], sys.argv[1:])"""


@pytest.mark.parametrize("number", [NUMBER, "911"])
def test_what_nobody_expected_still_opens_the_login(position, number):
    position.prefix = [sys.executable, "-I", "-c", LEAKING]
    position.configure(manner="look")
    ended = position.call(number, count=2)
    assert ended.code == 1 and "an unexpected error happened" in ended.stderr and ended.stderr.count("\n") == 1
    assert position.values["rapidsos_api_url"] + "/login" in [note["url"] for note in ended.opened]


def test_standard_input_that_says_nothing(position):
    reading, writing = os.pipe()
    try:
        assert_fallback(position, position.call("-", count=2, stdin=reading), 2, "no caller's number", "No number")
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("arguments, reason, headline", [
    (["555", "555", "5555"], "more than one number", SHOWN), (["--ani", NUMBER], "unknown or incomplete option --ani", SHOWN),
    ([NUMBER, "--log-in"], "--log-in belongs to --check", SHOWN)])
def test_a_wrong_command_line(position, arguments, reason, headline):
    assert_fallback(position, position.call(*arguments, count=2), 2, reason, headline)


@pytest.mark.parametrize("changes, reason", [
    ({"portal_api_url": "http://localhost"}, "api_url in [portal] must be an https URL"), ({"portal_query_url": None}, "query_url is missing"),
    ({"portal_host": "x"}, "there is no key host in [portal]"), ({"account_source": "command"}, "command in [account] belongs to")])
def test_a_configuration_that_cannot_be_used(position, logins, changes, reason):
    position.configure(**changes)
    assert_fallback(position, position.call(NUMBER, count=2), 3, reason)
    assert logins() == []


def test_byte_order_mark_and_line_ends_of_windows_are_fine(position):
    text = position.path.read_text(encoding="utf-8")
    position.path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert position.call(NUMBER).code == 0


def test_a_ca_file_that_is_none(position, tmp_path):
    (tmp_path / "ca.pem").write_text("hello", encoding="ascii")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        position.configure(portal_ca_path=str(path))
        assert_fallback(position, position.call(NUMBER, count=2), 3, "cannot be read as PEM certificates")


@pytest.mark.parametrize("damage, reason", [
    ("missing", "No such file or directory"), ("world", "its mode must be 0640"), ("group_writes", "its mode must be 0640"),
    ("foreign", "another user than root"), ("link", os.strerror(errno.ELOOP)), ("directory", "no regular file"), ("fifo", "no regular file"),
    ("garbage", "it is not JSON"), ("form", "it is not of the form"), ("huge", "64 KiB")])
def test_a_secret_that_cannot_be_trusted(position, logins, damage, reason):
    path = position.directory / "account.json"
    content = path.read_bytes()
    path.unlink()
    if damage in ("directory", "fifo"):
        path.mkdir(mode=0o750) if damage == "directory" else os.mkfifo(path, 0o600)
    elif damage == "link":
        (position.directory / "other").write_bytes(content)
        path.symlink_to(position.directory / "other")
    elif damage != "missing":
        path.write_bytes({"garbage": b"\xff{", "form": b'{"email": "a@b.example"}', "huge": b" " * 70000}.get(damage, content))
        path.chmod({"world": 0o644, "group_writes": 0o660}.get(damage, 0o640))
        if damage == "foreign":
            if os.geteuid():
                pytest.skip("needs root, to give the file to another user")
            os.chown(path, 65534, -1)
    ended = position.call(NUMBER, count=2)
    assert_fallback(position, ended, 3, reason)
    assert logins() == [] and position.account["password"] not in ended.stderr


@pytest.mark.parametrize("command, reason", [
    ("/bin/false", "ended with exit code 1"), ("/bin/echo secret-from-the-vault", "it is not JSON"), ("/no/such/program", "No such file or directory"),
    ("/bin/sleep 60", "did not end within 2 seconds"), ("/usr/bin/yes", "64 KiB"), ("/bin/sh -c 'sleep 60 & echo {}'", "did not end within 2 seconds")])
def test_a_command_for_the_account_that_fails(position, logins, command, reason):
    position.configure(account_source="command", account_command=command)
    ended = position.call(NUMBER, count=2)
    html = assert_fallback(position, ended, 3, reason)
    assert logins() == [] and "secret-from" not in html + ended.stderr


def test_no_browser(position):
    position.configure(manner="fail")
    ended = position.call(NUMBER)
    assert ended.code == 6 and "ended with exit code 3" in ended.stderr and ended.seconds < 5
    assert position.call().code == 6
    position.configure(browser_command="/no/such/browser")
    ended = position.call(NUMBER, count=0)
    assert ended.code == 6 and "/no/such/browser: No such file or directory" in ended.stderr
    position.configure(browser_command=None)
    position.environment["PATH"] = str(position.directory)
    ended = position.call(NUMBER, count=0)
    assert ended.code == 6 and "install xdg-utils" in ended.stderr


@pytest.mark.slow
def test_a_browser_that_never_asks(position):
    """The Portal's login is opened in the end, and the program ends."""
    position.configure(manner="look")
    ended = position.call(NUMBER, count=2)
    assert ended.code == 6 and "did not open the page" in ended.stderr and 9.5 < ended.seconds < 13
    assert ended.opened[1]["url"].endswith("/login")


def test_the_login_is_opened_even_before_a_slow_browser_asks(position):
    position.configure(manner="late")
    ended = position.call("911", count=2)
    page, login = sorted(ended.opened, key=lambda note: "answer" not in note)
    assert ended.code == 2 and page["answer"]["status"] == 200 and login["started_at"] < page["answered_at"]


def test_a_notification_where_there_is_one(position, tmp_path):
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/told.new; mv {tmp_path}/told.new {tmp_path}/told\n', encoding="ascii")
    program.chmod(0o755)
    position.environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    position.call("911", count=2)
    until = time.monotonic() + 5
    while not (tmp_path / "told").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / "told").read_text(encoding="utf-8").splitlines()[2:] == ["--", "911", "the caller&#39;s number has too few digits (3)"]
