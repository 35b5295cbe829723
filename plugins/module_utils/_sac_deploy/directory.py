# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Where a SAC is installed: whole versions beside each other, and one link that says which is in use.

    current -> versions/0002-5d0f6c...         switched by one rename
    versions/0002-5d0f6c.../                   certificate.pem chain.pem key.pem sac.pem, passphrase -> ../../passphrases/...
    passphrases/0002-5d0f6c...                 a file
    .lock  .unfinished                         two runs at once; the version before, while a service still has to be reloaded

A version is complete before it gets its name, and never changes afterwards but in owner and mode. A version with a number
above the current one was never in use. Standard library of Python 3.8 only.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._files import locks
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import sync_directory
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import find_intruder, is_straight
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.access import Access
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import FILE_NAMES, Version

CURRENT, VERSIONS, PASSPHRASES, LOCK, UNFINISHED = "current", "versions", "passphrases", ".lock", ".unfinished"
NEW_LINK, NEW_UNFINISHED = ".current.new", ".unfinished.new"
_OURS = (CURRENT, VERSIONS, PASSPHRASES, LOCK, UNFINISHED, NEW_LINK, NEW_UNFINISHED)
NAME = re.compile(r"(\d{4,})-[0-9a-f]{64}\Z")
LOCK_WAIT_SECONDS = 60


