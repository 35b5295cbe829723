# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What an installation makes of a place, and what it refuses."""

from __future__ import annotations

import contextlib
import glob
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy import directory as sac_directory
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.access import Access
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import WantedSac
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.sac_places import NEEDS_ROOT, Place, refusal, shipped


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
    assert outcome(longer) == ("replaced", "its chain differs")
    head = longer["sac_content"].partition("-----BEGIN ENC")[0]
    changed = {"sac_passphrase": "changed", "sac_content": head + certificates.key_pem(key, "changed").decode()}
    assert outcome(changed) == ("replaced", "its passphrase differs")
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
    "a file": (lambda place, other: open(place.path, "w").close(), "not a directory"),  # pylint: disable=consider-using-with
    "a directory of others": (lambda place, other: os.symlink("x", os.path.join(_made(place), "precious")), "'precious', which this module did not create"),
    "versions that are a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), "versions")), "versions is a link to"),
    "passphrases that are a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), "passphrases")), "passphrases is a link to"),
    "current that is a directory": (lambda place, other: os.mkdir(os.path.join(_made(place), "current")), "current is not a link to a version"),
    "current that leads away": (lambda place, other: os.symlink(other, os.path.join(_made(place), "current")), "current is not a link to a version"),
    "a directory above that everybody may write to": (lambda place, other: os.chmod(os.path.dirname(place.path), 0o777),
                                                      "others could replace what is installed in"),
    "a lock that is a link": (lambda place, other: os.symlink(other, os.path.join(_made(place), ".lock")), "could not be written"),
}
OBSTACLES_OF_ROOT = {
    "a link of another account above": (lambda place, other: _reached_by_a_link(place), "others could replace what is installed in"),
    "a foreign directory": (lambda place, other: _foreign(_made(place)), "belongs to the user id 12345"),
    "a foreign directory above": (lambda place, other: _foreign(os.path.dirname(place.path)), "others could replace what is installed in"),
}


def _reached_by_a_link(place):
    """The place's real path is good, and another account decides what the given one leads to."""
    above = os.path.dirname(place.path)
    os.rename(above, above + "-real")
    os.symlink(above + "-real", above)
    os.chown(above, 65534, -1, follow_symlinks=False)


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
    assert not glob.glob(place.at("versions", "0001-*"))


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


def test_a_link_of_roots_or_ours_is_followed(tmp_path, sacs):
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to("real")
    place = Place(tmp_path / "link" / "place")
    assert place.have(sacs[0])["outcome"] == "installed" and (tmp_path / "real" / "place" / "current").is_symlink()


def test_another_run_is_waited_for_and_then_named(place, sacs, monkeypatch):
    place.have(sacs[0])
    monkeypatch.setattr(sac_directory, "LOCK_WAIT_SECONDS", 0)
    with place.store.locked():
        refusal("busy", lambda: place.have(sacs[1]), "another run (process %d) is working on %s" % (os.getpid(), place.path))
    assert place.in_use()[1] == b"passphrase 0"
