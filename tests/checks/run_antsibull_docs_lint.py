# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs ``antsibull-docs lint-collection-docs`` over this checkout; antsibull-nox's own session would ask Galaxy for the dependencies."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build" / "collections"
BIN = pathlib.Path(sys.executable).parent


def main():
    environment = dict(
        os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), PATH=os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]))
    command = [
        BIN / "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "all", "--disallow-unknown-collection-refs",
        "--check-extra-docs-refs", "."]
    place = COLLECTIONS / "ansible_collections" / "eccops" / "rapid"
    return subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
