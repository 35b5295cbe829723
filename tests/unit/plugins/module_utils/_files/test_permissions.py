# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Each directory and each link of a path as it is given is judged: who could change what it leads to."""

from __future__ import annotations

import grp
import os
import pwd
import stat

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._files import permissions
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_fault, find_intruder, open_directory, parse_mode

EVE = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: gives files to another account")


@pytest.fixture(name="place")
def fixture_place(tmp_path):
    for name in ("real", "real/deep", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _links(place):
    (place / "link").symlink_to("real/../real")
    (place / "second").symlink_to(place / "link")
    return place / "second" / "deep"


#: What only root and this account can change.
TRUSTED = {
    "plain": lambda place: place / "real" / "deep",
    "not made yet": lambda place: place / "real" / "deep" / "new" / "newer",
    "links of ours": _links,
    "a sticky directory above": lambda place: (place / "real").chmod(0o1777) or place / "real" / "deep",
    "/tmp above what is not made yet": lambda place: "/tmp/not-made-yet/ledger",
}


@pytest.mark.parametrize("name", TRUSTED)
def test_what_only_root_and_this_account_can_change_is_trusted(place, name):
    assert find_intruder(str(TRUSTED[name](place)), holds_files=True) is None


#: name: (what is done to the place, who could change it)
REFUSED = {
    "everybody": (lambda place: (place / "real").chmod(0o777), "everybody can write to '%s/real'"),
    "everybody, the last": (lambda place: (place / "real" / "deep").chmod(0o757), "everybody can write to '%s/real/deep'"),
    "everybody, sticky, the last": (lambda place: (place / "real" / "deep").chmod(0o1777), "everybody can write to '%s/real/deep'"),
    "everybody, behind a link": (lambda place: (_links(place), (place / "real").chmod(0o777)), "everybody can write to '%s/real'"),
}
REFUSED_OF_ROOT = {
    "a foreign directory": (lambda place: os.chown(place / "real", EVE, -1), "'%s/real' belongs to the account nobody"),
    "a foreign directory above": (lambda place: os.chown(place, EVE, -1), "'%s' belongs to the account nobody"),
    "an unknown owner": (lambda place: os.chown(place / "real", 4242424, -1), "'%s/real' belongs to the user id 4242424"),
}


@pytest.mark.parametrize("name", [*REFUSED, *(pytest.param(name, marks=needs_root) for name in REFUSED_OF_ROOT)])
def test_who_else_could_change_it_is_named(place, name):
    spoil, words = {**REFUSED, **REFUSED_OF_ROOT}[name]
    spoil(place)
    given = place / ("second" if (place / "second").is_symlink() else "real") / "deep"
    assert find_intruder(str(given), holds_files=True) == words.replace("%s", str(place))


@needs_root
@pytest.mark.parametrize("chain", ["a link", "a link behind a link", "a link's directory"])
def test_a_link_of_another_account_is_refused_although_it_leads_to_a_good_place(place, chain):
    (place / "bin").mkdir(mode=0o755)
    link = place / "bin" / "link"
    link.symlink_to(place / "real")
    given = link
    if chain == "a link behind a link":
        given = place / "ours"
        given.symlink_to("bin/link")
    os.chown(place / "bin" if "directory" in chain else link, EVE, -1, follow_symlinks=False)
    assert os.path.realpath(given / "deep") == str(place / "real" / "deep")
    spoiled = place / "bin" if "directory" in chain else link
    assert find_intruder(str(given / "deep")) == "'%s' belongs to the account nobody" % spoiled
    if "directory" not in chain:
        with pytest.raises(PermissionError, match="it is a link that belongs to the account nobody"):
            open_directory(str(given / "deep"))


def test_links_in_a_circle_end(place):
    (place / "one").symlink_to("two")
    (place / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        find_intruder(str(place / "one" / "deep"))


def _groups(monkeypatch, members, primary=()):
    """Lets the group of the directory have these ``members``, beside accounts that it is the ``primary`` one of."""
    accounts = [pwd.getpwuid(os.geteuid()), pwd.struct_passwd(("eve", "x", 4343, 4343, "", "/", "/bin/sh"))]
    accounts += [pwd.struct_passwd((name, "x", 4344, 4242, "", "/", "/bin/sh")) for name in primary]
    monkeypatch.setattr(pwd, "getpwall", lambda: accounts)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("team", "x", 4242, list(members))))


