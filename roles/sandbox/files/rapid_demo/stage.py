# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Everything the demo acts on: its directory, the sandbox, the playbooks that it runs and the controller that it kills."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import requests
import yaml

#: A file of the demo's in its directory. A directory that has files but not this one is somebody else's.
_MARK = ".eccops-rapid-demo"
_FILES = pathlib.Path(__file__).absolute().parents[1]  # the link in ansible_collections, not what it leads to
_LONGEST_SECONDS = 300


class DemoError(Exception):
    """What went wrong, where, and what to do, in one sentence."""


class Stage:
    """The demo's directory with a running sandbox; used as a context manager, which stops what it started."""

    def __init__(self, directory):
        self.directory = directory
        self.log_path = directory / "demo.log"
        self.report_directory = directory / "report"
        self._processes = []
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the machine's cannot reach the sandbox

    def __enter__(self):
        self._make_directory()
        self._log = self.log_path.open("w", encoding="utf-8")
        try:
            self._start_sandbox()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused_error):
        for process in self._processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait()
        self._session.close()
        self._log.close()

    def _make_directory(self):
        mark = self.directory / _MARK
        if self.directory.exists():
            if not mark.exists() and any(self.directory.iterdir()):
                raise DemoError("%s has files that are not the demo's: give another --directory" % self.directory)
            shutil.rmtree(self.directory)
        self.directory.mkdir(parents=True, mode=0o700)
        mark.touch()
        self.report_directory.mkdir()
        (self.directory / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\nretry_files_enabled = false\n", encoding="utf-8")

    def _start_sandbox(self):
        data = self.directory / "sandbox"
        ports = ["--%s-port=0" % name for name in ("rapidauth", "portal", "device", "admin")]
        process = self._start([
            sys.executable, "-m", "rapid_sandbox", "--data-directory", str(data), "--stop-with-process", str(os.getpid()), *ports])
        connection = data / "connection.yml"
        self._wait(connection.exists, process, "the sandbox to start")
        self.connection = yaml.safe_load(connection.read_text(encoding="utf-8"))
        self.positions = {each["position"]: each for each in self.connection["sandbox_fleet"]}
        self._wait(self._is_ready, process, "the sandbox to answer")

    def _is_ready(self):
        with contextlib.suppress(requests.ConnectionError):
            return self.admin("GET", "/health")["is_ready"]
        return False

    def _start(self, argv):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment.update(
            ANSIBLE_CONFIG=str(self.directory / "ansible.cfg"), ANSIBLE_COLLECTIONS_PATH=_collections_path(), NO_PROXY="localhost,127.0.0.1",
            no_proxy="localhost,127.0.0.1", ANSIBLE_FORCE_COLOR="0", ANSIBLE_LOCAL_TEMP=str(self.directory / "tmp"), PYTHONPATH=str(_FILES))
        self._log.write("\n$ %s\n" % " ".join(argv))
        self._log.flush()
        process = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)
        self._processes.append(process)
        return process

    def _wait(self, condition, process, what):
        end = time.monotonic() + _LONGEST_SECONDS
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                raise DemoError("waited in vain for %s: see the end of %s" % (what, self.log_path))
            time.sleep(0.05)

    def admin(self, method, path, body=None):
        """Returns the sandbox's answer to a call of its admin API."""
        answer = self._session.request(method, self.connection["sandbox_admin_url"] + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def effects(self, kind):
        """Returns what the service's own log says was done of a kind: replace, collect, patch or login."""
        return self.admin("GET", "/audit?limit=1000&effect=%s" % kind)["entries"]

    def play(self, playbook, variables, progress, limit=None, kill_when=None, expected_code=0):
        """Runs a playbook to its end, or until kill_when() is true: then its whole process group gets SIGKILL."""
        argv = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), playbook, "-i", str(self.directory / "sandbox" / "fleet.yml"),
                "-e", "@%s" % (self.directory / "sandbox" / "connection.yml"), "-e", json.dumps(variables)]
        process = self._start(argv + (["--limit", limit] if limit else []))
        end = time.monotonic() + _LONGEST_SECONDS
        while process.poll() is None and time.monotonic() < end:
            progress()
            if kill_when is not None and kill_when():
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return
            time.sleep(0.1)
        if process.poll() != expected_code:
            raise DemoError("%s ended with %s instead of %d: see the end of %s" % (playbook, process.poll(), expected_code, self.log_path))

    def ledger(self):
        """Returns the rows of the ledger as dictionaries, oldest first."""
        with contextlib.closing(sqlite3.connect(self.directory / "sandbox" / "ledger.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM replacements ORDER BY id")]


def _collections_path():
    """The directory that has ansible_collections/eccops/rapid with this file, and what else Ansible would search."""
    found = [os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")]
    parts = _FILES.parts
    if "ansible_collections" in parts:
        found.insert(0, str(pathlib.Path(*parts[:parts.index("ansible_collections")])))
    return os.pathsep.join(filter(None, found))
