# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A ledger that cannot be trusted or written to is refused with what to do, left as it is, and never made anew."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pathlib
import resource
import shutil
import sqlite3
import stat
import tempfile

import pytest
from ansible_collections.eccops.rapid.plugins.module_utils._ledger import schema
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import LedgerRecord, NoRecord, open_record
from ansible_collections.eccops.rapid.tests.unit.support.ledgers import API, foreign, linked, make_ledger

FORKS = multiprocessing.get_context("fork")


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return tmp_path / "ledger.sqlite"


def cut(size):
    return lambda path: os.truncate(path, size)


def scribbled(path):
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def newer(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = %d" % (len(schema.MIGRATIONS) + 1))
    connection.close()


def replaced_by(function):
    def spoil(path):
        path.unlink()
        function(path)

    return spoil


def gone_but_log(path):
    path.rename(path.with_name("ledger.sqlite-wal"))
    path.with_name("ledger.sqlite.locks").unlink()


#: name: (what is done to a good ledger, what the sentence says)
SPOILED = {
    "symbolic link": (linked, ["symbolic link", "give the path it leads to"]),
    "dangling link": (replaced_by(lambda path: path.symlink_to("nowhere")), ["symbolic link"]),
    "readable by all": (lambda path: path.chmod(0o644), ["open to other users", "chmod 600"]),
    "writable by the group": (lambda path: path.chmod(0o620), ["open to other users", "chmod 600"]),
    "directory": (replaced_by(pathlib.Path.mkdir), ["not a regular file"]),
    "pipe": (replaced_by(os.mkfifo), ["not a regular file"]),
    "empty": (cut(0), ["is an empty file, not a ledger", "restore it from its backup"]),
    "cut in its header": (cut(50), ["backup"]),
    "cut in its first page": (cut(3000), ["backup"]),
    "cut in half": (cut(20480), ["malformed", "backup"]),
    "scribbled over": (scribbled, ["backup"]),
    "text": (lambda path: path.write_text("north-01: 1b661ed5\n" * 400), ["backup"]),
    "another program's": (foreign, ["not a ledger of this collection", "another ledger_path"]),
    "of a newer release": (newer, ["schema version %d" % (len(schema.MIGRATIONS) + 1), "knows %d" % len(schema.MIGRATIONS), "newer"]),
    "gone": (pathlib.Path.unlink, ["is gone", "ledger.sqlite.locks", "restore it from its backup", "begin a new one"]),
    "gone, its log left": (gone_but_log, ["is gone", "ledger.sqlite-wal", "restore it from its backup"]),
    "log is a link": (lambda path: path.with_name("ledger.sqlite-wal").symlink_to("/etc/passwd"), ["symbolic link"]),
    "locks are a link": (lambda path: (path.with_name("ledger.sqlite.locks").unlink(), path.with_name("ledger.sqlite.locks").symlink_to("elsewhere")),
                         ["ledger.sqlite.locks", "symbolic link"]),
    "locks are readable by all": (lambda path: path.with_name("ledger.sqlite.locks").chmod(0o644), ["ledger.sqlite.locks", "open to other users", "chmod 600"]),
    "a journal is a link": (lambda path: path.with_name("ledger.sqlite-journal").symlink_to("/etc/passwd"), ["ledger.sqlite-journal", "symbolic link"]),
    "a journal is readable by all": (lambda path: path.with_name("ledger.sqlite-journal").touch(0o644), ["ledger.sqlite-journal", "open to other users"]),
    "gone, a journal left": (lambda path: (path.unlink(), path.with_name("ledger.sqlite.locks").unlink(), path.with_name("ledger.sqlite-journal").touch()),
                             ["is gone", "ledger.sqlite-journal"]),
    "in a directory of all": (lambda path: path.parent.chmod(0o777), ["everybody can write", "others could replace"]),
    "in a sticky directory of all": (lambda path: path.parent.chmod(0o1777), ["everybody can write", "others could replace"]),
}


def states(path):
    """The content of the ledger, and the kind and size of all that is there."""
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    return content, {each.name: (stat.S_IFMT(each.lstat().st_mode), each.lstat().st_size) for each in path.parent.iterdir()}


@pytest.mark.parametrize("name", SPOILED)
def test_what_cannot_be_trusted_is_refused_and_left_alone(path, name):
    make_ledger(path)
    spoil, pieces = SPOILED[name]
    spoil(path)
    before = states(path)
    with pytest.raises(LedgerError) as caught:
        LedgerRecord(str(path), API)
    message = caught.value.message
    assert str(path) in message and "\n" not in message and "Traceback" not in message and 20 < len(message) < 600
    for piece in pieces:
        assert piece in message, message
    assert caught.value.kind in ("ledger_unusable", "ledger_missing") and caught.value.is_service_wide
    assert states(path) == before


def test_check_mode_refuses_them_too_and_creates_nothing(path):
    record = open_record(str(path), API, API, True)
    assert isinstance(record, NoRecord) and record.ledger is None and list(path.parent.iterdir()) == []
    make_ledger(path)
    path.unlink()
    with pytest.raises(LedgerError, match="is gone"):
        open_record(str(path), API, API, True)


def test_another_users_ledger_is_refused(path, monkeypatch):
    make_ledger(path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(LedgerError, match="belongs to another user"):
        Ledger(str(path))


def test_one_that_is_not_there_is_not_made_for_reading(path):
    with pytest.raises(LedgerError, match="check ledger_path") as caught:
        Ledger(str(path), is_read_only=True)
    assert caught.value.kind == "ledger_missing" and not path.exists()


def test_its_directory_is_made_private_and_only_where_there_can_be_one(path):
    make_ledger(path.parent / "new" / "ledger.sqlite")
    assert stat.S_IMODE((path.parent / "new").stat().st_mode) == 0o700
    path.write_text("a file")
    with pytest.raises(LedgerError, match="cannot be used: (Not a directory|File exists)"):
        Ledger(str(path / "below" / "ledger.sqlite"))


def test_reading_changes_nothing(path):
    make_ledger(path)
    with Ledger(str(path), is_read_only=True) as ledger, pytest.raises(LedgerError, match="readonly|read-only|query"):
        with ledger.store.transaction() as connection:
            connection.execute("DELETE FROM replacements")


def said_by_a_fork(function, *arguments):
    """What a LedgerError of C(function) says in a process of its own, which may limit itself; None if it raised none."""
    reported = FORKS.SimpleQueue()

    def run():
        try:
            function(*arguments)
            reported.put(None)
        except LedgerError as error:
            reported.put(error.message)

    process = FORKS.Process(target=run)
    process.start()
    process.join(30)
    assert process.exitcode == 0
    return reported.get()


def with_little_room(path, size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    make_ledger(path)


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("size", [0, 1000, 5000])
def test_a_full_disk_is_refused_when_it_is_opened(path, size, is_there):
    if is_there:
        make_ledger(path)
    said = said_by_a_fork(with_little_room, path, size)
    assert "cannot be used" in said and str(path) in said and "free space" in said, said
    if is_there:
        with Ledger(str(path), is_read_only=True) as ledger:
            assert ledger.entry(API, "a1")["outcome"] == "intended"
    else:
        assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("is_there", [False, True])
def test_a_directory_that_cannot_be_written_to(is_there):
    place = pathlib.Path(tempfile.mkdtemp(prefix="ledger-"))

    def as_somebody():
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        make_ledger(place / "ledger.sqlite")

    try:
        if is_there:
            make_ledger(place / "ledger.sqlite")
            if os.geteuid() == 0:
                for each in place.iterdir():
                    os.chown(each, 65534, 65534)
        place.chmod(0o555)
        said = said_by_a_fork(as_somebody)
        assert "cannot be used" in said and (os.strerror(errno.EACCES) in said or "unable to open" in said or "readonly" in said), said
    finally:
        place.chmod(0o700)
        shutil.rmtree(place)