@needs_root
@pytest.mark.parametrize("members, primary, words", [
    ((), (), None), (("root",), (), None), (("eve",), (), "eve of the group team can write to '%s'"),
    ((), ("mallory",), "mallory of the group team can write to '%s'"),
    (("no-longer-there",), (), "no-longer-there of the group team can write to '%s'")])
def test_a_group_may_write_where_nobody_else_belongs_to_it(place, monkeypatch, members, primary, words):
    """A user's private group (umask 002), and the group staff of /usr/local on Debian, have no other members."""
    os.chown(place / "real", -1, 4242)
    (place / "real").chmod(0o2775)
    _groups(monkeypatch, members, primary)
    assert find_intruder(str(place / "real"), holds_files=True) == (words and words % (place / "real"))


@needs_root
def test_a_group_without_an_entry_and_an_access_list_are_refused(place, monkeypatch):
    os.chown(place / "real", -1, 4242)
    (place / "real").chmod(0o775)
    assert find_intruder(str(place / "real")) == "the unknown group 4242 can write to '%s'" % (place / "real")
    monkeypatch.setattr(os, "getxattr", lambda *unused: b"a list", raising=False)
    assert find_intruder(str(place / "real")) == "an access control list can write to '%s'" % (place / "real")


@needs_root
def test_the_group_root_is_roots(place):
    (place / "real").chmod(0o775)
    os.chown(place / "real", 0, 0)
    assert find_intruder(str(place / "real"), holds_files=True) is None


def test_an_opened_directory_is_the_judged_one(place, monkeypatch):
    descriptor = open_directory(str(_links(place)))
    assert os.path.samestat(os.fstat(descriptor), (place / "real" / "deep").stat())
    os.close(descriptor)
    original = os.open

    def exchange(path, *arguments, **named):
        (place / "real" / "deep").rename(place / "gone")
        (place / "real" / "deep").mkdir()
        return original(path, *arguments, **named)

    monkeypatch.setattr(os, "open", exchange)
    with pytest.raises(PermissionError, match="it was replaced while it was opened"):
        open_directory(str(place / "real" / "deep"))


def test_a_file_is_ours_alone_or_its_fault_is_said(place):
    file = place / "file"
    file.touch(0o600)
    assert find_fault(file.lstat()) is None and find_fault((place / "real").lstat(), stat.S_ISDIR, 0o022) is None
    file.chmod(0o640)
    assert find_fault(file.lstat()) == "is open to other users; chmod 600 it" and find_fault(file.lstat(), closed_to=0o037) is None
    (place / "link").symlink_to(file)
    assert "symbolic link" in find_fault((place / "link").lstat())
    assert "not a regular file" in find_fault((place / "real").lstat()) and "not a directory" in find_fault(file.lstat(), stat.S_ISDIR)


@pytest.mark.parametrize("text, mode", [("0640", 0o640), ("640", 0o640), ("0o640", 0o640), ("00640", 0o640), ("0", 0)])
def test_octal_digits_are_a_mode(text, mode):
    assert parse_mode(text, "mode") == mode


@pytest.mark.parametrize("text", ["", "rw", "0x1f", "-1", "+640", "6_40", " 640", "640\n", "4755", "888", "0b1", "\u0666\u0664\u0660"])
def test_anything_else_is_none(text):
    with pytest.raises(InvalidInput, match="^mode is .*; give octal digits in quotes, such as '0640'$"):
        parse_mode(text, "mode")
    assert permissions.parse_mode("4755", "mode", highest=0o7777) == 0o4755
