# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Changes a set of files as one: all of them or none, also when it is killed in the middle and run again.

New contents are written beside the files; then a journal is written that says what was there before; then everything is
renamed into place and verified; removing the journal makes it final. A run that finds a journal finishes or undoes
what the one before it began. Python 3.8 and its standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import types
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import (
    make_missing,
    read_json,
    remove,
    stage,
    read_status,
    sync_directory,
    write_json,
)
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_intruder
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.desired import Change, Directory, File
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.lock import hold_lock

JOURNAL_NAME = ".unfinished.json"
#: The directories that had to be made for files elsewhere, so that a removal can take them away again.
MADE_NAME = ".made-directories.json"


class FileSetChange:
    """The change of one set. ``directories[0]`` is its own and keeps the journal."""

    def __init__(self, directories: list[Directory], files: list[File]) -> None:
        self.directories, self.files = directories, files
        self.journal_path = os.path.join(directories[0].path, JOURNAL_NAME)
        self.made_path = os.path.join(directories[0].path, MADE_NAME)

    @contextlib.contextmanager
    def locked(self, is_check_mode: bool = False) -> typing.Iterator[None]:
        """Lets one run at a time change the set; a second one waits. Check mode waits too, and makes no lock.

        Raises InvalidInput where others than this account and root could change what a path of the set leads to.
        """
        self._ensure_trusted()
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(hold_lock(self.directories[0].path, is_check_mode))
            except OSError as error:
                raise explain_failure(error, "nothing was changed") from error
            yield

    def _ensure_trusted(self) -> None:
        """Our own directories are not judged: their owners and modes are part of the change."""
        own = {each.path for each in self.directories}
        places = {os.path.dirname(each.path) for each in self.files} - own
        for place, holds_files in [*((each, True) for each in sorted(places)), *((os.path.dirname(each), False) for each in sorted(own))]:
            try:
                intruder = None if place in own else find_intruder(place, holds_files)
            except OSError as error:
                raise explain_failure(error, "nothing was changed") from error
            if intruder:
                raise InvalidInput(
                    "others could replace what is installed in %s: %s; nothing was changed: correct its owner and mode" % (place, intruder))

    def is_unfinished(self) -> bool:
        """Says whether an earlier run died between the first file and the verification of all."""
        return read_json(self.journal_path) is not None

    def apply(self, changes: list[Change], verify: typing.Callable[[], object]) -> None:
        """Makes ``changes``, calls ``verify()``, and makes it final; whatever is raised, all files are as before."""
        earlier = read_json(self.journal_path)
        journal = earlier or {"files": {}, "directories": []}
        try:
            self._prepare(changes, journal)
        except BaseException as error:
            if earlier is None:
                self._undo({"files": {}, "directories": journal["directories"]})
            raise explain_failure(error, "nothing was changed") from error
        try:
            for change in changes:
                if not change.wanted.is_directory:
                    _put_in_place(change.wanted)
            verify()
        except BaseException as error:
            self._undo(journal)
            raise explain_failure(error, "everything was put back as it was") from error
        self._note_made_directories(journal["directories"])
        remove(self.journal_path)
        self._sync()
        self.tidy()

    def _prepare(self, changes: list[Change], journal: dict) -> None:
        """Brings everything to disk that the change or its undoing needs, and notes it in ``journal``."""
        if not journal["files"]:
            self.tidy()
        for change in changes:
            if change.wanted.is_directory:
                _make_directory(change.wanted, journal["directories"])
            elif change.wanted.content is not None:
                make_missing(os.path.dirname(change.path), journal["directories"])
                _stage(change.wanted)
        for change in changes:
            file = change.wanted
            # An earlier run's undoing may have been cut off: what was put back then is what is there.
            if not file.is_directory and not (file.path in journal["files"] and read_status(file.previous_path)):
                journal["files"][file.path] = _keep_previous(file)
        write_json(self.journal_path, journal)
        self._sync()

    def _note_made_directories(self, paths: list[str]) -> None:
        own = {each.path for each in self.directories}
        made = [each for each in (read_json(self.made_path) or []) + paths if each not in own]
        if made and paths:
            write_json(self.made_path, sorted(set(made)))

    def _undo(self, journal: dict) -> None:
        for file in self.files:
            if journal["files"].get(file.path) is True:
                with contextlib.suppress(FileNotFoundError):  # put back already, before an earlier undoing was cut off
                    os.rename(file.previous_path, file.path)
            elif file.path in journal["files"]:
                remove(file.path)
        self._sync()
        remove(self.journal_path)
        self.tidy()
        for path in reversed(journal["directories"]):
            with contextlib.suppress(OSError):  # somebody has put something in
                os.rmdir(path)

    def tidy(self) -> None:
        """Removes what a killed run left beside the files; only where no journal is in force."""
        for file in self.files:
            remove(file.staged_path)
            remove(file.previous_path)
        remove(self.journal_path + ".new")

    def _sync(self) -> None:
        for path in sorted({os.path.dirname(each.path) for each in self.files} | {self.directories[0].path}):
            with contextlib.suppress(FileNotFoundError):
                sync_directory(path)

    def removals(self, trace_paths: list[str]) -> list[Change]:
        """Returns the Changes that leave nothing of the set, nor of ``trace_paths``, which programs of the set have left."""
        paths = [path for file in self.files for path in (file.path, file.staged_path, file.previous_path)]
        paths += [each.path for each in self.directories] + trace_paths
        there = [path for path in paths if read_status(path) is not None]
        return [Change(types.SimpleNamespace(path=path), "directory\n" if _is_directory(path) else "file\n", "") for path in there]

    def remove(self, removals: list[Change]) -> list[str]:
        """Removes what ``removals`` returned; returns the directories that had been made for it."""
        made = read_json(self.made_path) or []
        for change in removals:
            if _is_directory(change.path):
                shutil.rmtree(change.path)
            else:
                remove(change.path)
        self._sync()
        return made


