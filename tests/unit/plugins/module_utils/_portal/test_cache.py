# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import shutil
import stat
import tempfile
import traceback

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._portal.cache import TokenCache
from ansible_collections.eccops.rapid.tests.unit.support.token_caches import ACCOUNT, enter, trouble

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: acts as another user")


def test_what_is_stored_is_read_by_who_knows_the_password_only(cache, directory, token_file):
    assert cache.read("token", "password") == {"token": "MARKER"}
    assert cache.read("token", "other") == {}
    assert cache.read("refusal", "password") == {}
    content = open(token_file, "rb").read()
    assert b"MARKER" not in content and b"password" not in content
    assert ACCOUNT[2] not in "".join(os.listdir(directory))


@pytest.mark.parametrize("change", [0, 1, 2])
def test_accounts_urls_and_versions_are_kept_apart(directory, token_file, change):
    other = list(ACCOUNT)
    other[change] += "x"
    assert not TokenCache(directory, *other).exists()
    assert TokenCache(directory, *other).read("token", "password") == {}


def test_everything_is_private_whatever_the_umask(directory):
    umask = os.umask(0)
    try:
        cache = TokenCache(directory, *ACCOUNT)
        with cache.locked():
            cache.write("token", "p", {})
            cache.write("refusal", "p", {})
    finally:
        os.umask(umask)
    assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
    names = os.listdir(directory)
    assert {name.rpartition(".")[2] for name in names} == {"lock", "token", "refusal", "secret"}
    assert {stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode) for name in names} == {0o600}


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_directory_open_to_others_is_refused(directory, mode):
    os.mkdir(directory)
    os.chmod(directory, mode)
    assert "chmod 700" in trouble(lambda: enter(TokenCache(directory, *ACCOUNT)))


def test_a_file_open_to_others_is_refused(cache, token_file):
    os.chmod(token_file, 0o640)
    assert "open to other users" in trouble(lambda: cache.read("token", "password"))


def test_symbolic_links_are_refused(cache, directory, token_file, tmp_path):
    os.symlink(directory, tmp_path / "link")
    for path in (str(tmp_path / "link"), str(tmp_path / "link") + "/"):
        assert "symbolic link" in trouble(lambda given=path: enter(TokenCache(given, *ACCOUNT)))
    os.rename(token_file, str(tmp_path / "elsewhere"))
    os.symlink(tmp_path / "elsewhere", token_file)
    assert "opened safely" in trouble(lambda: cache.read("token", "password"))
    lock = token_file.replace(".token", ".lock")
    os.unlink(lock)
    os.symlink(tmp_path / "victim", lock)
    assert "lock" in trouble(lambda: enter(cache))
    assert not os.path.exists(tmp_path / "victim")


def test_a_link_that_was_planted_is_replaced_and_never_written_through(cache, token_file, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    os.unlink(token_file)
    os.symlink(victim, token_file)
    cache.write("token", "password", {})
    assert victim.read_text() == "untouched"
    assert stat.S_ISREG(os.lstat(token_file).st_mode)


@pytest.mark.parametrize("path", ["/dev/null/cache", "/proc/cache", __file__])
def test_a_place_where_no_directory_can_be_is_named(path):
    assert path in trouble(lambda: enter(TokenCache(path, *ACCOUNT)))


def test_a_file_cut_off_anywhere_counts_as_none(cache, token_file):
    whole = open(token_file, "rb").read()
    for length in range(len(whole)):
        with open(token_file, "wb") as file:
            file.write(whole[:length])
        assert cache.read("token", "password") == {}


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"[]", b"null", b"5", b"{}", b'{"salt": 5}', b'{"salt": "", "nonce": "", "content": ""}', b'{"salt": "!"}', b"[" * 60000, b"\0" * 70000],
)
def test_a_file_of_another_form_counts_as_none(cache, token_file, content):
    with open(token_file, "wb") as file:
        file.write(content)
    assert cache.read("token", "password") == {}


def test_a_changed_file_counts_as_none(cache, token_file):
    text = open(token_file).read()
    with open(token_file, "w") as file:
        file.write(text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:])
    assert cache.read("token", "password") == {}


def test_a_file_system_without_locks_is_named(cache, monkeypatch):
    def fail(*unused):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    assert "No locks available" in trouble(lambda: enter(cache))


def test_removal_says_whether_there_was_anything(cache, token_file):
    assert cache.exists()
    assert cache.remove() is True
    assert not cache.exists()
    assert cache.remove() is False


def in_child(work):
    """Runs C(work) in a fork, so that limits and users can be changed for good; returns its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            try:
                work()
                status = 0
            except BaseException:
                traceback.print_exc()
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_full_disk_is_noticed_before_a_login_and_leaves_the_old_file(cache, directory, token_file):
    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        assert "File too large" in trouble(cache.ensure_writable)
        assert "cannot be written" in trouble(lambda: cache.write("token", "password", {"token": "new"}))

    cache.ensure_writable()
    names = sorted(os.listdir(directory))
    assert in_child(work) == 0
    assert sorted(os.listdir(directory)) == names
    assert cache.read("token", "password") == {"token": "MARKER"}


@pytest.fixture
def directory_of_nobody():
    """A directory that nobody can reach: pytest closes its own to all but its user."""
    path = tempfile.mkdtemp(dir="/tmp")
    os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(path)


@needs_root
def test_a_read_only_directory_is_noticed_before_a_login(directory_of_nobody):
    def work():
        os.setresuid(NOBODY, NOBODY, NOBODY)
        cache = TokenCache(directory_of_nobody, *ACCOUNT)
        assert "Permission denied" in trouble(cache.ensure_writable)
        assert "Permission denied" in trouble(lambda: enter(cache))
        assert "Permission denied" in trouble(lambda: cache.write("token", "password", {}))

    os.chmod(directory_of_nobody, 0o500)
    assert in_child(work) == 0


@needs_root
def test_another_users_directory_and_file_are_refused(cache, token_file, directory_of_nobody):
    os.chown(token_file, NOBODY, NOBODY)
    assert "belongs to another user" in trouble(lambda: cache.read("token", "password"))
    assert "belongs to another user" in trouble(lambda: enter(TokenCache(directory_of_nobody, *ACCOUNT)))
