# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who else could read a file, or change what a path leads to. Python 3.8 and its standard library only.

A path is judged as it is given: every directory and every link that it goes through, the targets of links included, from
the root down. Where nobody but root and this account can change any of them, what was judged is what is used afterwards.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import re
import stat
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._text import printable

_MOST_LINKS = 40


def parse_mode(text: str, name: str, highest: int = 0o777, lowest: int = 0) -> int:
    """Returns the mode that octal digits say; raises InvalidInput, in which it is called ``name``."""
    mode = int(text, 8) if re.match(r"(0o)?[0-7]{1,5}\Z", text) else -1
    if lowest <= mode <= highest:
        return mode
    raise InvalidInput("%s is '%s'; give octal digits in quotes, such as '0640'" % (name, printable(text)))


def can_be_passed(text: str) -> bool:
    """Says whether a text can be a path, or an argument of a program, on this system."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def is_straight(path: str) -> bool:
    """Says whether a path is absolute and leads straight to one place: no dots, no double or trailing slash."""
    return os.path.isabs(path) and os.path.normpath(path) == path and can_be_passed(path)


def find_fault(status: os.stat_result, is_wanted_type: typing.Callable[[int], bool] = stat.S_ISREG, closed_to: int = 0o077) -> str | None:
    """Returns why a file (by its lstat or fstat) is not this account's alone, and what to do, or None; ``closed_to`` are modes that it may not have."""
    is_file = is_wanted_type is stat.S_ISREG
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link; give the path it leads to"
    if not is_wanted_type(status.st_mode):
        return "is not a %s; give another path" % ("regular file" if is_file else "directory")
    if status.st_uid != os.geteuid():
        return "belongs to another user; run as its owner or give another path"
    return "is open to other users; chmod %s it" % ("600" if is_file else "700") if status.st_mode & closed_to else None


def find_intruder(path: str, holds_files: bool = False) -> str | None:
    """Returns who else could change what the directory ``path`` leads to, in words, or None; raises OSError where it cannot be seen.

    A sticky directory, such as /tmp, may be on the way, since nobody can replace another one's entry in it. It may not be the
    last one where ``holds_files``: whoever can make a file beside ours there can make SQLite read it. A group may write where
    only root and this account belong to it, such as a user's private group in a home made under umask 002.
    """
    found = list(_leading_to(path))
    for number, (place, status) in enumerate(found):
        if status is None:
            break
        if not _is_trusted(status.st_uid):
            return "'%s' belongs to %s" % (place, _account_name(status.st_uid))
        is_sticky = status.st_mode & stat.S_ISVTX and not (holds_files and number == len(found) - 1)
        if not stat.S_ISDIR(status.st_mode) or is_sticky:
            continue
        if status.st_mode & stat.S_IWOTH:
            return "everybody can write to '%s'" % place
        if status.st_mode & stat.S_IWGRP:
            others = ["an access control list"] if _has_access_list(place) else _others_in_group(status.st_gid)
            if others:
                return "%s can write to '%s'" % (" and ".join(others[:3]), place)
    return None


def open_directory(path: str) -> int:
    """Returns a descriptor of the directory that ``path`` leads to; raises OSError where another account's link leads there."""
    place, expected = "/", None
    for place, expected in _leading_to(os.path.abspath(path)):
        if expected is not None and stat.S_ISLNK(expected.st_mode) and not _is_trusted(expected.st_uid):
            raise PermissionError(errno.EPERM, "it is a link that belongs to %s" % _account_name(expected.st_uid), place)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if expected is None or not os.path.samestat(os.fstat(descriptor), expected):
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "it was replaced while it was opened", place)
    return descriptor


def _leading_to(path: str) -> typing.Iterator[tuple[str, os.stat_result | None]]:
    """Yields (place, lstat) of all that an absolute path goes through; the last lstat is None where nothing is there."""
    here, names, links = "/", path.split("/"), 0
    yield here, os.lstat(here)
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        place = os.path.join(here, name)
        try:
            status = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            yield place, None
            return
        yield place, status
        if not stat.S_ISLNK(status.st_mode):
            here = place
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), place)
        target = os.readlink(place)
        names[:0] = target.split("/")
        here = "/" if target.startswith("/") else here


def _is_trusted(uid: int | None) -> bool:
    return uid in (0, os.geteuid())


def _account_name(uid: int) -> str:
    try:
        return "the account %s" % pwd.getpwuid(uid).pw_name
    except KeyError:
        return "the user id %d" % uid


def _others_in_group(gid: int) -> list[str]:
    """Returns who belongs to a group besides root and this account; the group root is root's."""
    if gid == 0:
        return []
    try:
        group = grp.getgrgid(gid)
    except KeyError:
        return ["the unknown group %d" % gid]
    accounts = pwd.getpwall()
    uids = {each.pw_name: each.pw_uid for each in accounts}
    names = set(group.gr_mem) | {each.pw_name for each in accounts if each.pw_gid == gid}
    return sorted("%s of the group %s" % (name, group.gr_name) for name in names if not _is_trusted(_uid(name, uids)))


def _uid(name: str, uids: dict[str, int]) -> int | None:
    try:
        return uids[name] if name in uids else pwd.getpwnam(name).pw_uid  # a directory service may not list its accounts
    except KeyError:
        return None


def _has_access_list(path: str) -> bool:
    try:
        return bool(os.getxattr(path, "system.posix_acl_access"))
    except (OSError, AttributeError):  # it has none; the system knows none
        return False
