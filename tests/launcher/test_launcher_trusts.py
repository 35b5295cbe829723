# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Whose configuration is used, and what text of a CAD can bring about: a configuration names programs that run as the dispatcher."""

import json
import os
import shlex
import shutil
import sys
import tempfile

import pytest
from position import BROWSER, NUMBER, PLACE, SHOWN

EVE = 65534
DEFAULT_LOGIN = "https://rapidsosportal.com/login"


@pytest.fixture(name="eve")
def fixture_eve(position, tmp_path):
    """A position with a default browser, and the file of another user whose browser would betray the dispatcher."""
    programs = position.directory / "programs"
    programs.mkdir()
    (programs / "xdg-open").write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {BROWSER} {position.notes} fetch "$@"\n', encoding="utf-8")
    (programs / "xdg-open").chmod(0o755)
    position.environment["PATH"] = f"{programs}:/usr/bin:/bin"
    position.home = position.directory / "eve"
    position.home.mkdir()
    position.betrayed = tmp_path / "betrayed"
    text = position.path.read_text(encoding="utf-8")
    lines = [line if not line.startswith("command = ") else f"command = /bin/touch {shlex.quote(str(position.betrayed))}" for line in text.splitlines()]
    position.hostile = "\n".join(lines) + "\n"
    (position.home / "launcher.ini").write_text(position.hostile, encoding="utf-8")
    for path in (position.home, position.home / "launcher.ini"):
        os.chown(path, EVE, EVE)
    return position


def assert_not_used(position, ended, reason):
    """The dispatcher sees the number and why; nothing of the file was used."""
    page, login = sorted(ended.opened, key=lambda note: not note["url"].startswith("http://127.0.0.1:"))
    assert ended.code == 3 and login["url"] == DEFAULT_LOGIN and reason in ended.stderr, ended
    assert f"<h1>{SHOWN}</h1>" in page["answer"]["body"] and not position.betrayed.exists()


INJECTED = (["--configuration={eve}"], [NUMBER, "--configuration={eve}"], [NUMBER, "--configuration", "{eve}"], ["--conf={eve}"])
#: What people and the role ask for; no option either where it follows the mark of a number.
ASKED = (["--configuration", "{eve}"], ["--check", "--log-in"], ["-"], ["--"], ["--help"])


@pytest.mark.parametrize("mark, text", [(mark, text) for mark in (["--"], ["--number"]) for text in INJECTED + ASKED] + [([], text) for text in INJECTED])
def test_text_of_a_cad_is_no_option(eve, logins, mark, text):
    eve.environment["PATH"] = eve.environment["PATH"].replace(str(eve.directory / "programs") + ":", "")
    words = [word.format(eve=eve.home / "launcher.ini") for word in text]
    ended = eve.call(*mark, *words, count=2)
    assert ended.code == 2 and ended.stdout == "" and not eve.betrayed.exists() and logins() == []
    assert {note["argv"][-1] for note in ended.opened} > {eve.values["rapidsos_api_url"] + "/login"}  # by the position's own configuration


def test_a_mark_and_nothing_after_it(position, logins):
    """A menu entry is started without a link; a CAD that has no number."""
    ended = position.call("--")
    assert ended.code == 0 and [note["url"] for note in ended.opened] == [position.values["rapidsos_api_url"] + "/login"] and logins() == []
    assert position.call("--number", count=2).code == 2 and position.call("--", "", count=2).code == 2


@pytest.mark.parametrize("arguments", [["--number", NUMBER], ["--number=" + NUMBER], ["--", NUMBER], ["--", "eccops-portal:" + NUMBER],
                                       ["--number", "555", "555", "5555"]])
def test_a_number_after_its_mark(position, sandbox, arguments):
    ended = position.call(*arguments)
    assert ended.code == 0 and "caller_id=1" + NUMBER in ended.opened[0]["answer"]["headers"]["Location"]


def test_a_configuration_of_another_user_is_not_used(eve, logins):
    eve.path = eve.home / "launcher.ini"
    ended = eve.call(NUMBER, count=2)
    assert_not_used(eve, ended, f"{eve.home} belongs to a user other than root")
    eve.path = eve.directory / "launcher.ini"
    os.chown(eve.path, EVE, EVE)
    assert_not_used(eve, eve.call(NUMBER, count=2), f"{eve.path} belongs to a user other than root")
    assert logins() == []


