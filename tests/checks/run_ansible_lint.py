# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs ansible-lint's production profile over the whole collection, the examples inside its modules included, without network."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent


def main():
    environment = dict(
        os.environ, ANSIBLE_CONFIG=str(ROOT / "tests" / "ansible.cfg"), ANSIBLE_COLLECTIONS_PATH=str(ROOT / "build" / "collections"),
        PATH=os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]))
    command = [BIN / "ansible-lint", "--offline", "--strict", "--profile", "production", "-q"]
    return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
