# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Small steps on files that survive a power cut. Python 3.8 and its standard library only."""

from __future__ import annotations

import contextlib
import json
import os


def status_of(path):
    """Returns what lstat says of C(path), or None where there is nothing."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def make_missing(path, made):
    """Makes C(path) and what leads to it, and notes in C(made) what had to be made."""
    if status_of(path) is None:
        make_missing(os.path.dirname(path), made)
        os.mkdir(path, 0o755)
        os.chmod(path, 0o755)  # whatever the umask
        made.append(path)


def read_json(path):
    """Returns what was written durably to C(path), or None. It is renamed into place whole, so it is never cut off."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return None


def stage(file):
    """Writes the new content beside the file, with its final owner and mode from the start."""
    remove(file.staged_path)
    descriptor = os.open(file.staged_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchown(descriptor, file.uid, -1 if file.gid is None else file.gid)
        os.fchmod(descriptor, file.mode)
        stream.write(file.content)
        stream.flush()
        os.fsync(descriptor)


def write_json(path, value):
    """Has C(value) at C(path), whole or not at all, readable by its owner only."""
    temporary = path + ".new"
    remove(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream, sort_keys=True)
        stream.flush()
        os.fsync(descriptor)
    os.rename(temporary, path)


def sync_directory(path):
    """Brings to disk which names are in a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path):
    """Removes a file, if there is one."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)
