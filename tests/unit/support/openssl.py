# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs openssl, which makes what cryptography does not, with throw-away keys."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def openssl(directory, *arguments):
    """Returns what openssl writes, run in a directory; the test is skipped where it is missing or makes no such file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: files that only it makes are not tried")
    done = subprocess.run([program, *arguments], capture_output=True, check=False, cwd=directory, timeout=60)
    if done.returncode:
        pytest.skip("this openssl makes no such file: %s" % done.stderr.decode()[:200])
    return done.stdout
