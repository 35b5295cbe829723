# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A dispatch position of the tests: configuration, account, a runtime directory in memory, and a browser that takes notes."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "roles" / "portal_launcher" / "files" / "linux" / "portal-launcher"
BROWSER = HERE / "browser.py"
MEMORY = "/dev/shm"
#: A directory that only root can write to, as all that lead to it: no other place may hold a configuration.
PLACE = "/run"
NUMBER, SHOWN = "5555555555", "+1 (555) 555-5555"


@dataclasses.dataclass
class Ended:
    """What a call of the launcher came to; ``opened`` is what the browser noted, in order, ``seconds`` is when it had reported, or ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float
    opened: list


class Position:
    """Everything of it lies in one directory of root's, except the runtime directory, which has to be in memory. It needs root."""

    #: What a call that fails may take.
    most_seconds = 5

    def __init__(self, values, python=None):
        """``values`` is the sandbox's connection.yml; ``python`` runs the program, by default the one of its first line."""
        self.directory, self.python = pathlib.Path(tempfile.mkdtemp(prefix="launcher-", dir=PLACE)), python
        self.prefix, self.program = [], PROGRAM
        self.notes = self.directory / "notes"
        self.notes.mkdir(parents=True)
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="launcher-", dir=MEMORY))
        self.memory = self.runtime / "portal-launcher"
        self.values = values
        self.path = self.directory / "launcher.ini"
        self.account = {"email": values["rapidsos_email"], "password": values["rapidsos_password"]}
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.runtime)}
        #: What a Visit, which writes launcher.ini anew, changes in it.
        self.changes = {}
        self.configure()
        self.write_account()

    def remove(self):
        for each in (self.runtime, self.directory):
            shutil.rmtree(each, ignore_errors=True)

    def configure(self, manner="fetch", **changes):
        """Writes launcher.ini; ``manner`` is the browser's, ``changes`` are section_key=value, None to leave one out."""
        host = self.values["rapidsos_api_url"]
        settings = {
            "portal_api_url": host,
            "portal_query_url": self.values["rapidsos_query_url"],
            "portal_login_url": host + "/login",
            "portal_ca_path": self.values["rapidsos_ca_path"],
            "browser_command": f"{sys.executable} -I -S {BROWSER} {self.notes} {manner}",
        }
        settings.update(changes)
        lines = []
        for section in ("portal", "account", "session", "caller", "browser", "site"):
            keys = {name.partition("_")[2]: value for name, value in settings.items() if name.startswith(section + "_") and value is not None}
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items()), ""]
        self.path.write_text("\n".join(lines), encoding="utf-8")

    def write_account(self, mode=0o640, **changes):
        path = self.directory / "account.json"
        path.write_text(json.dumps({**self.account, **changes}), encoding="utf-8")
        path.chmod(mode)

    def command(self, *arguments, has_configuration=True):
        program = [self.python, "-I", str(self.program)] if self.python else [str(self.program)]
        return [*self.prefix, *program, *(["--configuration", str(self.path)] if has_configuration else []), *arguments]

    def start(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(*arguments), env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def call(self, *arguments, count=1, **options):
        """Returns the Ended of one call, once the browser has noted ``count`` addresses."""
        began, seen = time.monotonic(), len(self.opened())
        process = self.start(*arguments, **options)
        guard = threading.Timer(4 * self.most_seconds, process.kill)
        guard.start()
        with process:
            reported = process.stderr.readline()
            seconds = time.monotonic() - began
            stderr, stdout = reported + process.stderr.read(), process.stdout.read()
        guard.cancel()
        opened = self.opened(seen + count)[seen:]
        return Ended(process.returncode, stdout, stderr, seconds, opened)

    def opened(self, count=0, seconds=10):
        """Returns the browser's notes in the order of their starts, once there are ``count``."""
        until = time.monotonic() + seconds
        while True:
            notes = [json.loads(path.read_text(encoding="utf-8")) for path in self.notes.glob("*.json")]
            if len(notes) >= count or time.monotonic() > until:
                assert len(notes) >= count, notes
                return sorted(notes, key=lambda note: note["started_at"])
            time.sleep(0.02)

    def kept(self, name):
        """Returns what the launcher keeps in the runtime directory, None for nothing."""
        path = self.memory / (name + ".json")
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
