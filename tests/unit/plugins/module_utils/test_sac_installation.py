# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What an installation makes of a place, what it refuses, and what it puts back."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ansible_collections.eccops.rapid.plugins as plugins
from ansible_collections.eccops.rapid.plugins.module_utils.errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils.sac_access import Access
from ansible_collections.eccops.rapid.plugins.module_utils.sac_version import WantedSac
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place, shipped
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can install for another account, or make a file system")
UNKNOWN = response(404, {"Number": 1109, "Message": "no such credential"})


@pytest.fixture(name="sacs", scope="module")
def fixture_sacs(authority):
    return [shipped(authority, "SAC %d" % number, "passphrase %d" % number) for number in range(4)]


@pytest.fixture(name="place")
def fixture_place(tmp_path):
    return Place(tmp_path / "place")


@pytest.fixture(name="service")
def fixture_service(serve, server_context, ca_path):
    """Returns a function that starts a service which wants a SAC of our CA, and the options that name it."""
    def start(*script):
        server = serve(*script, context=server_context(client_ca_path=ca_path))
        return server, {"probe": True, "api_url": server.url() + "/rapid", "ca_path": ca_path}

    return start


def refusal(kind, call, *words):
    with pytest.raises(RapidError) as caught:
        call()
    assert caught.value.kind == kind, caught.value.message
    for each in words:
        assert each in caught.value.message, caught.value.message
    assert "passphrase " not in caught.value.message.replace("sac_passphrase ", "") and "BEGIN" not in caught.value.message
    return caught.value


def test_each_state_of_a_place_and_what_is_made_of_it(place, sacs, authority):
    def outcome(sac, **options):
        """Check mode, the change, check mode after it, and once more: what was done."""
        left = place.listing() if os.path.lexists(place.path) else None
        predicted = place.have(sac, is_check_mode=True, **options)
        assert (place.listing() if os.path.lexists(place.path) else None) == left
        done = place.have(sac, **options)
        assert (predicted["outcome"], predicted["diff"]) == (done["outcome"], done["diff"])
        again = [place.have(sac, is_check_mode=True, **options), place.have(sac, **options)]
        assert [each["changed"] for each in again] == [False, False]
        assert done["changed"] is (done["outcome"] != "unchanged")
        place.assert_clean()
        return done["outcome"], done["reason"]

    key = certificates.new_key()
    assert outcome(sacs[0]) == ("installed", "none is installed")
    assert outcome(sacs[1]) == ("replaced", "another SAC is wanted")
    assert outcome({**sacs[1], "sac_content": shipped(authority, "SAC 1", "another", key=key)["sac_content"], "sac_passphrase": "another"})[0] == "replaced"
    assert place.in_use()[1] == b"another"
    chained = shipped(authority, "SAC 5", "chain", key=key)
    assert outcome(chained)[0] == "replaced"
    certificate = chained["sac_content"].partition("-----BEGIN ENC")[0]
    longer = {"sac_content": chained["sac_content"].replace(certificate, certificate + authority.pem.decode()), "sac_passphrase": "chain"}
    assert outcome(longer) == ("replaced", "its chain is another one")
    head = longer["sac_content"].partition("-----BEGIN ENC")[0]
    changed = {"sac_passphrase": "changed", "sac_content": head + certificates.key_pem(key, "changed").decode()}
    assert outcome(changed) == ("replaced", "its passphrase is another one")
    assert len(place.store.names()) == 2
    assert outcome(changed, kept_versions=1)[0] == "tidied"
    os.chmod(place.at("current", "key.pem"), 0o644)
    assert outcome(changed)[0] == "repaired"
    os.unlink(place.at("current", "chain.pem"))
    assert outcome(changed)[0] == "rebuilt"
    assert [place.have(state="absent", is_check_mode=check)["changed"] for check in (True, False, True, False)] == [True, True, False, False]
    assert not os.path.lexists(place.path)


def test_what_is_installed_is_private_and_complete(place, sacs):
    place.have(sacs[0])
    listing = place.listing()
    assert {name.split("/")[-1] for name in listing} >= {"certificate.pem", "chain.pem", "key.pem", "sac.pem", "passphrase", "current"}
    for name, (mode, content) in listing.items():
        if stat.S_ISREG(mode):
            assert stat.S_IMODE(mode) in (0o400, 0o600), name
            assert b"BEGIN PRIVATE" not in content and (b"passphrase 0" in content) == (name.startswith("passphrases/"))
        elif stat.S_ISDIR(mode):
            assert stat.S_IMODE(mode) == 0o700
    assert stat.S_IMODE(os.stat(place.path).st_mode) == 0o700


