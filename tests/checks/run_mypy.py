# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs mypy over the plugins, the sandbox and the Linux launcher, each found as Python finds it when it runs."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build" / "collections"
COLLECTION = COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
SANDBOX = ROOT / "roles" / "sandbox" / "files"
#: What is checked: where imports start, and mypy's arguments.
RUNS = (
    (COLLECTIONS, ["--package", "ansible_collections.eccops.rapid.plugins"]),
    (SANDBOX, [str(SANDBOX)]),
    (ROOT, ["--scripts-are-modules", str(ROOT / "roles" / "portal_launcher" / "files" / "linux" / "portal-launcher")]),
)


def main():
    if not COLLECTION.exists():
        COLLECTION.parent.mkdir(parents=True, exist_ok=True)
        COLLECTION.symlink_to("../../../..")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "mypy.ini"), "--cache-dir", str(ROOT / "build" / "mypy"), *sys.argv[1:]]
    codes = [
        subprocess.run([*command, *arguments], cwd=place, env=dict(os.environ, MYPYPATH=str(place)), check=False).returncode
        for place, arguments in RUNS
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
