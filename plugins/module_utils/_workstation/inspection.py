# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Looks at files and links of a position, for a check. Python 3.8 and its standard library only."""

from __future__ import annotations

import hashlib
import os
import stat
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation

#: No program and no configuration that is looked at comes near this.
LONGEST_FILE_BYTES = 64 * 1024 * 1024


def run(params: dict, is_check_mode: bool) -> dict:
    """Returns {files: {path: its SHA-256 or ""}, links: {path: where it leads or ""}}; it reads only. Raises RapidError."""
    return {
        "changed": False,
        "files": {path: hash_file(path) for path in params["files"]},
        "links": {path: read_link(path) for path in params["links"]},
    }


def hash_file(path: str) -> str:
    """Returns the SHA-256 of a regular file in hexadecimal, an empty text where there is none."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_FILE_BYTES:
                return ""
            return hashlib.sha256(stream.read()).hexdigest()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # of NUL: there is no such path
        return ""
    except OSError as error:
        raise RapidError("%s cannot be read: %s" % (path, error.strerror), kind="unreadable") from None


def read_link(path: str) -> str:
    """Returns where a symbolic link leads, an empty text where there is none."""
    try:
        return os.readlink(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # of NUL: there is no such path
        return ""
    except OSError as error:
        raise RapidError("%s cannot be read: %s" % (path, error.strerror), kind="unreadable") from None


def _open_without_waiting(path: str, flags: int) -> typing.Any:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


OPERATION = Operation(run=run, spec={
    "argument_spec": {
        "files": {"type": "list", "elements": "path", "default": []},
        "links": {"type": "list", "elements": "path", "default": []},
    }
})
