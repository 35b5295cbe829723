# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Small steps on files that survive a power cut. Python 3.8 and its standard library only."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import typing


def read_status(path: str) -> os.stat_result | None:
    """Returns what lstat says of ``path``, or None where there is nothing."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def make_missing(path: str, made: list[str], mode: int = 0o755) -> None:
    """Makes the directory ``path`` and what leads to it, whatever the umask, and notes in ``made`` what had to be made."""
    if not os.path.isdir(path):
        make_missing(os.path.dirname(path), made, mode)
        try:
            os.mkdir(path, mode & 0o700)
        except FileExistsError:
            if not os.path.isdir(path):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None
            return  # another run was faster
        os.chmod(path, mode)
        made.append(path)


def read_json(path: str) -> typing.Any:
    """Returns what this account has written to ``path``, or None; another one's is not read. It is renamed into place whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        return json.load(stream) if os.fstat(descriptor).st_uid == os.geteuid() else None


def stage(path: str, content: bytes, mode: int = 0o600, uid: int = -1, gid: int = -1, directory: int | None = None) -> None:
    """Writes a new file that has its final owner and mode before its content (bytes); ``path`` is relative to a ``directory``'s descriptor."""
    remove(path, directory)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, mode)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def replace(path: str, temporary: str, content: bytes, directory: int | None = None, **attributes: int) -> None:
    """Has ``content`` at ``path``, whole or not at all, after it was at ``temporary``; the ``attributes`` are those of ``stage``."""
    try:
        stage(temporary, content, directory=directory, **attributes)
        os.rename(temporary, path, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        with contextlib.suppress(OSError):
            remove(temporary, directory)
        raise


def write_json(path: str, value: object) -> None:
    """Has ``value`` at ``path``, whole or not at all, readable by its owner only."""
    replace(path, path + ".new", json.dumps(value, sort_keys=True).encode("utf-8"))


def sync_directory(path: str) -> None:
    """Brings to disk which names are in a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str, directory: int | None = None) -> None:
    """Removes a file, if there is one."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        try:
            os.unlink(path, dir_fd=directory)
        except OSError:
            os.stat(path, dir_fd=directory, follow_symlinks=False)  # a read-only file system refuses before it looks
            raise
