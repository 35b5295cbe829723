# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the launcher on every Python from 3.6 to 3.14 of this machine: the tables, and whole calls against a sandbox.

    python tests/launcher/every_python.py

It says aloud which versions were missing, and fails if one that is there does.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = [f"3.{minor}" for minor in range(6, 15)]


def works(path, version):
    """Returns whether this is a Python of that version that starts; a shim of pyenv may be there for none."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        ended = subprocess.run([str(path), "-I", "-c", code], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.stdout.strip() == version


def found():
    """Returns {version: path or None}, from pyenv's version folders, PATH, and the Python that runs this."""
    folders = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv") / "versions"
    paths = {}
    for version in VERSIONS:
        candidates = sorted(folders.glob(f"{version}.*/bin/python"), reverse=True)
        candidates += [path for path in (shutil.which("python" + version), "/usr/bin/python3", sys.executable) if path]
        paths[version] = next((str(path) for path in candidates if works(path, version)), None)
    return paths


def tables_hold(path):
    """Runs the tables of cases.json on that Python; returns (whether they hold, what was printed)."""
    command = [path, "-I", "-B", str(HERE / "program_under_test.py")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode == 0, ended.stderr


def calls_work(path, directory, sandbox):
    """A call with a login, one by the cache, a failed one; returns (whether they came out right, what happened)."""
    from position import Position

    position = Position(directory, sandbox.values, python=path)
    try:
        ended = [position.call("555 555 5555"), position.call("5555555555"), position.call("911", count=2)]
        position.configure(portal_ca_path=None, portal_api_url=sandbox.values["rapidsos_api_url"] + "/other")
        ended.append(position.call("5555555555", count=2))
    finally:
        position.remove()
    codes = [each.code for each in ended]
    seen = [each.opened[0]["answer"]["status"] for each in ended]
    lines = [each.stderr.count("\n") for each in ended]  # a warning of that Python would be one more
    return (codes, seen, lines) == ([0, 0, 2, 5], [302, 302, 200, 200], [0, 0, 1, 1]), str([(each.code, each.stderr) for each in ended])


def main():
    sys.path[:0] = [str(HERE), str(HERE.parent / "sandbox")]
    from sandbox_process import Running

    paths = found()
    is_all_well = True
    with tempfile.TemporaryDirectory() as directory:
        sandbox = Running(pathlib.Path(directory) / "sandbox")
        try:
            for version, path in paths.items():
                if path:
                    results = [tables_hold(path), calls_work(path, pathlib.Path(directory) / version, sandbox)]
                    is_well = all(result for result, _text in results)
                    is_all_well = is_all_well and is_well
                    print(f"Python {version}: {'passed' if is_well else 'FAILED'} ({path})")
                    for result, text in results:
                        if not result:
                            print(text)
        finally:
            sandbox.stop()
    print("missing on this machine, so not tried: " + (", ".join(version for version, path in paths.items() if not path) or "none"))
    return 0 if is_all_well else 1


if __name__ == "__main__":
    sys.exit(main())
