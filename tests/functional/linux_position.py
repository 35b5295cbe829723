# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A Linux position for tests: a mount namespace of this machine with an /etc and a /usr/local of its own."""

import subprocess
import sys

import pytest

#: In place of a position's Python.
INTERPRETER = """#!/bin/sh
exec unshare --user --map-root-user --mount sh -e -c '
for name in etc usr/local; do
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$0/$name,workdir=$0/work/$name" "/$name"
done
exec {python} "$@"' {directory} "$@"
"""


class LinuxPosition:
    """A position whose changes are below C(directory)."""

    def __init__(self, directory):
        self.directory, self.program = directory, directory / "python3"
        for name in ("etc", "usr/local", "work/etc", "work/usr/local"):
            (directory / name).mkdir(parents=True)
        self.program.write_text(INTERPRETER.format(python=sys.executable, directory=directory), encoding="utf-8")
        self.program.chmod(0o755)
        probe = subprocess.run([self.program, "-c", ""], capture_output=True, text=True, check=False)
        if probe.returncode:
            pytest.skip("no Linux position beside the Windows ones: this machine lets nobody mount an overlay: " + probe.stderr.strip())
        self.variables = {
            "ansible_connection": "talkative", "ansible_pipelining": True, "ansible_become": False, "ansible_python_interpreter": str(self.program),
            "portal_launcher_group": "root"}

    def installed(self):
        """Returns the paths that the position has and this machine has not."""
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file() and "launcher" in path.name + path.parent.name}