DAMAGES = {
    "cut key": lambda place: _write(place, "key.pem", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
    "no key": lambda place: os.unlink(place.at("current", "key.pem")),
    "one more file": lambda place: _write(place, "other.pem", b""),
    "a file that is a link": lambda place: _relink(place, "certificate.pem", "/etc/hostname"),
    "a file that is a directory": lambda place: (os.unlink(place.at("current", "sac.pem")), os.mkdir(place.at("current", "sac.pem"))),
    "a file with two names": lambda place: os.link(place.at("current", "key.pem"), place.at("current", "..", "..", "..", "copy")),
    "another passphrase's link": lambda place: _relink(place, "passphrase", "../../passphrases/none"),
    "no passphrase": lambda place: os.unlink(os.path.realpath(place.at("current", "passphrase"))),
    "a dangling link": lambda place: os.rename(os.path.realpath(place.at("current")), place.at("versions", "elsewhere")),
    "empty": lambda place: _write(place, "sac.pem", b""),
}


def _write(place, name, content):
    path = place.at("current", name)
    if os.path.exists(path):
        os.chmod(path, 0o600)
    with open(path, "wb") as file:
        file.write(content)


def _relink(place, name, target):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place.at("current", name))
    os.symlink(target, place.at("current", name))


def _in_clear(place):
    with open(place.at("current", "sac.pem"), "rb") as file:
        text = file.read()
    key = certificates.serialization.load_pem_private_key(text[text.index(b"-----BEGIN ENC"):], b"passphrase 0")
    _write(place, "key.pem", certificates.key_pem(key))
    _write(place, "sac.pem", text[: text.index(b"-----BEGIN ENC")] + certificates.key_pem(key))


DAMAGES["a key in clear"] = _in_clear


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_seen_and_a_whole_version_built(name, place, sacs):
    place.have(sacs[0])
    DAMAGES[name](place)
    assert place.have(sacs[0], is_check_mode=True)["changed"]
    assert place.have(sacs[0])["outcome"] in ("rebuilt", "installed")
    place.assert_clean(1)
    assert place.in_use()[1] == b"passphrase 0"


def _foreign(path, uid=12345):
    os.chown(path, uid, -1, follow_symlinks=False)


OBSTACLES = {
    "a link": (lambda place, other: os.symlink(other, place.path), "a link to"),
    "a file": (lambda place, other: open(place.path, "w").close(), "no directory"),  # pylint: disable=consider-using-with
    "a directory of others": (lambda place, other: os.symlink("x", os.path.join(_made(place), "precious")), "'precious', which is not of this module"),
    "versions that are a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), "versions")), "versions is a link to"),
    "passphrases that are a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), "passphrases")), "passphrases is a link to"),
    "current that is a directory": (lambda place, other: os.mkdir(os.path.join(_made(place), "current")), "current is no link to a version"),
    "current that leads away": (lambda place, other: os.symlink(other, os.path.join(_made(place), "current")), "current is no link to a version"),
    "a directory above that everybody may write to": (lambda place, other: os.chmod(os.path.dirname(place.path), 0o777), "others than root can write to"),
    "a lock that is a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), ".lock")), "could not be written"),
}
OBSTACLES_OF_ROOT = {
    "a foreign directory": (lambda place, other: _foreign(_made(place)), "belongs to the user id 12345"),
    "a foreign directory above": (lambda place, other: _foreign(os.path.dirname(place.path)), "others than root can write to"),
}


def _made(place):
    os.makedirs(place.path, 0o700, exist_ok=True)
    return place.path


@pytest.mark.parametrize("name", [*OBSTACLES, *(pytest.param(name, marks=NEEDS_ROOT) for name in OBSTACLES_OF_ROOT)])
def test_what_stands_in_the_way_is_refused_and_left_alone(name, tmp_path, sacs):
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").write_text("kept")
    above = tmp_path / "above"
    above.mkdir(mode=0o755)
    place = Place(above / "place")
    make, words = {**OBSTACLES, **OBSTACLES_OF_ROOT}[name]
    make(place, str(other))
    for options in ({}, {"state": "absent"}):
        if "lock" not in name or not options:
            error = refusal("not_written" if "lock" in name else "invalid_input", lambda options=options: place.have(sacs[0], **options), words)
            assert "\n" not in error.message
    assert os.listdir(other) == ["kept"] and (other / "kept").read_text() == "kept"
    assert not os.path.lexists(place.at("versions", "0001"))


@pytest.mark.parametrize("path", ["relative", "/", "/etc", "/tmp/../etc/x", "/tmp/x/", "/no/such/place"])
def test_a_path_that_cannot_be_one_of_its_own_is_refused(path, sacs):
    refusal("invalid_input", lambda: Place(path).have(sacs[0]), "path" if path != "/no/such/place" else "create it")