class SacDirectory:
    """The directory ``path`` (absolute) as ``access`` (Access) wants it."""

    def __init__(self, path: str, access: Access) -> None:
        self.path, self.access = path, access

    def at(self, *names: str) -> str:
        return os.path.join(self.path, *names)

    def version_path(self, name: str) -> str:
        return self.at(VERSIONS, name)

    def passphrase_path(self, name: str) -> str:
        return self.at(PASSPHRASES, name)

    def version(self, name: str) -> Version:
        return Version(self.version_path(name), self.passphrase_path(name))

    # What is there

    def exists(self) -> bool:
        return os.path.lexists(self.path)

    def ensure_ours(self) -> None:
        """Raises InvalidInput unless the place is free, or ours and nobody else's to write to."""
        if not is_straight(self.path) or self.path.count("/") < 2:
            raise InvalidInput("path '%s' must be an absolute path to a dedicated directory such as /etc/rapidauth-sac" % self.path)
        above = os.path.dirname(self.path)
        if not os.path.isdir(above):
            raise InvalidInput("the directory %s, where %s should be created, does not exist; create it" % (above, self.path))
        intruder = find_intruder(above)
        if intruder:
            raise InvalidInput("others could replace what is installed in %s: %s; correct its owner and mode" % (self.path, intruder))
        if not self.exists():
            return
        self._ensure_own_directory(self.path)
        strangers = sorted(set(os.listdir(self.path)) - set(_OURS))
        if strangers:
            raise InvalidInput(
                "%s holds '%s', which this module did not create; nothing was changed: set path to a dedicated directory" % (self.path, strangers[0]))
        for name in (VERSIONS, PASSPHRASES):
            if os.path.lexists(self.at(name)):
                self._ensure_own_directory(self.at(name))
        self.current_name()

    def _ensure_own_directory(self, path: str) -> None:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode):
            raise InvalidInput("%s is %s, not a directory; nothing was changed: remove it if nobody needs it" % (
                path, "a link to '%s'" % os.readlink(path) if stat.S_ISLNK(status.st_mode) else "there"))
        if status.st_uid != self.access.directory_uid:
            raise InvalidInput(
                "%s belongs to the user id %d; nothing was changed: find out who made it, then remove it or chown it to root" % (path, status.st_uid))

    def current_name(self) -> str | None:
        """Returns the name of the version in use, or None; raises InvalidInput where the link is none of ours."""
        link = self.at(CURRENT)
        if not os.path.lexists(link):
            return None
        target = os.readlink(link) if os.path.islink(link) else None
        name = (target or "").partition(VERSIONS + "/")[2]
        if target != VERSIONS + "/" + name or not NAME.match(name):
            raise InvalidInput("%s is not a link to a version; nothing was changed: remove it if nobody needs it" % link)
        return name if os.path.isdir(self.version_path(name)) else None

    def names(self) -> list[str]:
        """Returns the names of all whole versions, oldest first."""
        return sorted((each for each in listed(self.at(VERSIONS)) if NAME.match(each)), key=parse_number)

    def leftovers(self, current: str | None) -> list[str]:
        """Returns the names below versions/ that a killed run left: no whole name, or a number above the one in use."""
        return [each for each in listed(self.at(VERSIONS)) if not NAME.match(each) or (current and parse_number(each) > parse_number(current))]

    def surplus(self, current: str, count: int) -> list[str]:
        """Returns the names of all versions but ``current`` and the newest whole ones before it, ``count`` in all."""
        whole = [each for each in self.names() if parse_number(each) < parse_number(current) and not self.version(each).damage]
        kept = {current, *whole[max(0, len(whole) - count + 1):]}
        return [each for each in self.names() if each not in kept]

    # Owners and modes

    def is_owned_otherwise(self, name: str) -> bool:
        """Says whether files of a version have another owner or group than is wanted."""
        wanted = (self.access.uid, self.access.gid)
        return any((is_now[1], is_now[2]) != wanted for unused_path, is_now, unused_wanted in self._attributes(self._list_files(name)))

    def wrong_attributes(self) -> dict[str, tuple[str, ...]]:
        """Returns {path: (as it is, as it should be)} in words, of our directories and of every version."""
        return {os.path.relpath(path, self.path): tuple("%04o %d:%d" % each for each in (is_now, wanted))
                for path, is_now, wanted in self._attributes() if is_now != wanted}

    def _directories(self) -> list[str]:
        return [self.path, self.at(VERSIONS), self.at(PASSPHRASES), *(self.version_path(name) for name in self.names())]

    def _list_files(self, name: str) -> list[tuple[str, int]]:
        """Returns [(path, mode)]."""
        files = [(os.path.join(self.version_path(name), each), self.access.file_mode) for each in FILE_NAMES]
        return files + [(self.passphrase_path(name), self.access.secret_mode)]

    def _attributes(self, files: list[tuple[str, int]] | None = None) -> typing.Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
        """Yields (path, (mode, uid, gid) as they are, as they should be), of all that is ours or of ``files`` only."""
        access = self.access
        places: list[tuple[str, int, int, int]] = []
        if files is None:
            places = [(path, access.directory_mode, access.directory_uid, access.directory_gid) for path in self._directories()]
            files = [each for name in self.names() for each in self._list_files(name)]
        places += [(path, mode, access.uid, access.gid) for path, mode in files]
        for path, *wanted in places:
            status = os.lstat(path) if os.path.lexists(path) else None
            if status is not None and not stat.S_ISLNK(status.st_mode):  # a link is none of ours, and left alone
                yield path, (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid), tuple(wanted)

    def open_directories(self) -> dict[str, int]:
        """Lets the account pass our directories, and nobody but root write to them; returns {path: mode before}."""
        before = {path: stat.S_IMODE(os.lstat(path).st_mode) & 0o711 for path in self._directories()}
        for path, mode in before.items():
            os.chmod(path, mode | self.access.directory_mode)
        return before

    def repair_attributes(self) -> None:
        """Gives our directories and every version their owners and modes, never a wider mode on the way."""
        for path, is_now, wanted in list(self._attributes()):
            if is_now != wanted:
                os.chmod(path, is_now[0] & wanted[0])
                os.chown(path, wanted[1], wanted[2], follow_symlinks=False)
                os.chmod(path, wanted[0])

    def make_directory(self, path: str) -> None:
        """Makes a directory that is ours, with its owner and mode from the start, unless it is there."""
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            return
        os.chown(path, self.access.directory_uid, self.access.directory_gid, follow_symlinks=False)
        os.chmod(path, self.access.directory_mode)
        sync_directory(os.path.dirname(path))

    # One run at a time

    @contextlib.contextmanager
    def locked(self) -> typing.Iterator[None]:
        """Lets one run at a time work here; makes the directory that the lock lies in."""
        # The run before may remove everything, the directory and the lock with it.
        with locks.held(self.at(LOCK), "working on %s" % self.path, LOCK_WAIT_SECONDS, prepare=lambda: self.make_directory(self.path)):
            yield


def parse_number(name: str) -> int:
    """Returns the number in a version's name; they only grow."""
    return int(NAME.match(name).group(1))  # type: ignore[union-attr]  # it is the name of a version


def listed(path: str) -> list[str]:
    """Returns the names in a directory, none where there is no directory."""
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []
