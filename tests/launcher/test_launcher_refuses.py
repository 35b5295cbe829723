# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Call, configuration or account are wrong: the same page and the login, exit code 2 or 3, and nobody logs in."""

import errno
import os

import pytest
from fallback import assert_fallback
from position import NUMBER, SHOWN

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
def test_standard_input_that_says_nothing(position):
    reading, writing = os.pipe()
    try:
        assert_fallback(position, position.call("-", count=2, stdin=reading), 2, "no caller's number", "No number")
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("arguments, reason, headline", [
    (["555", "555", "5555"], "more than one number", SHOWN), (["--ani", NUMBER], "unknown or incomplete option --ani", SHOWN),
    ([NUMBER, "--log-in"], "--log-in requires --check", SHOWN)])
def test_a_wrong_command_line(position, arguments, reason, headline):
    assert_fallback(position, position.call(*arguments, count=2), 2, reason, headline)


@pytest.mark.parametrize("changes, reason", [
    ({"portal_api_url": "http://localhost"}, "api_url in [portal] must be an https URL"), ({"portal_query_url": None}, "query_url is missing"),
    ({"portal_host": "x"}, "there is no key host in [portal]"), ({"account_source": "command"}, "command in [account] is required")])
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
    ("foreign", "a user other than root"), ("link", os.strerror(errno.ELOOP)), ("directory", "not a regular file"), ("fifo", "not a regular file"),
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