@given(mode=st.integers(0, 0o10000), has_group=st.booleans())
def test_no_mode_lets_others_in(mode, has_group):
    account = Place("/x").options["owner"]
    group = "root" if has_group and os.geteuid() == 0 else None
    try:
        access = Access(account, group, "%o" % mode)
    except RapidError as error:
        assert "%04o" % mode in error.message or mode > 0o7777
        return
    assert access.file_mode == mode and not mode & 0o7137 and mode & 0o400 and (group or not mode & 0o070)
    assert access.secret_mode & 0o227 == 0


@pytest.mark.parametrize("text", ["u=r", "0x100", "", "-1", "99", "4 0 0"])
def test_a_mode_is_octal_digits(text):
    if text:
        refusal("invalid_input", lambda: Access(Place("/x").options["owner"], None, text), "octal digits")
    else:
        assert Access(Place("/x").options["owner"], None, text).file_mode == 0o400


@given(text=st.text(max_size=300), passphrase=st.text(max_size=20))
def test_nothing_that_comes_to_the_position_raises_anything_unexpected(text, passphrase):
    with contextlib.suppress(RapidError):
        WantedSac("-----BEGIN CERTIFICATE-----\n" + text, passphrase)


@pytest.mark.parametrize("passphrase", ["two\nlines", "tab\there", "\0", ""])
def test_a_passphrase_that_no_line_can_hold_is_refused(place, sacs, passphrase):
    refusal("invalid_input", lambda: place.have({**sacs[0], "sac_passphrase": passphrase}), "sac_passphrase is empty, or has line breaks")


def test_names_that_do_not_exist_are_said(place, sacs):
    refusal("invalid_input", lambda: place.have(sacs[0], owner="no-such-account"), "no account 'no-such-account'")
    refusal("invalid_input", lambda: place.have(sacs[0], group="no-such-group"), "no group 'no-such-group'")
    refusal("invalid_input", lambda: place.have(sacs[0], kept_versions=0), "kept_versions")
    refusal("invalid_input", lambda: place.have(sacs[0], reloaded_service="-rf /"), "reloaded_service")
    refusal("invalid_input", lambda: place.have(sacs[0], api_url="http://x"), "api_url")
    assert not os.path.lexists(place.path)


# Proof before the switch


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
    # Whoever cannot enter is told, not root in its place.
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


# A disk that does not take it


def test_a_file_that_cannot_be_written_whole_leaves_what_was_there(place, sacs):
    place.have(sacs[0])
    left = place.listing()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for size in (0, 10, 600, 700):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            refusal("not_written", lambda: place.have(sacs[1]), "File too large", "whole")
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert place.listing() == left
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert place.have(sacs[1])["outcome"] == "replaced"


ON_A_SMALL_DISK = """
import json, os, subprocess, sys
sys.path.insert(0, %(collections)r)
from ansible_collections.eccops.rapid.plugins.module_utils.errors import RapidError
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place
sacs, disk = json.load(sys.stdin), %(disk)r
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k,mode=755", "tmpfs", disk], check=True)
place, said = Place(disk + "/place"), []
def refused(**options):
    left = place.listing()
    try:
        place.have(sacs[1], **options)
        said.append("done")
    except RapidError as error:
        said.append(error.kind + ": " + error.message)
    assert place.listing() == left, options
place.have(sacs[0])
with open(disk + "/filling", "wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError:
        pass
refused()
os.unlink(disk + "/filling")
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
refused()
refused(state="absent")
refused(is_check_mode=True)
subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
said.append(place.have(sacs[1])["outcome"])
place.assert_clean(2)
print(json.dumps(said))
"""


@NEEDS_ROOT
def test_a_full_disk_and_one_that_is_read_only_leave_what_was_there(tmp_path, sacs):
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace of our own can be had here: a full and a read-only disk are not tried")
    (tmp_path / "disk").mkdir()
    script = ON_A_SMALL_DISK % {"collections": str(pathlib.Path(next(iter(plugins.__path__))).parents[3]), "disk": str(tmp_path / "disk")}
    done = subprocess.run([unshare, "--mount", sys.executable, "-c", script], input=json.dumps(sacs), text=True, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    full, read_only, absent, check, afterwards = json.loads(done.stdout)
    assert full.startswith("not_written: ") and "No space left on device" in full
    assert all(each.startswith("not_written: ") and "Read-only file system" in each for each in (read_only, absent))
    assert (check, afterwards) == ("done", "replaced")
