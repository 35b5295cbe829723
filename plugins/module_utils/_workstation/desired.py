# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a set of files on a position is and should be: compared first, so that check mode and diff cannot lie.

Needs nothing but Python 3.8 and its standard library, since it runs on workstations.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import re
import stat
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._files.durable import read_status
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import is_straight, parse_mode

HIDDEN = "(secret: not shown)\n"
HIDDEN_CHANGE = "(secret: changed, not shown)\n"
#: A line of a program that says which version it is.
VERSION_LINE = re.compile(rb"""^(?:VERSION|\$Version) *= *(["'])([0-9][0-9A-Za-z.+-]{0,40})\1""", re.MULTILINE)


class Directory:
    """A directory that is ours alone: ``path``, ``mode`` (int), ``uid``, ``gid``."""

    is_directory = True

    def __init__(self, path: str, mode: int, uid: int, gid: int | None) -> None:
        self.path, self.mode, self.uid, self.gid = path, mode, uid, gid


class File:
    """A file as it should be; ``content`` (bytes) is None where there should be none. ``diff`` says what of it diffs show: ``content`` or ``hash``."""

    is_directory = False

    def __init__(self, path: str, content: bytes | None, is_secret: bool, mode: int, uid: int, gid: int | None, diff: str = "content") -> None:
        self.path, self.content, self.is_secret, self.diff = path, content, is_secret, diff
        self.mode, self.uid, self.gid = mode, uid, gid

    @property
    def staged_path(self) -> str:
        """Returns where the new content waits, beside the file."""
        return _beside(self.path, "new")

    @property
    def previous_path(self) -> str:
        """Returns where the content before the change waits until the change is final."""
        return _beside(self.path, "previous")


class Change:
    """One difference: ``wanted`` (Directory or File), and in words what is (``before``) and what should be (``after``)."""

    def __init__(self, wanted: typing.Any, before: str, after: str) -> None:
        self.wanted, self.before, self.after = wanted, before, after

    @property
    def path(self) -> str:
        return self.wanted.path

    def as_diff(self) -> dict[str, str]:
        """Returns an entry of Ansible's diff; a secret's content is never part of it."""
        return {"before_header": self.path, "after_header": self.path, "before": self.before, "after": self.after}


def _beside(path: str, word: str) -> str:
    directory, name = os.path.split(path)
    return os.path.join(directory, ".%s.%s" % (name, word))


def wanted_directories(params: dict) -> list[Directory]:
    """Returns the Directories that ``params["directories"]`` name."""
    uid = _uid(params["owner"])
    return [Directory(_absolute(each["path"]), _mode(each["mode"], each["path"]), uid, _gid(each["group"])) for each in params["directories"]]


def wanted_files(params: dict) -> list[File]:
    """Returns the Files that ``params["files"]`` name, secrets put in from ``params["secrets"]``."""
    uid, secrets, files = _uid(params["owner"]), params["secrets"] or {}, []
    for each in params["files"]:
        path, name = _absolute(each["path"]), each["secret"]
        if name is not None and name not in secrets:
            raise InvalidInput("the file %s should hold the secret '%s', which is not among secrets" % (path, name))
        mode = _mode(each["mode"], path)
        if name is not None and mode & 0o027:
            raise InvalidInput("the file %s holds a secret, and mode %04o lets others than its owner and group read it; use 0640 or 0600" % (path, mode))
        text = each["content"] if name is None else secrets[name]
        files.append(File(path, None if text is None else read_secret(text).encode("utf-8"), name is not None, mode, uid, _gid(each["group"]),
                          each.get("diff") or "content"))
    repeated = {file.path for file in files if [each.path for each in files].count(file.path) > 1}
    if repeated:
        raise InvalidInput("%s is named twice in files" % sorted(repeated)[0])
    return files


