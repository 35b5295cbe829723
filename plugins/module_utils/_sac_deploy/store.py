# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Changes to the place where a SAC is installed, each safe to be killed in. Standard library of Python 3.8 only."""

from __future__ import annotations

import os
import shutil

from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import remove, stage, sync_directory
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.directory import (
    CURRENT,
    LOCK,
    NEW_LINK,
    NEW_UNFINISHED,
    PASSPHRASES,
    UNFINISHED,
    VERSIONS,
    SacDirectory,
    listed,
    parse_number,
)
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import FILE_NAMES, PASSPHRASE, Version, WantedSac, read_plain_file

_STAGED = ".new-"
_CONDEMNED = ".old-"


class SacStore(SacDirectory):
    """A SacDirectory that can be changed, by one run at a time: call everything here while it is ``locked()``."""

    def make(self) -> None:
        """Makes what is missing below the directory."""
        self.make_directory(self.at(VERSIONS))
        self.make_directory(self.at(PASSPHRASES))

    def tidy(self, current: str | None) -> None:
        """Removes what a killed run left."""
        for name in self.leftovers(current):
            self._destroy(name)
        for name in set(listed(self.at(PASSPHRASES))) - set(self.names()):
            os.unlink(self.passphrase_path(name))
        for name in (NEW_LINK, NEW_UNFINISHED):
            remove(self.at(name))

    def next_name(self, wanted: WantedSac) -> str:
        return "%04d-%s" % (max([parse_number(each) for each in self.names()], default=0) + 1, wanted.sha256_fingerprint)

    def stage(self, name: str, wanted: WantedSac) -> None:
        """Writes the WantedSac as a version that has not got its ``name`` yet."""
        path = self.staged_path(name)
        self._write(self.passphrase_path(name), wanted.passphrase + b"\n", self.access.secret_mode)
        self.make_directory(path)
        for each in FILE_NAMES:
            self._write(os.path.join(path, each), wanted.contents[each], self.access.file_mode)
        os.symlink(os.path.join("..", "..", PASSPHRASES, name), os.path.join(path, PASSPHRASE))
        sync_directory(path)
        sync_directory(self.at(PASSPHRASES))

    def staged_path(self, name: str) -> str:
        return self.version_path(_STAGED + name)

    def staged(self, name: str) -> Version:
        return Version(self.staged_path(name), self.passphrase_path(name))

    def publish(self, name: str) -> None:
        """Gives a staged version its name: from now on it is a whole one."""
        os.rename(self.staged_path(name), self.version_path(name))
        sync_directory(self.at(VERSIONS))

    def switch_to(self, name: str | None) -> None:
        """Makes ``name`` the version in use, or none where it is None."""
        if name is None:
            remove(self.at(CURRENT))
        else:
            remove(self.at(NEW_LINK))
            os.symlink(VERSIONS + "/" + name, self.at(NEW_LINK))
            os.rename(self.at(NEW_LINK), self.at(CURRENT))
        sync_directory(self.path)

    def discard(self, name: str) -> None:
        """Destroys a version, staged or whole, and its passphrase. Overwriting would promise what no modern disk keeps."""
        for each in (_STAGED + name, name):
            self._destroy(each)
        remove(self.passphrase_path(name))

    def _destroy(self, name: str) -> None:
        path = self.version_path(name)
        if os.path.lexists(path):
            condemned = path if os.path.basename(path).startswith(_CONDEMNED) else self.version_path(_CONDEMNED + name)
            if condemned != path:
                os.rename(path, condemned)  # so that a version with its name is whole, or not there
            if os.path.isdir(condemned) and not os.path.islink(condemned):
                shutil.rmtree(condemned)
            else:
                os.unlink(condemned)

    def _write(self, path: str, content: bytes, mode: int) -> None:
        """Writes a new file, its owner and mode set before its content."""
        stage(path, content, mode, self.access.uid, self.access.gid)

    # A switch that a service still has to learn of

    def begin_switch(self, previous: str | None) -> None:
        """Notes the name of the version before (or None), until ``end_switch``."""
        remove(self.at(NEW_UNFINISHED))
        self._write(self.at(NEW_UNFINISHED), (previous or "").encode("ascii"), 0o400)
        os.rename(self.at(NEW_UNFINISHED), self.at(UNFINISHED))
        sync_directory(self.path)

    def is_switch_unfinished(self) -> bool:
        return os.path.lexists(self.at(UNFINISHED))

    def version_before_switch(self) -> str | None:
        """Returns the name of the version before an unfinished switch, where it is still there, else None."""
        name = read_plain_file(self.at(UNFINISHED)).decode("ascii", "replace")
        return name if name in self.names() else None

    def end_switch(self) -> None:
        remove(self.at(UNFINISHED))

    def remove(self) -> None:
        """Removes all that is ours: the link first, the directory itself last."""
        for name in (CURRENT, UNFINISHED, NEW_LINK, NEW_UNFINISHED):
            remove(self.at(name))
        for name in (PASSPHRASES, VERSIONS):
            if os.path.lexists(self.at(name)):
                shutil.rmtree(self.at(name))
        remove(self.at(LOCK))
        os.rmdir(self.path)
        sync_directory(os.path.dirname(self.path))
