# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how to run ansible-test over a copy of this tree.

ansible-test wants the tree at .../ansible_collections/eccops/rapid, and in git, which lists its files.
It also downloads pip for each virtual environment it makes; the copy of that script in its cache, written here, asks
Python's own ensurepip instead, so that the package index is all that is needed.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "ansible-test"

GET_PIP = '''\
"""Installs pip from what Python brings along; called by ansible-test as it would call get-pip.py."""
import os, subprocess, sys
environment = dict(os.environ)
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], env=environment)
arguments = [each for each in sys.argv[1:] if each not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + arguments, env=environment))
'''


def copy_tree(place):
    """Makes C(place) a git checkout of what is tracked here and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    names = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    subprocess.run(["git", "add", "--all", "--force"], cwd=place, check=True)


def pip_versions():
    """Returns the pip versions this ansible-test would bootstrap."""
    import ansible_test

    source = pathlib.Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    return set(re.findall(r"pip='([0-9.]+)'", source.read_text()))


def run(kind, *arguments):
    """Runs C(ansible-test kind) with this Python and returns its exit code; two at once do not meet."""
    home = WORK / "home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in pip_versions():
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    environment = dict(os.environ, HOME=str(home))
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH"):
        environment.pop(name, None)
    if "--python" not in arguments:
        arguments = ("--python", "%d.%d" % sys.version_info[:2], *arguments)
    program = pathlib.Path(sys.executable).parent / "ansible-test"
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        place = pathlib.Path(scratch) / "ansible_collections" / "eccops" / "rapid"
        copy_tree(place)
        command = [program, kind, "--venv", "--color", "no", *arguments]
        return subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
