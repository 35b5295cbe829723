# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A refused password is remembered for its time only, and a copy of its entry confirms no guess; nobody waits for ever."""

from __future__ import annotations

import os
import shutil
import stat
import threading

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._portal.cache import TokenCache
from ansible_collections.eccops.rapid.tests.unit.support.clocks import MovedClock
from ansible_collections.eccops.rapid.tests.unit.support.token_caches import ACCOUNT, enter, trouble


def test_whoever_logs_in_is_waited_for_and_then_named(cache, directory):
    with cache.locked():
        waiting = TokenCache(directory, *ACCOUNT, clock=MovedClock())
        with pytest.raises(RapidError, match=r"another run \(process %d\) is logging in .*this run waited 600 s" % os.getpid()) as caught:
            enter(waiting)
    assert caught.value.kind == "busy"


def test_a_copied_refusal_is_no_oracle_for_nearly_the_right_password(cache, directory, token_file, tmp_path):
    """The entry alone, in which a backup or a thief has the file, does not show whether a guess was refused."""
    cache.write("refusal", "passwort", {"refused_at": "MARKER"})
    assert cache.read("refusal", "passwort") == {"refused_at": "MARKER"}
    shutil.copytree(directory, tmp_path / "copy")
    os.unlink(tmp_path / "copy" / "secret")
    copied = TokenCache(str(tmp_path / "copy"), *ACCOUNT)
    assert copied.read("refusal", "passwort") == {} and copied.read("token", "password") == {"token": "MARKER"}
    copied.write("refusal", "another", {})  # with another secret
    shutil.copy(os.path.join(directory, os.path.basename(token_file).replace(".token", ".refusal")), tmp_path / "copy")
    assert copied.read("refusal", "passwort") == {}


def test_the_secret_is_made_once(cache, directory):
    barrier = threading.Barrier(8)
    path = os.path.join(directory, "secret")

    def write(number):
        own = TokenCache(directory, ACCOUNT[0], ACCOUNT[1], "%d@ecc.example" % number)
        barrier.wait(30)
        own.write("refusal", "p", {"number": number})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert [TokenCache(directory, ACCOUNT[0], ACCOUNT[1], "%d@ecc.example" % number).read("refusal", "p") for number in range(8)] == [
        {"number": number} for number in range(8)]
    content = open(path, "rb").read()
    cache.write("refusal", "p", {})
    assert len(content) == 32 and open(path, "rb").read() == content and stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not [name for name in os.listdir(directory) if name.endswith(".new")]


@pytest.mark.parametrize("spoil, said", [
    (lambda path: os.truncate(path, 5), "its secret is damaged; remove"), (lambda path: os.chmod(path, 0o644), "its secret is open to other users"),
    (lambda path: (os.unlink(path), os.symlink("x", path)), "its secret cannot be opened safely")])
def test_a_spoiled_secret_is_refused_before_a_login(cache, directory, spoil, said):
    cache.write("refusal", "password", {})
    spoil(os.path.join(directory, "secret"))
    assert said in trouble(lambda: cache.read("refusal", "password"))
    assert said in trouble(lambda: cache.write("refusal", "password", {}))


@pytest.mark.parametrize("ahead_seconds, is_deleted", [(890, False), (901, True), (-960, True)])
def test_a_refusal_that_is_over_is_deleted_whoever_comes_next(cache, directory, token_file, ahead_seconds, is_deleted):
    cache.write("refusal", "password", {})
    others = TokenCache(directory, ACCOUNT[0], ACCOUNT[1], "another@ecc.example")
    others.write("refusal", "password", {})
    enter(TokenCache(directory, *ACCOUNT, clock=MovedClock(ahead_seconds=ahead_seconds)))
    assert len([name for name in os.listdir(directory) if name.endswith(".refusal")]) == (0 if is_deleted else 2)
    assert cache.read("token", "password") == {"token": "MARKER"}


def test_a_refusal_of_an_account_that_is_just_logging_in_is_left_to_it(cache, directory):
    others = TokenCache(directory, ACCOUNT[0], ACCOUNT[1], "another@ecc.example")
    others.write("refusal", "password", {})
    with others.locked():
        enter(TokenCache(directory, *ACCOUNT, clock=MovedClock(ahead_seconds=1000)))
        assert others.read("refusal", "password") == {} and [name for name in os.listdir(directory) if name.endswith(".refusal")]


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_directory_below_one_that_others_can_write_to_is_refused(tmp_path, mode):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(mode)
    if os.geteuid() == 0:
        os.chown(tmp_path / "shared", -1, 4242)  # a group that nobody knows
    elif mode == 0o775:
        pytest.skip("only root can give a directory to another group")
    assert "others could replace it" in trouble(lambda: enter(TokenCache(str(tmp_path / "shared" / "cache"), *ACCOUNT)))
    assert not list((tmp_path / "shared").iterdir())
