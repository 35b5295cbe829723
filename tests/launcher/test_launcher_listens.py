# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The loopback listener: it answers the right request once, whatever else comes, and is gone. The test is the browser."""

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess

import pytest
from position import BROWSER, NUMBER, PROGRAM


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


PEER = """
import os, socket, sys
user, source, port, path, host, target = sys.argv[1:]
os.setgid(int(user))
os.setuid(int(user))
with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET) as connection:
    if source:
        connection.bind((source, 0))
    connection.connect((target, int(port)))
    connection.sendall(f"GET {path} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
    print(connection.recv(20000).decode())
"""


def answer_to(page, user, source="", target="127.0.0.1"):
    """What a program of this user is answered that asks rightly from this address."""
    command = ["/usr/bin/python3", "-I", "-c", PEER, str(user), source, str(page.port), page.path, page.host, target]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=30)
    assert ended.stderr == ""
    return ended.stdout


@pytest.mark.parametrize("source", ["", "127.0.0.1", "127.66.66.66", "127.0.0.2", "::ffff:127.0.0.1", "::ffff:127.66.66.66"])
def test_another_user_of_the_machine_gets_nothing(visit, source):
    """The address can be read in the list of processes."""
    page = visit(NUMBER)
    answer = answer_to(page, 65534, source, "::ffff:127.0.0.1" if ":" in source else "127.0.0.1")
    assert answer.startswith("HTTP/1.1 404 ") and "Location" not in answer and "token" not in answer
    status, headers, _text = page.ask()
    assert status == 302 and "access_token=" in headers["Location"] and page.end() == (0, "")


def test_a_dispatcher_is_distinguished_from_another_user_and_from_root(position, visit):
    """As on a position: the launcher runs for an ordinary user, who can change nothing of it."""
    dispatcher = 65533
    program, browser, authorities = (shutil.copy(path, position.directory) for path in (PROGRAM, BROWSER, position.values["rapidsos_ca_path"]))
    os.chmod(authorities, 0o644)
    position.program = program
    position.changes.update(browser_command=f"/usr/bin/python3 -I -S {browser} {position.notes} look", portal_ca_path=authorities)
    position.prefix = ["setpriv", f"--reuid={dispatcher}", f"--regid={dispatcher}", "--clear-groups"]
    position.directory.chmod(0o755)
    for path in (position.notes, position.runtime):
        os.chown(path, dispatcher, dispatcher)
    os.chown(position.directory / "account.json", 0, dispatcher)
    page = visit("--number", NUMBER)
    for user, source in ((65534, ""), (65534, "127.66.66.66"), (0, ""), (dispatcher, "127.66.66.66")):
        assert answer_to(page, user, source).startswith("HTTP/1.1 404 ")
    assert answer_to(page, dispatcher).startswith("HTTP/1.1 302 ") and page.end() == (0, "")


@pytest.mark.parametrize("source", ["127.66.66.66", "::ffff:127.0.0.2"])
def test_another_address_of_the_machine_gets_nothing(visit, source):
    page = visit(NUMBER)
    assert answer_to(page, os.geteuid(), source, "::ffff:127.0.0.1" if ":" in source else "127.0.0.1").startswith("HTTP/1.1 404 ")
    assert page.ask()[0] == 302 and page.end() == (0, "")


def test_a_browser_that_connects_by_ipv6_is_known(visit):
    """Its socket stands in /proc/net/tcp6."""
    page = visit(NUMBER)
    assert answer_to(page, os.geteuid(), target="::ffff:127.0.0.1").startswith("HTTP/1.1 302 ") and page.end() == (0, "")
