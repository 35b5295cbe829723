# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Puts the collection ansible.windows, which this one depends on, where Ansible looks for collections in this checkout.

It is taken out of the package ``ansible`` on the Python package index, which carries it: the tests need that index anyway, and no
Galaxy. Run again it does nothing; killed half-way it leaves nothing that looks finished.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
PLACE = BUILD / "collections" / "ansible_collections" / "ansible" / "windows"
INSIDE = "ansible_collections/ansible/windows/"


def main():
    if (PLACE / "MANIFEST.json").exists():
        return 0
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="ansible-windows-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                   "--dest", scratch, "ansible>=10"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            return "ansible.windows could not be had: is the Python package index reachable?"
        (wheel,) = pathlib.Path(scratch).glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(scratch, [name for name in archive.namelist() if name.startswith(INSIDE)])
        shutil.rmtree(PLACE, ignore_errors=True)
        (pathlib.Path(scratch) / INSIDE).rename(PLACE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
