# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC is proved before it is switched to, by the account that uses it; what fails after the switch puts the old one back."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import threading

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import WantedSac
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import NEEDS_ROOT, Place, refusal, shipped
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

UNKNOWN = response(404, {"Number": 1109, "Message": "no such credential"})


@pytest.fixture(name="service")
def fixture_service(serve, server_context, ca_path):
    """Returns a function that starts a service which wants a SAC of our CA, and the options that name it."""
    def start(*script):
        server = serve(*script, context=server_context(client_ca_path=ca_path))
        return server, {"probe": True, "api_url": server.url() + "/rapid", "ca_path": ca_path}

    return start


def test_a_sac_is_proved_before_it_is_switched_to(place, sacs, service):
    at_request = []

    def answer(connection):
        at_request.append(place.in_use())
        connection.sendall(UNKNOWN)

    server, options = service(answer)
    assert place.have(sacs[0], **options)["is_proven"] is True
    assert place.have(sacs[1], **options)["is_proven"] is True
    assert [each and each[1] for each in at_request] == [None, b"passphrase 0"]
    assert {(each.method, each.path) for each in server.requests} == {("GET", "/rapid/requests/00000000-0000-0000-0000-000000000000")}
    assert place.have(sacs[1], **options)["is_proven"] is None and len(server.requests) == 2
    assert place.have(sacs[0], is_check_mode=True, **options)["is_proven"] is None and len(server.requests) == 2
    assert place.have(sacs[0], is_check_mode=True, probe_in_check_mode=True, **options)["is_proven"] is True and len(server.requests) == 3


