# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the commands that README.md and docs/ tell people to type, and runs them as a reader would, against the sandbox.

A reader has a checkout, a HOME, a fleet.yml and an encrypted vault.yml. C(Desk) makes all four, with nothing in them of the
machine's user. What must be written otherwise here than in the text is in REHEARSED, what is not run is in NOT_HERE; a
command that is in none of the lists is a mistake of the text or of these lists.
"""

import collections
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

ROOT = harness.REPOSITORY
BIN = pathlib.Path(sys.executable).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]
TIMEOUT_SECONDS = 300

Command = collections.namedtuple("Command", "page line text language", defaults=("console",))

_FENCE = re.compile(r"^```(\w*)\s*$")
SHELLS = ("console", "shell", "bash", "sh")
#: {language of a block: why its commands are not run here}.
LANGUAGES_NOT_HERE = {"powershell": "needs Windows", "bat": "needs Windows"}

#: [(what is written, what is run instead, why)]
REHEARSED = [
    (re.compile(r"^ansible-galaxy collection install .*\.tar\.gz$"), r"\g<0> --offline", "Galaxy is not asked: what it depends on is there"),
    (re.compile(r"http://127\.0\.0\.1:8446\b"), "{admin_url}", "the sandbox takes free ports"),
    (re.compile(r"https://localhost:8445/rapid\b"), "{device_url}", "the sandbox takes free ports"),
    (re.compile(r"/etc/rapidauth-sac/current\b"), "{directory}/sac/current", "needs no root"),
    (re.compile(r"--config - https://\.\.\.$"), "--config - {rapidauth_url}/credentials/by-hand", "the text leaves the URL out"),
    (re.compile(r"--store /var/lib/position\b"), "--store {directory}/position", "needs no root"),
    (re.compile(r"^python tests/bench/sandbox_throughput.py$"), r"\g<0> --seconds 0.2 --rounds 1", "shows that it runs; it measures nothing here"),
    (re.compile(r"^(PYTHONPATH=roles/sandbox/files python -m rapid_sandbox --data-directory build/sandbox)$"),
     r"\1-by-hand --rapidauth-port 0 --portal-port 0 --device-port 0 --admin-port 0", "takes free ports, and a directory of its own"),
]
#: Run to their end; exit code 0 is wanted.
RUNNABLE = [re.compile(pattern) for pattern in (
    r"make (build|demo|help)",
    r"ansible-galaxy collection install build/eccops-rapid-[0-9.]+\.tar\.gz",
    r"python3 -m pip install -r requirements\.txt",
    r"ansible-doc (-t \w+ )?eccops\.rapid\.\w+",
    r"ansible-playbook eccops\.rapid\.(check|rotate|block)_credentials .*",
    r"ansible-playbook eccops\.rapid\.provision_workstations .*--check.*",
    r"python3 collect_credential\.py --request-file request\.json .*",
    r"python tests/bench/sandbox_throughput\.py",
    r"version=\$\(readlink -f /etc/rapidauth-sac/current\)\nprintf .* \| curl --config - https://\.\.\.",
    r'curl (-X PATCH )?"?http://127\.0\.0\.1:8446/.*',
)]
#: Stay in the foreground: run until they say C(ready), then ended as by Ctrl-C.
FOREGROUND = [re.compile(r"make sandbox"), re.compile(r"PYTHONPATH=roles/sandbox/files python -m rapid_sandbox .*")]
#: {command: why it is not run here}.
NOT_HERE = {
    "make test": "it would run this test inside itself",
    "portal-launcher --check --log-in": "needs a position with a desktop: tests/launcher/test_launcher_checks.py runs it on an arranged one",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e @vault.yml --limit north-01":
        "installs as root on the machine it runs on: extensions/molecule/workstation does it to real hosts",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e @vault.yml":
        "installs as root on the machine it runs on: extensions/molecule/workstation does it to real hosts",
    "ansible-playbook eccops.rapid.provision_workstations -i fleet.yml -e portal_launcher_state=absent --tags portal_launcher":
        "removes as root from the machine it runs on: extensions/molecule/workstation does it to real hosts",
}


def commands_of(page, text=None):
    """Returns the Commands of a page: the lines of its console and shell blocks; where lines begin with C($ ), only those."""
    found, language, block = [], None, []
    for number, line in enumerate((text or page.read_text(encoding="utf-8")).splitlines(), 1):
        fence = _FENCE.match(line.strip())
        if fence and language is None:
            language, block = fence.group(1) or "text", []
        elif fence:
            found += _commands(page, block) if language in SHELLS else []
            found += [Command(page, *block[0], language)] if language in LANGUAGES_NOT_HERE else []  # one for all of its lines
            language = None
        else:
            block.append((number, line.strip()))
    return found


def _commands(page, block):
    has_prompts = any(line.startswith("$ ") for unused, line in block)
    commands, begun = [], None
    for number, line in block:
        if line.startswith("#") or begun is None and (not line or has_prompts and not line.startswith("$ ")):
            continue
        line = line[2:] if line.startswith("$ ") else line
        line = re.sub(r"\s+#\s.*", "", line)
        begun = (begun[0], begun[1] + line) if begun else (number, line)
        if begun[1].endswith("\\"):
            begun = (begun[0], begun[1][:-1].rstrip() + " ")
        elif re.match(r"\w+=(\$\(.*\)|\S*)$", begun[1].split("\n")[-1]):  # for the lines that follow
            begun = (begun[0], begun[1] + "\n")
        else:
            commands.append(Command(page, *begun))
            begun = None
    return commands


def yaml_file_of(page, name):
    """Returns the text of the page's YAML block that begins with the comment C(# NAME), or None."""
    block = re.search(r"^```yaml\n# %s\n(.*?)^```" % re.escape(name), page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return block.group(1) if block else None


def is_of(patterns, command):
    return any(pattern.fullmatch(command.text) for pattern in patterns)


def why_not_here(command):
    """Returns the reason why a command is not run, or None."""
    return LANGUAGES_NOT_HERE.get(command.language) or NOT_HERE.get(command.text)


def is_known(command):
    return bool(why_not_here(command)) or is_of(RUNNABLE, command) or is_of(FOREGROUND, command)


class Desk:
    """A reader's checkout and HOME below C(directory)."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.checkout, self.home = self.directory / "checkout", self.directory / "home"
        shutil.copytree(ROOT, self.checkout, symlinks=True, ignore=_ignored)
        self._borrow_environment()
        self._install_dependencies()
        self.sandbox = harness.Sandbox(self.checkout / "build" / "sandbox")
        values = self.sandbox.values
        self._places = {
            "admin_url": values["sandbox_admin_url"], "device_url": values["sandbox_device_url"], "rapidauth_url": values["rapidauth_api_url"],
            "directory": self.directory}
        self.version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]

    def close(self):
        return self.sandbox.stop()

    def _borrow_environment(self):
        """What C(make) would install into .venv is there already: it is this Python's."""
        place = self.checkout / ".venv"
        place.mkdir()
        for name in ("bin", "lib"):
            (place / name).symlink_to(pathlib.Path(sys.prefix) / name)
        if (pathlib.Path(sys.prefix) / "pyvenv.cfg").exists():
            shutil.copy(pathlib.Path(sys.prefix) / "pyvenv.cfg", place)
        for name in (".run-installed", ".test-installed"):
            (place / name).touch()

    def _install_dependencies(self):
        subprocess.run([sys.executable, str(ROOT / "tests" / "checks" / "install_ansible_windows.py")], check=True, timeout=TIMEOUT_SECONDS)
        shutil.copytree(harness.COLLECTIONS / "ansible_collections" / "ansible", self.home / ".ansible" / "collections" / "ansible_collections" / "ansible")

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
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        (self.home / "vault-password").write_text("rehearsal\n", encoding="utf-8")
        (self.home / "vault-password").chmod(0o600)
        subprocess.run(
            [str(BIN / "ansible-vault"), "encrypt", str(path)], env=self.environment(), check=True, capture_output=True, timeout=TIMEOUT_SECONDS)

    def environment(self):
        """Only what is needed: no setting, proxy or collection of the machine's reaches a command."""
        environment = {
            "PATH": os.pathsep.join([str(self.checkout / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]), "HOME": str(self.home),
            "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "CURL_CA_BUNDLE": str(self.checkout / "build" / "sandbox" / "ca.pem"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.home / "vault-password"),
            "SANDBOX_DIRECTORY": "build/sandbox-by-make", **{"SANDBOX_%s_PORT" % name.upper(): "0" for name in sandbox_process.LISTENERS}}
        environment.update({name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))})
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
        done = subprocess.run(
            ["bash", "-c", self.rehearsed(command)], cwd=self.checkout, env=self.environment(), stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
        return done.returncode, done.stdout

    def run_in_foreground(self, command):
        """Runs a Command until it says that it is ready, and interrupts it; returns (whether it was ready, output)."""
        process = subprocess.Popen(
            ["bash", "-c", "exec " + re.sub(r"^(PYTHONPATH=\S+) ", r"env \1 ", self.rehearsed(command))], cwd=self.checkout, env=self.environment(),
            stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if line == "ready\n":
                    os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return "ready\n" in lines, "".join(lines)


def _own_group():
    return grp.getgrgid(os.getegid()).gr_name


def _ignored(directory, names):
    """What is made in a checkout, and is not of it."""
    made = {"__pycache__", "output"}
    if pathlib.Path(directory) == ROOT:
        made |= {"build", *(name for name in names if name.startswith(".") and name not in (".gitignore", ".ansible-lint"))}
    return made & set(names)