def read_secret(value: typing.Any) -> str:
    """Returns a secret content as text. Before ansible-core 2.19 a template that gives JSON text is made an object."""
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _absolute(path: str) -> str:
    if not is_straight(path):
        raise InvalidInput("'%s' must be an absolute path without '..' or a slash at its end" % path)
    return path


def _mode(text: str, path: str) -> int:
    return parse_mode(text, "the mode of " + path)


def _uid(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        raise InvalidInput("there is no user '%s' on this position; create it or name another owner" % name) from None


def _gid(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        raise InvalidInput("there is no group '%s' on this position; create it with its members, or name another group" % name) from None


def changes_to(directories: list[Directory], files: list[File]) -> list[Change]:
    """Returns the Changes that make the position as wanted, directories first; touches nothing."""
    found = [_directory_change(each) for each in directories] + [_file_change(each) for each in files]
    return [each for each in found if each is not None]


def _directory_change(wanted: Directory) -> Change | None:
    status = read_status(wanted.path)
    if status is None:
        return Change(wanted, "", _attributes(wanted.mode, wanted.uid, wanted.gid))
    if not stat.S_ISDIR(status.st_mode):
        raise InvalidInput("%s already exists and is not a directory; nothing was changed: remove it and run again" % wanted.path)
    return _attribute_change(wanted, status)


def _file_change(wanted: File) -> Change | None:
    status = read_status(wanted.path)
    if status is not None and not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        raise InvalidInput("%s already exists and is not a file; nothing was changed: remove it and run again" % wanted.path)
    if wanted.content is None:
        return None if status is None else Change(wanted, _shown(wanted, status, _content(wanted.path, status)), "")
    if status is None:
        return Change(wanted, "", _shown(wanted, None, wanted.content))
    if stat.S_ISLNK(status.st_mode):
        return Change(wanted, "a link to %s\n" % os.readlink(wanted.path), _shown(wanted, None, wanted.content))
    before = _content(wanted.path, status)
    if before != wanted.content:
        return Change(wanted, *show_change(wanted, status, before, wanted.content))
    return _attribute_change(wanted, status)


def _attribute_change(wanted: Directory | File, status: os.stat_result) -> Change | None:
    is_same = (stat.S_IMODE(status.st_mode), status.st_uid) == (wanted.mode, wanted.uid) and wanted.gid in (None, status.st_gid)
    if is_same:
        return None
    before = _attributes(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return Change(wanted, before, _attributes(wanted.mode, wanted.uid, wanted.gid))


def _attributes(mode: int, uid: int, gid: int | None) -> str:
    return "mode %04o, owner %d%s\n" % (mode, uid, "" if gid is None else ", group %d" % gid)


def _shown(wanted: File, status: os.stat_result | None, content: bytes) -> str:
    """Returns a content as the diff shows it: none of a file that others may not read, as it is (``status``) or as it should be."""
    modes = [wanted.mode] if status is None else [wanted.mode, status.st_mode]
    if wanted.is_secret or not all(mode & stat.S_IROTH for mode in modes):
        return HIDDEN
    return describe_program(content) if wanted.diff == "hash" else content.decode("utf-8", "replace")


def show_change(wanted: File, status: os.stat_result, before: bytes, after: bytes) -> tuple[str, str]:
    """Returns both contents as the diff shows them, never alike: else it would show nothing."""
    shown = _shown(wanted, status, before), _shown(wanted, status, after)
    if shown[0] == HIDDEN:
        return HIDDEN, HIDDEN_CHANGE
    return shown if shown[0] != shown[1] else (describe_program(before), describe_program(after))


def describe_program(content: bytes) -> str:
    """Returns the version that a program names, if any, and its SHA-256."""
    version = VERSION_LINE.search(content)
    return "%ssha256 %s\n" % ("version %s, " % version.group(2).decode("ascii") if version else "", hashlib.sha256(content).hexdigest())


def _content(path: str, status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return b""
    with open(path, "rb") as stream:
        return stream.read()
