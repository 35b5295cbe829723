# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The loopback listener: it answers the right request once, whatever else comes, and is gone. The test is the browser."""

import contextlib
import html
import http.client
import os
import re
import signal
import socket
import struct
import subprocess
import time
import urllib.parse

import pytest
from position import NUMBER, SHOWN


class Visit:
    """A call of the launcher whose browser asks nothing by itself."""

    def __init__(self, position, *arguments):
        position.configure(manner="look", **getattr(position, "changes", {}))
        seen = self._addresses(position)
        self.process = position.start(*arguments)
        until = time.monotonic() + 10
        while not self._addresses(position) - seen:
            assert time.monotonic() < until
            time.sleep(0.02)
        (self.url,) = self._addresses(position) - seen
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port, self.path = parts.netloc, parts.port, parts.path

    @staticmethod
    def _addresses(position):
        """The loopback addresses that browsers were started with so far."""
        return {note["url"] for note in position.opened() if note["url"].startswith("http://127.0.0.1:")}

    def ask(self, method="GET", path=None, host=None, body=None, **headers):
        """Returns (status, headers, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path or self.path, body, {"Host": host or self.host, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8")
        finally:
            connection.close()

    def is_gone(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 2).close()
        except ConnectionRefusedError:
            return True
        return False

    def end(self):
        """Returns (exit code, stderr)."""
        stderr = self.process.communicate(timeout=20)[1]
        return self.process.returncode, stderr


@pytest.fixture(name="visit")
def fixture_visit(position):
    visits = []

    def start(*arguments):
        visits.append(Visit(position, *arguments))
        return visits[-1]

    yield start
    for each in visits:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def test_the_address_is_on_the_loopback_interface_and_cannot_be_guessed(visit):
    one, two = visit(NUMBER), visit(NUMBER)
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/[0-9a-f]{48}", one.url) and one.path != two.path


def test_wrong_requests_are_refused_and_the_right_one_still_works_once(visit):
    page = visit(NUMBER)
    for path in ("/", "/favicon.ico", page.path + "x", page.path[:-1], page.path.upper() + "?", "/" + "0" * 48):
        assert page.ask(path=path)[0] == 404
    for host in ("localhost", "127.0.0.1", f"localhost:{page.port}", f"attacker.example:{page.port}"):
        assert page.ask(host=host)[0] == 404
    for method in ("HEAD", "POST", "OPTIONS", "PUT"):
        status, headers, text = page.ask(method)
        assert status == 405 and "Location" not in headers and text == ""
    status, headers, _text = page.ask()
    assert status == 302 and headers["Connection"] == "close"
    assert page.end() == (0, "") and page.is_gone()


def test_of_two_right_requests_one_is_answered(visit):
    page = visit(NUMBER)
    sockets = [socket.create_connection(("127.0.0.1", page.port)) for _time in range(2)]
    for each in sockets:
        each.sendall(f"GET {page.path} HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
    answers = []
    for each in sockets:
        each.settimeout(5)
        try:
            answers.append(each.recv(10000))
        except ConnectionResetError:
            answers.append(b"")
        each.close()
    assert sorted(answer[:12] for answer in answers) == [b"", b"HTTP/1.1 302"] and page.end()[0] == 0


GARBAGE = [
    b"", b"\0", b"\r\n\r\n", b"GET\r\n\r\n", b"SSH-2.0-scan\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), b"GET / HTTP/1.1\r\nHost",
    b"A" * 40000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000, b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"\xff" * 100 + b"\r\n\r\n"]


def test_what_scanners_send_is_survived(visit):
    page = visit(NUMBER)
    kept = []
    for each in GARBAGE * 2:
        kept.append(socket.create_connection(("127.0.0.1", page.port)))
        try:
            kept[-1].sendall(each)
        except OSError:
            pass
    for each in kept[len(GARBAGE) :]:
        each.close()
    assert page.ask()[0] == 302 and page.end() == (0, "")
    for each in kept:
        each.close()


def test_idle_connections_are_in_nobodys_way(visit):
    page = visit(NUMBER)
    idle = [socket.create_connection(("127.0.0.1", page.port)) for _time in range(100)]
    assert page.ask()[0] == 302 and page.end() == (0, "")
    for each in idle:
        each.close()


@contextlib.contextmanager
def stopped(process):
    """What is done meanwhile the launcher finds all at once."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_the_oldest_of_too_many_connections_is_dropped_while_it_speaks(visit):
    page = visit(NUMBER)
    idle = [socket.create_connection(("127.0.0.1", page.port)) for _time in range(63)]
    assert page.ask(path="/")[0] == 404  # so all of them were accepted
    with stopped(page.process):
        idle[0].sendall(b"G" * 20000)  # more than is read at once
        idle += [socket.create_connection(("127.0.0.1", page.port)) for _time in range(2)]
    assert page.ask()[0] == 302 and page.end() == (0, "")
    for each in idle:
        each.close()


def test_who_asks_rightly_and_is_gone_at_once_is_in_nobodys_way(visit):
    page = visit(NUMBER)
    with stopped(page.process):
        gone = socket.create_connection(("127.0.0.1", page.port))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets the connection
        gone.sendall(f"GET {page.path} HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
        gone.close()
    assert page.ask()[0] == 302 and page.end() == (0, "")


def test_a_request_that_comes_in_pieces(visit):
    page = visit(NUMBER)
    with socket.create_connection(("127.0.0.1", page.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"GET {page.path} HTTP/1.1\r\nHost: {page.host}\r\n\r\n":
            connection.sendall(byte.encode())
        assert connection.recv(12) == b"HTTP/1.1 302"


def test_another_user_of_the_machine_gets_nothing(visit, tmp_path):
    """The address can be read in the list of processes."""
    if os.geteuid():
        pytest.skip("needs root, to become another user")
    page = visit(NUMBER)
    code = f"""
import os, socket
os.setuid(65534)
with socket.socket() as connection:
    connection.connect(("127.0.0.1", {page.port}))
    connection.sendall(b"GET {page.path} HTTP/1.1\\r\\nHost: {page.host}\\r\\n\\r\\n")
    print(connection.recv(12).decode())"""
    ended = subprocess.run(["/usr/bin/python3", "-I", "-c", code], capture_output=True, text=True, check=False, cwd="/")
    assert (ended.stdout, ended.stderr) == ("HTTP/1.1 404\n", "")
    assert page.ask()[0] == 302


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
