# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Lets a systemd unit take up what changed. Standard library of Python 3.8 only."""

from __future__ import annotations

import re
import subprocess

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput

_UNIT = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9:_.@\\-]{0,254}\Z")
TIMEOUT_SECONDS = 120


def validate_unit_name(unit: str | None) -> None:
    """Raises InvalidInput for what systemctl could take for something else than a unit; None or '' is no unit, and fine."""
    if unit and not _UNIT.match(unit):
        raise InvalidInput("reloaded_service %.80r is not the name of a systemd unit such as dispatch-gateway.service" % unit)


def reload_service(unit: str) -> str | None:
    """Reloads the unit, or restarts one that cannot reload; leaves one that does not run. Returns what went wrong, or None."""
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function  # run_command knows no time limit
            ["systemctl", "try-reload-or-restart", unit], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "systemctl did not reload %s within %d s" % (unit, TIMEOUT_SECONDS)
    except OSError as error:
        return "systemctl cannot be run (%s)" % error.strerror
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "systemctl could not reload %s (%s)" % (unit, said[0][:200] if said else "exit code %d" % done.returncode)
