# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which Pythons this machine has. The standard library only: the matrix and the launcher's tests use it too."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys


def found(versions):
    """Returns {version: path or None}, from pyenv's version folders, PATH, and the Python that runs this."""
    folders = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv") / "versions"
    paths = {}
    for version in versions:
        candidates = sorted(folders.glob(f"{version}.*/bin/python"), reverse=True)
        candidates += [path for path in (shutil.which("python" + version), "/usr/bin/python3", sys.executable) if path]
        paths[version] = next((str(path) for path in candidates if _is(path, version)), None)
    return paths


def _is(path, version):
    """Says whether this is a Python of that version that starts; a shim of pyenv may be there for none."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        ended = subprocess.run([str(path), "-I", "-c", code], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.stdout.strip() == version