ANSWERS = {
    "a page": (response(404, b"<html>"), "refused", "HTTP 404"),
    "a page that forbids": (response(403, b"<html>"), "sac_refused", "HTTP 403"),
    "a redirect": (response(302, b"", [("Location", "https://elsewhere.invalid/")]), "unusable_answer", "HTTP 302"),
    "an empty answer": (response(200, b""), "unusable_answer", "an empty body"),
    "a compressed one": (response(200, b"x" * 99, [("Content-Encoding", "gzip, gzip")]), "unusable_answer", "content encoding"),
    "an unfinished one": (response(200, b"{", length=100), "answer_timed_out", "within 3 s"),
    "no answer": (lambda connection: None, "connection_cut", "cut the connection"),
    "503": (response(503, b"", [("Retry-After", "900")]), "refused", "HTTP 503"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_where_the_proof_fails_everything_stays_as_it_was(name, place, sacs, service):
    answer, kind, words = ANSWERS[name]
    unused_server, options = service(answer)
    place.have(sacs[0])
    left = place.listing()
    refusal(kind, lambda: place.have(sacs[1], timeout_seconds=3, **options), words, "what was in use stays")
    assert place.listing() == left


@pytest.mark.parametrize("number", [1109, 13, 1402])
def test_any_answer_of_rapidauths_own_is_a_proof(place, sacs, service, number):
    unused_server, options = service(response(500 if number != 13 else 400, {"Number": number, "Message": "said"}))
    assert place.have(sacs[0], **options)["is_proven"] is True


def test_a_sac_that_the_service_refuses_is_said_with_its_fingerprint(place, sacs, other_authority, service):
    unused_server, options = service(UNKNOWN)
    place.have(sacs[0])
    foreign = shipped(other_authority, "Foreign")
    error = refusal("sac_refused", lambda: place.have(foreign, **options), WantedSac(**_named(foreign)).sha256_fingerprint, "unknown ca", "dashboard")
    assert "what was in use stays" in error.message and place.in_use()[1] == b"passphrase 0"


def _named(sac):
    return {"pem": sac["sac_content"], "passphrase": sac["sac_passphrase"]}


def test_temporary_trouble_is_tried_again_and_a_slow_drip_is_not_waited_for(place, sacs, service):
    server, options = service(response(503, b"", [("Retry-After", "0")]), response(429, b"", [("Retry-After", "0")]), UNKNOWN)
    assert place.have(sacs[0], **options)["is_proven"] is True and len(server.requests) == 3

    pause = threading.Event()

    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while connection.send(b" "):
                pause.wait(0.02)

    unused_server, options = service(drip)
    refusal("answer_timed_out", lambda: place.have(sacs[1], timeout_seconds=1, **options), "within 1 s")
    unreachable = {"probe": True, "api_url": "https://127.0.0.1:9/rapid"}
    refusal("connection_refused", lambda: place.have(sacs[1], timeout_seconds=2, **unreachable), "refused the connection")
    refusal("name_not_resolved", lambda: place.have(sacs[1], timeout_seconds=2, **dict(unreachable, api_url="https://no-such-host.invalid")), "DNS")
    refusal("server_not_trusted", lambda: place.have(sacs[1], **dict(service(UNKNOWN)[1], ca_path=None)), "ca_path")


@pytest.fixture(name="open_directory")
def fixture_open_directory(ca_path):
    """A directory that every account can enter, unlike pytest's, with the CA in it."""
    with tempfile.TemporaryDirectory(prefix="sac-test-", dir="/var/tmp") as directory:
        os.chmod(directory, 0o755)
        with open(ca_path, "rb") as source, open(os.path.join(directory, "ca.pem"), "wb") as copy:
            copy.write(source.read())
        yield directory


@NEEDS_ROOT
def test_it_is_proved_by_the_account_that_uses_it(open_directory, sacs, service):
    unused_server, options = service(UNKNOWN)
    options["ca_path"] = os.path.join(open_directory, "ca.pem")
    place = Place(os.path.join(open_directory, "place"), owner="nobody", **options)
    assert place.have(sacs[0])["is_proven"] is True
    place.assert_clean(1)
    assert os.stat(place.at("current", "key.pem")).st_uid == os.stat(os.path.realpath(place.at("current", "passphrase"))).st_uid == 65534
    assert stat.S_IMODE(os.stat(place.path).st_mode) == 0o711 and os.stat(place.path).st_uid == 0
    # Another account takes over: a version of its own, and what was there is the old account's until then.
    place.options.update(owner="daemon", api_url="https://127.0.0.1:9/rapid")
    left = place.listing()
    refusal("connection_refused", lambda: place.have(sacs[0]))
    assert place.listing() == left
    place.options.update(api_url=options["api_url"], group="daemon")
    assert place.have(sacs[0])["outcome"] == "replaced"
    assert stat.S_IMODE(os.stat(place.at("current", "key.pem")).st_mode) == 0o440
    place.assert_clean(2)
    # An account without access is reported; root is not used in its place.
    os.chmod(open_directory, 0o700)
    refusal("not_readable", lambda: place.have(sacs[1], ca_path=None), "the account 'daemon' cannot use it", "Permission denied")
    os.chmod(open_directory, 0o755)
    assert place.in_use()[1] == b"passphrase 0"


# After the switch


@pytest.fixture(name="systemctl")
def fixture_systemctl(tmp_path, monkeypatch):
    """Returns a function that makes a systemctl which fails as long as a passphrase is the one in use."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", "%s:%s" % (program.parent, os.environ["PATH"]))

    def make(place, bad_passphrase):
        program.write_text('#!/bin/sh\necho "$@" >> %s/calls\nif grep -qx "%s" %s/current/passphrase 2>/dev/null; then echo "Job failed." >&2; exit 1; fi\n' % (
            tmp_path, bad_passphrase, place.path))
        program.chmod(0o755)
        return tmp_path / "calls"

    return make


def test_a_service_that_does_not_take_it_up_gets_the_old_one_back(place, sacs, systemctl):
    calls = systemctl(place, "passphrase 1")
    place.options["reloaded_service"] = "gateway.service"
    refusal("service_not_reloaded", lambda: place.have(sacs[1]), "Job failed", "it was removed again")
    assert place.in_use() is None and place.store.names() == []
    assert place.have(sacs[0])["outcome"] == "installed"
    left = place.listing()
    refusal("service_not_reloaded", lambda: place.have(sacs[1]), "gateway.service", "the one before is back")
    assert place.listing() == left
    assert calls.read_text().splitlines() == ["try-reload-or-restart gateway.service"] * 5
    assert place.have(sacs[2])["outcome"] == "replaced" and place.in_use()[1] == b"passphrase 2"
    assert place.have(sacs[2])["changed"] is False and len(calls.read_text().splitlines()) == 6
    place.assert_clean(2)


def test_without_systemd_a_service_cannot_be_reloaded(place, sacs, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    refusal("service_not_reloaded", lambda: place.have(sacs[0], reloaded_service="gateway.service"), "systemctl cannot be run")
    assert place.in_use() is None
