# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Service or browser fails: in under five seconds a page with the caller's number, the Portal's login beside it, and the documented exit code."""

import json
import os
import socket
import sys
import time

import pytest
from fallback import assert_fallback
from position import NUMBER
from service_faults import SERVICE_FAULTS


@pytest.mark.parametrize("kind", SERVICE_FAULTS)
def test_trouble_at_the_service(position, sandbox, kind):
    code, reason, more = SERVICE_FAULTS[kind]
    sandbox.fault("login", kind, count=None, **more)
    html = assert_fallback(position, position.call(NUMBER, count=2), code, reason)
    assert reason in html and position.kept("token") is None and position.kept("refusal") is None
    sandbox.admin("DELETE", "/faults")
    (position.memory / "pause.json").unlink(missing_ok=True)
    assert position.call(NUMBER).code == 0


def test_the_page_has_the_number_to_copy_and_whom_to_call(position, sandbox):
    sandbox.fault("login", "unavailable", count=None)
    position.configure(site_contact="Tina & Co. at 555-0100")
    html = assert_fallback(position, position.call(NUMBER, count=2), 5, "HTTP 503")
    assert "<code>15555555555</code>" in html and "call Tina &amp; Co. at 555-0100." in html


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
    assert ended.code == 1 and "an unexpected error occurred" in ended.stderr and ended.stderr.count("\n") == 1
    assert position.values["rapidsos_api_url"] + "/login" in [note["url"] for note in ended.opened]


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
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/reported.new; mv {tmp_path}/reported.new {tmp_path}/reported\n', encoding="ascii")
    program.chmod(0o755)
    position.environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    position.call("911", count=2)
    until = time.monotonic() + 5
    while not (tmp_path / "reported").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / "reported").read_text(encoding="utf-8").splitlines()[2:] == ["--", "911", "the caller&#39;s number has too few digits (3)"]
