# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Password and token are planted, and searched for in all processes, output, journal and files while the launcher runs."""

import contextlib
import json
import os
import socket
import subprocess

import pytest
from position import NUMBER
from secret_search import MARKER, Watch, assert_nowhere, files_below


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, "refused", "garbage", "error_after_effect_empty_500", "latency", "no_query_url"])
def test_nothing_secret_is_anywhere_else(position, sandbox, fault):
    position.configure(manner="late")  # so that there is time to look
    if fault == "refused":
        position.write_account(password=MARKER)
        position.account["password"] = MARKER
    elif fault == "no_query_url":
        position.configure(manner="late", portal_query_url=None)
    elif fault:
        sandbox.fault("login", fault, count=None, **({"seconds": 30} if fault == "latency" else {}))
    with Watch() as watch:
        ended = position.call(NUMBER, count=1 if fault is None else 2)
    assert (ended.code == 0) == (fault is None)
    token = (position.kept("token") or {}).get("token")
    assert bool(token) == (fault is None)
    secrets = [position.account["password"], *([token] if token else [])]
    assert any(str(position.path).encode() in text for text in watch.seen)  # the launcher was seen
    assert_nowhere(secrets, watch.seen)
    assert_nowhere(secrets, [ended.stdout.encode(), ended.stderr.encode()])
    for path, content in files_below(position.directory).items():
        if path.name != "account.json" and path.parent != position.notes:
            assert_nowhere(secrets, [content])
    for note in ended.opened:  # of what the browser was described, the redirect alone bears the token
        location = note.get("answer", {}).get("headers", {}).pop("Location", "")
        assert bool(location) == bool(token)
        assert_nowhere(secrets, [json.dumps(note, ensure_ascii=False).encode()])
    for path, content in files_below(position.runtime).items():
        assert_nowhere(secrets[:1], [content])
        if path.name != "token.json":
            assert_nowhere(secrets, [content])


def test_exceptions_and_failures_do_not_quote_secrets(position):
    """A secret that is no text HTTP or JSON could carry must not come back in a message."""
    for content in ('{"email": "a@b.example", "password": "%s", }' % MARKER, '["%s"]' % MARKER, '{"email": "a@b.example", "password": ["%s"]}' % MARKER):
        (position.directory / "account.json").write_text(content, encoding="utf-8")
        ended = position.call(NUMBER, count=2)
        assert ended.code == 3
        assert_nowhere([MARKER], [ended.stderr.encode(), json.dumps(ended.opened, ensure_ascii=False).encode()])
    position.write_account(password="Mark-4711 \ud800")
    ended = position.call(NUMBER, count=2)
    assert_nowhere([MARKER], [ended.stderr.encode(), json.dumps(ended.opened, ensure_ascii=False).encode()])


@pytest.fixture(name="journal")
def fixture_journal(position, tmp_path):
    """The program's own mount namespace has a /dev with a socket of this test for syslog; returns all lines that were sent to it."""
    if os.geteuid():
        pytest.skip("needs root, to give the program a /dev of its own")
    devices = tmp_path / "dev"
    devices.mkdir()
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        os.mknod(devices / name, 0o020666, os.makedev(1, minor))
    (devices / "shm").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(devices / "log"))
        journal.settimeout(5)
        script = f'mount --bind /dev/shm {devices}/shm && mount --rbind {devices} /dev && exec "$@"'
        position.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        probe = subprocess.run([*position.prefix, "true"], capture_output=True, text=True, check=False)
        if probe.returncode:
            pytest.skip("no mount namespace here: " + probe.stderr.strip())
        journal.setblocking(False)

        def lines():
            reported = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    reported.append(journal.recv(4096))
            assert all(b"portal-launcher[" in line for line in reported)
            return [line.partition(b"]: ")[2].decode() for line in reported]  # what stands before is priority, time and process

        yield lines


def test_the_journal_reports_a_login_once_and_not_the_caller(position, journal):
    assert position.call(NUMBER).code == 0 and position.call(NUMBER).code == 0
    api_url = position.values["rapidsos_api_url"]
    assert journal() == ["logged in at %s as %s" % (api_url, position.account["email"])]


def test_the_journal_reports_a_refused_login_without_secrets_or_the_number(position, journal):
    position.account["password"] = MARKER
    position.write_account(password=MARKER)
    assert position.call(NUMBER, count=2).code == 4
    attempt, failure = journal()
    assert attempt == "login at %s as %s failed (login_refused)" % (position.values["rapidsos_api_url"], position.account["email"])
    assert failure.endswith("(login_refused, exit code 4)") and "555" not in attempt + failure
    assert_nowhere([MARKER], [attempt.encode(), failure.encode()])


def test_the_journal_does_not_repeat_what_was_typed_in_place_of_an_address(position, journal):
    position.account.update(email=MARKER, password="launcher@ecc.example")
    position.write_account(**position.account)
    assert position.call(NUMBER, count=2).code != 0
    reported = journal()
    assert reported and reported[0].startswith("login at ") and "as what is no e-mail address failed" in reported[0]
    assert_nowhere([MARKER], [line.encode() for line in reported])
