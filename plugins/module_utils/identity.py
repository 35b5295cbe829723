# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Who runs this, and where: for records that must say so."""

from __future__ import annotations

import getpass
import os
import socket


def who_and_where():
    """Returns C(controller), the name of this host, and C(user), the login behind sudo where there is one."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {"controller": socket.gethostname(), "user": user}