@pytest.mark.parametrize("damage", [0o664, 0o646, 0o666])
def test_a_configuration_that_others_may_write_to(eve, damage):
    eve.path.write_text(eve.hostile, encoding="utf-8")
    eve.path.chmod(damage)
    assert_not_used(eve, eve.call(NUMBER, count=2), f"{eve.path} can be changed by users other than root")


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_directory_that_others_may_write_to(eve, mode, depth):
    place = eve.directory / "a" / "b"
    place.mkdir(parents=True)
    (place / "launcher.ini").write_text(eve.hostile, encoding="utf-8")
    changed = [place, place.parent][depth]
    changed.chmod(mode)
    eve.path = place / "launcher.ini"
    assert_not_used(eve, eve.call(NUMBER, count=2), f"{changed} can be changed by users other than root")


def test_a_directory_of_another_user(eve):
    (eve.home / "in").mkdir()
    eve.path = eve.home / "in" / "launcher.ini"
    eve.path.write_text(eve.hostile, encoding="utf-8")
    assert_not_used(eve, eve.call(NUMBER, count=2), f"{eve.home} belongs to a user other than root")


@pytest.mark.parametrize("kind", ["theirs", "to_theirs", "directory_to_theirs", "through_theirs", "relative", "loop", "fifo", "directory"])
def test_a_link_or_a_detour_makes_nothing_trusted(eve, kind):
    target, link = eve.home / "launcher.ini", eve.directory / "link"
    reason = f"{eve.home} belongs to a user other than root"
    if kind == "theirs":
        target = eve.directory / "fine.ini"
        target.write_text(eve.hostile, encoding="utf-8")
        link.symlink_to(target)
        os.chown(link, EVE, EVE, follow_symlinks=False)
        eve.path, reason = link, f"{link} belongs to a user other than root"
    elif kind == "to_theirs":
        link.symlink_to("eve/launcher.ini")
        eve.path = link
    elif kind == "directory_to_theirs":
        link.symlink_to(eve.home)
        eve.path = link / "launcher.ini"
    elif kind == "through_theirs":
        (eve.directory / "fine.ini").write_text(eve.hostile, encoding="utf-8")
        eve.path = f"{eve.home}/../fine.ini"
    elif kind == "relative":
        os.chown(eve.home, 0, 0)
        os.chown(target, 0, 0)
        eve.path, reason = "launcher.ini", "its path must be absolute"
    elif kind == "loop":
        link.symlink_to(link)
        eve.path, reason = link, "too many symbolic links"
    else:
        eve.path, reason = link, "it is not a regular file"
        link.mkdir() if kind == "directory" else os.mkfifo(link)
    assert_not_used(eve, eve.call(NUMBER, count=2, cwd=eve.home if kind == "relative" else None), reason)


def test_links_of_root_between_places_of_root(position, sandbox):
    """As a site may keep its files elsewhere; the account is looked for beside the path that was given."""
    place, other = (position.directory / name for name in ("place", "other"))
    place.mkdir()
    other.mkdir()
    shutil.move(position.path, place / "launcher.ini")
    (position.directory / "to-place").symlink_to("place")
    (other / "launcher.ini").symlink_to("../to-place/./launcher.ini")
    shutil.move(position.directory / "account.json", other / "account.json")
    position.path = other / "launcher.ini"
    assert position.call(NUMBER).code == 0


def test_the_sticky_directory_for_temporary_files_is_no_place(position):
    if not os.stat("/tmp").st_mode & 0o002:
        pytest.skip("/tmp of this machine cannot be written to by others")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        shutil.copy(position.path, directory)
        position.path = os.path.join(directory, "launcher.ini")
        ended = position.call("--check", count=0)
    assert ended.code == 3 and "/tmp can be changed by users other than root; give it to root, with mode 0755" in ended.stdout


def test_the_sites_command_does_not_run_where_the_cad_is(position, sandbox):
    """A program that looks for its files there would find another's."""
    account = json.dumps(position.account)
    position.configure(account_source="command", account_command=shlex.join(["/bin/sh", "-c", f"[ \"$PWD\" = / ] && printf %s {shlex.quote(account)}"]))
    assert position.call(NUMBER, cwd=PLACE).code == 0


def test_the_desktop_entry_hands_on_a_link_as_a_number():
    path = BROWSER.parents[2] / "roles" / "portal_launcher" / "templates" / "portal-launcher.desktop.j2"
    assert "Exec=/usr/local/bin/portal-launcher -- %u\n" in path.read_text(encoding="utf-8")
