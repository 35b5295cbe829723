# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Measures how long the launcher takes from the call to the start of the browser, and to the browser's redirect.

    python tests/bench/launcher_start.py [--rounds 15]

Beside it the same Python doing nothing, and the login's round trip alone (a new connection, as the launcher makes one).
Rounds are interleaved; the table shows medians and the fastest. Nothing fails by a number.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "launcher"), str(TESTS / "sandbox")]

from position import NUMBER, Position  # noqa: E402  # pylint: disable=wrong-import-position
from sandbox_process import Running  # noqa: E402  # pylint: disable=wrong-import-position

#: The starts of this shell are the browser's; a Python would add its own start.
BROWSER = """#!/bin/sh
date +%s.%N > "$0.started"
exec {python} -I -S {browser} {notes} fetch "$1"
"""


def python_alone(python):
    began = time.time()
    subprocess.run([python, "-I", "-c", "pass"], check=True)
    return {"ends": time.time() - began}


def login_alone(sandbox):
    sandbox.portal.close()
    began = time.time()
    assert sandbox.login().status_code == 200
    return {"ends": time.time() - began}


def launcher(position, browser, is_cached):
    """Seconds from the call until the browser starts, has its redirect, and the launcher ends."""
    if not is_cached and position.memory.exists():
        (position.memory / "token.json").unlink()
    began = time.time()
    ended = position.call(NUMBER)
    assert ended.code == 0, ended
    started = float(pathlib.Path(str(browser) + ".started").read_text(encoding="ascii"))
    return {"browser starts": started - began, "redirected": ended.opened[0]["answered_at"] - began, "ends": ended.seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--python", help="runs the launcher in place of /usr/bin/python3, which its first line names")
    options = parser.parse_args()
    for name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        sandbox = Running(pathlib.Path(directory) / "sandbox")
        position = Position(sandbox.values, python=options.python)
        browser = pathlib.Path(directory) / "browser"
        browser.write_text(BROWSER.format(python=sys.executable, browser=TESTS / "launcher" / "browser.py", notes=position.notes), encoding="utf-8")
        browser.chmod(0o755)
        position.configure(browser_command=str(browser))
        rows = {
            "python3 -I -c pass": lambda: python_alone(options.python or "/usr/bin/python3"),
            "the login's round trip alone": lambda: login_alone(sandbox),
            "portal-launcher, cached token": lambda: launcher(position, browser, True),
            "portal-launcher, with a login": lambda: launcher(position, browser, False),
        }
        try:
            launcher(position, browser, False)
            for _round in range(options.rounds):
                for name, action in rows.items():
                    for what, seconds in action().items():
                        found.setdefault((name, what), []).append(1000 * seconds)
        finally:
            position.remove()
            sandbox.stop()
    print(f"{'':32}{'until':18}{'median ms':>10}{'fastest':>9}")
    for (name, what), values in found.items():
        print(f"{name:32}{what:18}{statistics.median(values):10.0f}{min(values):9.0f}")
    print(f"{options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the browser here is a shell and a small Python script")


if __name__ == "__main__":
    main()
