# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is measured against: one sandbox with many credentials, and a private directory that is gone afterwards."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import yaml
from cryptography.hazmat.primitives import serialization

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("functional", "sandbox")]

import harness  # noqa: E402  # pylint: disable=wrong-import-position

STOPWATCH = pathlib.Path(__file__).with_name("stopwatch.py")
BIN = pathlib.Path(sys.executable).parent
LONGEST_RUN_SECONDS = 1800


class RunFailed(Exception):
    """A measured command did not do what it should have done."""


class Arrangement:
    """The sandbox, the files that commands need, and the way to measure one. Use it in ``with``.

    ``request_ids`` are credentials that are only looked at, ``directory`` is private.
    """

    def __init__(self, directory, count):
        self.directory = pathlib.Path(directory)
        self._count, self._files = count, 0

    def __enter__(self):
        self._sandbox = harness.Sandbox(self.directory / "sandbox")
        self.values, self.connection_path = self._sandbox.values, self._sandbox.connection_path
        self.request_ids = self.fresh_credentials(self._count)
        return self

    def __exit__(self, *unused):
        self._sandbox.stop()

    def fresh_credentials(self, count):
        """Returns the RequestIds of new credentials that nothing was done to."""
        return [each["request_id"] for each in self.asked("POST", "/credentials", {"count": count, "prefix": "bench-"})["credentials"]]

    def slow_down(self, latency_ms):
        """Makes the server wait before it serves a call, until it is set otherwise."""
        self.asked("DELETE", "/faults")
        if latency_ms:
            self.asked("POST", "/faults", {"route": "*", "kind": "latency", "seconds": latency_ms / 1000})

    def asked(self, method, path, body=None):
        """Returns what the sandbox's admin listener answers."""
        answer = self._sandbox.admin(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    def write(self, content, suffix=".json"):
        """Returns the path of a new file: text as it is, else JSON or YAML by the suffix."""
        self._files += 1
        path = self.directory / f"{self._files}{suffix}"
        if not isinstance(content, str):
            content = yaml.safe_dump(content, sort_keys=False) if suffix == ".yml" else json.dumps(content)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        return path

    def unencrypted_sac(self):
        """Returns the paths of certificate and key for clients that cannot take a passphrase; the key is the sandbox's only."""
        files = self.values["sandbox_sacs"]["valid"]
        key = serialization.load_pem_private_key(pathlib.Path(files["key_path"]).read_bytes(), files["passphrase"].encode())
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        return files["certificate_path"], str(self.write(text, ".key"))

    def environment(self):
        """Nothing of the machine's settings. PYTHONUNBUFFERED is not in it: with it Ansible reads modules byte by byte."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        keys = {
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "HOME": home, "TMPDIR": home, "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": home / ".ansible", "ANSIBLE_CONFIG": REPOSITORY / "tests" / "ansible.cfg", "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_COLLECTIONS_PATH": harness.COLLECTIONS,
        }
        return {name: str(value) for name, value in keys.items()}

    def measure(self, command, is_tree_watched=False):
        """Returns what the stopwatch says of a command, with its ``tls_handshakes``, ``calls`` and last line of output."""
        self.asked("DELETE", "/stats")
        output_path = self.directory / "output"
        line = [sys.executable, STOPWATCH, "--tree" if is_tree_watched else "--alone", output_path, *command]
        with subprocess.Popen([str(each) for each in line], env=self.environment(), cwd=self.directory, text=True,
                              stdout=subprocess.PIPE, start_new_session=True) as process:
            try:
                reported = json.loads(process.communicate(timeout=LONGEST_RUN_SECONDS)[0])
            except BaseException:
                _end_group(process)
                raise
        output = output_path.read_text(encoding="utf-8", errors="replace")
        if reported["exit_code"]:
            raise RunFailed(f"{' '.join(map(str, command))[:200]} ended with {reported['exit_code']}:\n{output[-2000:]}")
        stats = self.asked("GET", "/stats")
        reported["tls_handshakes"] = stats["tls_handshakes"].get("rapidauth", 0)
        reported["calls"] = sum(sum(methods.values()) for route, methods in stats["calls"].items() if route in ("get_request", "replace"))
        reported["last_line"] = output.rstrip("\n").rpartition("\n")[2]
        return reported


def _end_group(process):
    """Ends what was being measured; ansible-playbook ends its own forks when it is asked to."""
    os.killpg(process.pid, signal.SIGTERM)
    time.sleep(2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
