# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A set of files that tests install with workstation_files, and how they look at it."""

from __future__ import annotations

import contextlib
import grp
import os
import pathlib
import pwd
import tempfile

ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name
MARKER = "marker-of-a-password"
ENDS_WELL, ENDS_BADLY = ["true"], ["sh", "-c", "echo this is wrong; exit 3"]


@contextlib.contextmanager
def temporary_place():
    """Gives a directory with bin and etc, in memory where that can be had."""
    memory = pathlib.Path("/dev/shm")  # what a power cut leaves is not what is tested here
    with tempfile.TemporaryDirectory(prefix="files-", dir=memory if memory.is_dir() else None) as directory:
        for name in ("bin", "etc"):
            (pathlib.Path(directory) / name).mkdir()
            (pathlib.Path(directory) / name).chmod(0o755)  # whatever the umask
        yield pathlib.Path(directory)


def params(place, version, **changed):
    """What a play asks for: a program, its settings, a secret, and a file that must not be there."""
    return dict({
        "state": "present", "owner": ME, "refresh_commands": [], "verify_command": None, "trace_patterns": [],
        "directories": [{"path": str(place / "etc" / "ours"), "mode": "0755", "group": None}],
        "files": [
            one(place / "bin" / "program", content="program %s\n" % version, mode="0755"),
            one(place / "etc" / "ours" / "settings.ini", content="settings %s\n" % version),
            one(place / "etc" / "ours" / "account.json", secret="account", mode="0640", group=MY_GROUP),
            one(place / "share" / "menu" / "program.desktop", content="entry %s\n" % version),
            one(place / "bin" / "gone"),
        ],
        "secrets": {"account": "%s %s" % (MARKER, version)},
    }, **changed)


def one(path, content=None, secret=None, mode="0644", group=None):
    return {"path": str(path), "content": content, "secret": secret, "mode": mode, "group": group}


def tree(place):
    """{path: (mode, content)} of everything below ``place``, directories included."""
    found = {}
    for each in sorted(place.rglob("*")):
        status = each.lstat()
        found[str(each.relative_to(place))] = (oct(status.st_mode), each.read_text() if each.is_file() else None)
    return found
