# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs a documented command as a reader would, against the sandbox.

A reader has a checkout, a HOME, a fleet.yml and an encrypted vault.yml. ``Desk`` makes all four, with nothing in them of the
machine's user.
"""

import grp
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import harness
import sandbox_process
import yaml
from documented_commands import JOBS, REHEARSED, ROOT, SELF_CONTAINED, is_of, yaml_file_of

BIN = pathlib.Path(sys.executable).parent
TIMEOUT_SECONDS = 300
VAULT_PASSWORD = "rehearsal"
READY = re.compile(r"ready\n|1/7 ")


class Desk:
    """A reader's checkout and HOME below ``directory``."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.checkout, self.home = self.directory / "checkout", self.directory / "home"
        for name in ("runner", "rapidauth"):  # what a CI system and systemd make for a job
            (self.directory / name).mkdir()
        shutil.copytree(ROOT, self.checkout, symlinks=True, ignore=_ignored)
        self._borrow_environment()
        self.sandbox = harness.Sandbox(self.checkout / "build" / "sandbox")
        values = self.sandbox.values
        self._places = {
            "admin_url": values["sandbox_admin_url"], "device_url": values["sandbox_device_url"], "rapidauth_url": values["rapidauth_api_url"],
            "directory": self.directory}
        self.version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
        self._vault, self._done = None, {}

    def close(self):
        return self.sandbox.stop()

    def _borrow_environment(self):
        """What ``make`` would install into .venv is there already: it is this Python's."""
        place = self.checkout / ".venv"
        place.mkdir()
        for name in ("bin", "lib"):
            (place / name).symlink_to(pathlib.Path(sys.prefix) / name)
        if (pathlib.Path(sys.prefix) / "pyvenv.cfg").exists():
            shutil.copy(pathlib.Path(sys.prefix) / "pyvenv.cfg", place)
        for name in (".run-installed", ".test-installed"):
            (place / name).touch()

    def begin(self, page):
        """Puts sandbox and ledger back to the beginning, and writes the fleet.yml of the page (or README.md's) and the vault.yml."""
        self.sandbox.reset()
        for path in (self.home / ".local", self.checkout / "build" / "sandbox" / "positions"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.checkout / "build" / "sandbox").glob("ledger.sqlite*"):
            path.unlink()
        inventory = yaml_file_of(page, "fleet.yml") or yaml_file_of(ROOT / "README.md", "fleet.yml")
        for each in self.sandbox.fleet:
            inventory = re.sub(r"(%s: \{rapidauth_request_id: )[0-9a-f-]{36}" % each["position"], r"\g<1>" + each["request_id"], inventory)
        (self.checkout / "fleet.yml").write_text(inventory, encoding="utf-8")
        self._write_vault()
        self._deliver()

    def _deliver(self):
        """Lays out what a position has: its request before it collects, and an installed SAC."""
        credential = self.sandbox.call("POST", "/credentials", {"AnonId": "by-hand"}).json()
        request = {"request_id": credential["RequestId"], "anon_id": credential["AnonId"]}
        (self.checkout / "request.json").write_text(json.dumps(request), encoding="utf-8")
        for path in (sandbox_process.COLLECTOR, pathlib.Path(self.sandbox.values["rapidauth_ca_path"])):
            shutil.copy(path, self.checkout)
        place, sac = self.directory / "sac", self.sandbox.values["sandbox_sacs"]["valid"]
        place.mkdir(exist_ok=True)
        shutil.copy(sac["combined_path"], place / "sac.pem")
        shutil.copy(sac["pkcs12_path"], self.checkout / "sac.p12")
        (place / "passphrase").write_text(sac["passphrase"] + "\n", encoding="utf-8")
        (place / "current").unlink(missing_ok=True)
        (place / "current").symlink_to(".")

    def _write_vault(self):
        """Encrypts what a site keeps in its vault, and what makes the commands a rehearsal on this machine."""
        values = dict(self.sandbox.values, vault_sac_passphrase=self.sandbox.values["rapidauth_sac_passphrase"])
        values.update({"vault_north_%02d_password" % number: self.sandbox.account["password"] for number in range(1, 5)})
        values.update(portal_launcher_environment="production", portal_launcher_email=self.sandbox.account["email"])
        values.update(portal_launcher_password=self.sandbox.account["password"])
        values.update(
            ansible_connection="local", ansible_python_interpreter=sys.executable, ansible_become=False, portal_launcher_group=_own_group(),
            rotation_request_path=str(self.directory / "positions" / "{{ inventory_hostname }}" / "request.json"))
        path = self.checkout / "vault.yml"
        if self._vault:  # of another page: the same
            path.write_bytes(self._vault)
            return
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        (self.home / "vault-password").write_text(VAULT_PASSWORD + "\n", encoding="utf-8")
        (self.home / "vault-password").chmod(0o600)
        subprocess.run(
            [str(BIN / "ansible-vault"), "encrypt", str(path)], env=self.environment(), check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
        self._vault = path.read_bytes()

    def environment(self):
        """Only what is needed: no setting, proxy or collection of the machine's reaches a command."""
        environment = {
            "PATH": os.pathsep.join([str(self.checkout / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]), "HOME": str(self.home),
            "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "CURL_CA_BUNDLE": str(self.checkout / "build" / "sandbox" / "ca.pem"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.home / "vault-password"),
            "SANDBOX_DIRECTORY": "build/sandbox-by-make", **{"SANDBOX_%s_PORT" % name.upper(): "0" for name in sandbox_process.LISTENERS}}
        environment.update({name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))})
        return environment

    def _environment_of_job(self):
        """What GitLab, GitHub, Jenkins and systemd set for a job, and nothing else that has the vault's password."""
        environment = self.environment()
        del environment["ANSIBLE_VAULT_PASSWORD_FILE"]
        environment.update(
            CI_PROJECT_DIR=str(self.checkout), WORKSPACE=str(self.checkout), RUNNER_TEMP=str(self.directory / "runner"),
            GITHUB_STEP_SUMMARY=str(self.directory / "runner" / "summary.md"), VAULT_PASSWORD=VAULT_PASSWORD,
            VAULT_PASSWORD_FILE=str(self.home / "vault-password"), CREDENTIALS_DIRECTORY=str(self.home))
        return environment

    def rehearsed(self, command):
        """Returns the command line that is run for a Command."""
        text = command.text
        for pattern, instead, unused_why in REHEARSED:
            for name, value in self._places.items():
                instead = instead.replace("{%s}" % name, str(value))
            text = pattern.sub(instead, text)
        return text

    def run(self, command):
        """Runs a Command to its end; returns (exit code, output)."""
        return self._once(self._run, command)

    def run_in_foreground(self, command):
        """Runs a Command until it says that it is ready, or that its first chapter is over, and interrupts it; returns (whether it came so far, output)."""
        return self._once(self._run_in_foreground, command)

    def _once(self, run, command):
        """Returns what run(command) does; it is done once for all pages, if the command needs nothing of its page."""
        if not is_of(SELF_CONTAINED, command):
            return run(command)
        if command.text not in self._done:
            self._done[command.text] = run(command)
        return self._done[command.text]

    def _run(self, command):
        environment = self._environment_of_job() if command.language in JOBS else self.environment()
        done = subprocess.run(
            ["bash", "-ec", self.rehearsed(command)], cwd=self.checkout, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
        return done.returncode, done.stdout

    def _run_in_foreground(self, command):
        process = subprocess.Popen(
            ["bash", "-c", "exec " + re.sub(r"^(PYTHONPATH=\S+) ", r"env \1 ", self.rehearsed(command))], cwd=self.checkout, env=self.environment(),
            stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        lines, is_ready = [], False
        try:
            for line in process.stdout:
                lines.append(line)
                if not is_ready and READY.match(line):
                    is_ready = True
                    os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return is_ready, "".join(lines)


def _own_group():
    return grp.getgrgid(os.getegid()).gr_name


def _ignored(directory, names):
    """What is made in a checkout, and is not of it."""
    made = {"__pycache__", "output"}
    if pathlib.Path(directory) == ROOT:
        made |= {"build", *(name for name in names if name.startswith(".") and name not in (".gitignore", ".ansible-lint"))}
    return made & set(names)
