# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who may read an installed SAC: one account, and one group if it is named. Standard library of Python 3.8 only."""

from __future__ import annotations

import grp
import os
import pwd

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._files.permissions import parse_mode


class Access:
    """Owner, group and modes of what is installed.

    The files belong to the account, the directories to whoever runs this (root): so the account cannot plant a link where
    root will write. Where others than root use the SAC a directory can be passed, by anybody, and listed by nobody: so a
    change of owner or group never locks out those who use what is there already.
    """

    def __init__(self, owner: str, group: str | None, mode: str | None) -> None:
        self.account = _account(owner)
        self.uid = self.account.pw_uid
        self.gid = _gid(group) if group else self.account.pw_gid
        self.file_mode = _file_mode(mode, bool(group))
        self.secret_mode = self.file_mode & 0o440
        self.directory_uid, self.directory_gid = os.geteuid(), os.getegid()
        self.directory_mode = 0o700 if self.uid == self.directory_uid and not group else 0o711
        if os.geteuid() != 0 and self.uid != os.geteuid():
            raise InvalidInput("only root can install a SAC for '%s'; set become: true" % owner)

    def become_account(self) -> None:
        """Turns this process, a fork, into one of the account."""
        if os.geteuid() == 0 and self.uid != 0:
            os.initgroups(self.account.pw_name, self.account.pw_gid)
            os.setgid(self.account.pw_gid)
            os.setuid(self.uid)


def _account(owner: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(owner)
    except KeyError:
        raise InvalidInput("there is no account '%s' on this position; create it, or set owner to the account that uses the SAC" % owner) from None


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise InvalidInput("there is no group '%s' on this position; create it, or name another in group" % group) from None


def _file_mode(text: str | None, has_group: bool) -> int:
    if not text:
        return 0o440 if has_group else 0o400
    mode = parse_mode(text, "mode", highest=0o7777)
    if mode & 0o007:
        raise InvalidInput("mode %04o lets everybody read the SAC, which opens every credential of the company; use 0400" % mode)
    if mode & 0o070 and not has_group:
        raise InvalidInput("mode %04o lets a group read the SAC and no group is named; set group, or use 0400" % mode)
    if mode not in (0o400, 0o600, 0o440, 0o640):
        raise InvalidInput("mode %04o is not one of 0400, 0440, 0600 and 0640: only this role writes the SAC, and its owner must be able to read it" % mode)
    return mode
