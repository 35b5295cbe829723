# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who runs this, and where: for records that must say so.

The kernel says who it is. The login uid is set once, at the login, and stays through sudo and su; without a login (a
service, a container) there is none. What the environment claims, anybody can set: it is recorded as a claim only.
"""

from __future__ import annotations

import os
import pwd
import socket

from ansible_collections.eccops.rapid.plugins.module_utils._text import printable

_LOGIN_UID_PATH = "/proc/self/loginuid"
_UNSET = 2**32 - 1
_CLAIMS = ("SUDO_USER", "LOGNAME", "USER")


def who_and_where() -> dict:
    """Returns ``controller`` (this host), ``uid`` and its name ``user``, ``login_uid`` and ``login_user`` (or None), ``claimed_user`` (or None)."""
    uid, login_uid = os.getuid(), _read_login_uid()
    claims = [os.environ[name] for name in _CLAIMS if os.environ.get(name)]
    return {
        "controller": socket.gethostname(),
        "uid": uid,
        "user": _name(uid),
        "login_uid": login_uid,
        "login_user": None if login_uid is None else _name(login_uid),
        "claimed_user": printable(claims[0]) if claims else None,
    }


def controller_and_user() -> dict:
    """Returns ``controller`` and ``user`` for a record that has one name only: whose login it is, else whose process."""
    known = who_and_where()
    return {"controller": known["controller"], "user": known["login_user"] or known["user"]}


def _read_login_uid():
    try:
        with open(_LOGIN_UID_PATH, encoding="ascii") as file:
            uid = int(file.read())
    except (OSError, ValueError):  # another system has none
        return None
    return None if uid == _UNSET else uid


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
