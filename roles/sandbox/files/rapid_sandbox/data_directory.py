# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the data directory: private, used by one sandbox at a time, files written atomically."""

import fcntl
import json
import os
import pathlib
import secrets


class StartupError(Exception):
    """The sandbox cannot start; the message says why and what to do."""


class DataDirectory:
    """The directory (mode 0700) that holds everything the sandbox keeps (files 0600)."""

    def __init__(self, path):
        self.path = pathlib.Path(path).absolute()
        self._lock = None

    def open(self):
        """Create the directory and take its lock, or say which process holds it."""
        os.umask(0o077)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self._lock = open(self.file("lock"), "a+", encoding="utf-8")
        except OSError as error:
            raise StartupError(f"cannot use the data directory {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "unknown"
            raise StartupError(
                f"a sandbox (process {holder}) already runs on the data directory {self.path}; "
                "stop it first or choose another --data-directory"
            ) from None
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def close(self):
        if self._lock is not None:
            self._lock.close()

    def file(self, name):
        return self.path / name

    def write(self, name, content):
        """Write a private file so that a reader sees the old content or the new, never a part."""
        target = self.file(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        data = content.encode() if isinstance(content, str) else content
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, target)

    def read_json(self, name):
        """The parsed file, or None where it does not exist yet."""
        try:
            return json.loads(self.file(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def write_json(self, name, value):
        self.write(name, json.dumps(value, indent=2) + "\n")