def remove_unused_directories(paths: list[str]) -> None:
    """Removes those of ``paths`` in which nothing is left, or nothing but caches of what was there."""
    for path in sorted(paths, reverse=True):
        with contextlib.suppress(OSError):
            names = os.listdir(path)
            if all(name.endswith(".cache") for name in names):
                for name in names:
                    os.unlink(os.path.join(path, name))
                os.rmdir(path)


def _is_directory(path: str) -> bool:
    status = read_status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def _make_directory(wanted: Directory, made: list[str]) -> None:
    make_missing(wanted.path, made)
    os.chown(wanted.path, wanted.uid, -1 if wanted.gid is None else wanted.gid, follow_symlinks=False)
    os.chmod(wanted.path, wanted.mode)


def _keep_previous(file: File) -> bool:
    """Keeps what is there under a second name; returns whether there was anything."""
    remove(file.previous_path)
    try:
        os.link(file.path, file.previous_path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _stage(file: typing.Any) -> None:
    stage(file.staged_path, file.content, file.mode, file.uid, -1 if file.gid is None else file.gid)


def _put_in_place(file: File) -> None:
    if file.content is None:
        remove(file.path)
    else:
        os.rename(file.staged_path, file.path)


def explain_failure(error: BaseException, consequence: str) -> BaseException:
    """Returns ``error`` as one sentence for the user where it is an expected one, or as it is."""
    if isinstance(error, OSError):
        what_to_do = {
            errno.ENOSPC: "free some space and run again",
            errno.EROFS: "remount the file system writable and run again",
            errno.EACCES: "run the task as root (become: true)",
            errno.EPERM: "run the task as root (become: true)",
        }.get(error.errno or 0, "correct that and run again")
        return RapidError("%s: %s; %s: %s" % (error.filename or "a file of the set", error.strerror, consequence, what_to_do), kind="not_written")
    if isinstance(error, RapidError):
        return RapidError("%s; %s" % (error.message, consequence), kind=error.kind)
    return error
