# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs ansible-lint's production profile over roles, playbooks and the examples inside the modules, without network."""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    command = ["ansible-lint", "--offline", "--strict", "--profile", "production", "-q"]
    paths = sorted(str(path.relative_to(ROOT)) for folder in ("plugins/modules", "playbooks", "roles") for path in (ROOT / folder).glob("*"))
    return subprocess.run(command + paths, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
