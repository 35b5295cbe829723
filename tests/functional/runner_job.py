# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests run a playbook under ansible-runner as AWX does: a job is transmitted to a worker, whose events another process reads.

Each side has a directory of its own below the job's: ``transmit``, ``worker`` and ``process``. The inventory is a script that prints JSON,
as AWX writes it; with slices a job gets every n-th host, and knows nothing of the others.
"""

import json
import pathlib
import subprocess
import time

import ansible_runner
import jinja2
import yaml
from harness import BIN, TIMEOUT_SECONDS, ansible_environment

SIDES = ("transmit", "worker", "process")
VAULT_PROMPT = r"Vault password:\s*?$"


def environment(home):
    """What an execution environment offers: Ansible, the collection, a home. Nothing else of this machine."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "tmp").mkdir(exist_ok=True)
    return {**ansible_environment(home), "TMPDIR": str(home / "tmp")}


def inventory_script(groups, part=(1, 1)):
    """Returns the program that AWX gives a job as its inventory; ``groups`` are {name: {vars, hosts: {name: variables}}}, ``part`` is (n, of)."""
    number, count = part
    every = list(dict.fromkeys(host for group in groups.values() for host in group.get("hosts", {})))
    own = set(every[number - 1::count])
    reported = {name: {"hosts": [host for host in group.get("hosts", {}) if host in own], "vars": group.get("vars", {})} for name, group in groups.items()}
    values = {host: variables for group in groups.values() for host, variables in group.get("hosts", {}).items() if host in own}
    return "#!/usr/bin/env python3\nprint(%r)\n" % json.dumps({**reported, "_meta": {"hostvars": values}})


class _Unsafe(yaml.SafeDumper):
    """Writes each text as AWX writes a credential's: never a template."""


_Unsafe.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


def injected(credentials):
    """Returns (environment variables, extra vars) that ``credentials``, [(type, {field: value})], give a job."""
    found = {"env": {}, "extra_vars": {}}
    for kind, values in credentials:
        for way, names in found.items():
            for name, text in kind["injectors"].get(way, {}).items():
                names[name] = jinja2.Template(text, undefined=jinja2.StrictUndefined).render(values)
    return found["env"], found["extra_vars"]


class Job:
    """One job. ``start`` it, ``wait`` for it; then ``rc``, ``stdout``, ``messages(task)`` and ``recap()`` have the result."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.transmit, self.worker, self.process = (self.directory / side for side in SIDES)

    def start(self, playbook, groups, extra_vars, credentials=(), part=(1, 1), arguments="", vault_password=None):
        """Transmits a job that runs an installed playbook by its name; ``extra_vars`` are the template's and the survey's."""
        for name in ("project", "inventory", "env"):
            (self.transmit / name).mkdir(parents=True, mode=0o700)
        for side in (self.worker, self.process):
            side.mkdir(mode=0o700)
        (self.transmit / "project" / "job.yml").write_text(yaml.safe_dump([{"ansible.builtin.import_playbook": playbook}]), encoding="utf-8")
        self._write("inventory/hosts", inventory_script(groups, part), 0o700)
        self._write("env/extravars", yaml.safe_dump(extra_vars))
        variables, more_extra_vars = injected(credentials)
        if more_extra_vars:
            self._write("env/credential", yaml.dump(more_extra_vars, Dumper=_Unsafe), 0o400)
            arguments += " -e @%s" % (self.worker / "env" / "credential")
        if vault_password:
            arguments += " --ask-vault-pass"
        self._write("env/cmdline", arguments.strip())
        options = {"passwords": {VAULT_PROMPT: vault_password}} if vault_password else {}
        line = [str(BIN / "ansible-runner"), "worker", "--private-data-dir", str(self.worker)]
        self._worker = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(self.directory / "home"))
        line = [str(BIN / "ansible-runner"), "process", str(self.process), "--ident", "job"]
        self._processor = subprocess.Popen(line, stdin=self._worker.stdout, stdout=subprocess.DEVNULL, env=environment(self.directory / "reader"))
        self._worker.stdout.close()
        ansible_runner.run(
            streamer="transmit", _output=self._worker.stdin, private_data_dir=str(self.transmit), playbook="job.yml", ident="job",
            envvars=variables, suppress_env_files=True, **options)
        self._worker.stdin.close()
        return self

    def _write(self, name, text, mode=0o600):
        path = self.transmit / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def wait(self):
        end = time.monotonic() + TIMEOUT_SECONDS
        try:
            for process in (self._worker, self._processor):
                process.wait(max(0.1, end - time.monotonic()))
        finally:
            for process in (self._worker, self._processor):
                if process.poll() is None:
                    process.kill()
                    process.wait()
        return self

    @property
    def artifacts(self):
        """The directory of what the processing side received, and no other."""
        return self.process / "artifacts" / "job"

    @property
    def rc(self):
        return int((self.artifacts / "rc").read_text(encoding="ascii"))

    @property
    def stdout(self):
        return (self.artifacts / "stdout").read_text(encoding="utf-8")

    def events(self, kind=None):
        paths = sorted((self.artifacts / "job_events").glob("*.json"), key=lambda path: int(path.name.split("-")[0]))
        found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        return [event for event in found if kind in (None, event["event"])]

    def messages(self, task, kind="runner_on_failed"):
        """Returns {host: msg} of a task that ended so."""
        return {event["event_data"]["host"]: event["event_data"]["res"].get("msg") for event in self.events(kind) if event["event_data"]["task"] == task}

    def recap(self):
        """Returns {"ok": {host: number}, "failures": ..., "dark": ...}."""
        return self.events("playbook_on_stats")[-1]["event_data"]

    def files_with(self, text):
        """Returns the paths below the job's directory, relative to it, of the files that hold ``text``."""
        wanted = text.encode("utf-8")
        paths = [path for path in self.directory.rglob("*") if path.is_file() and not path.is_symlink()]
        return sorted(str(path.relative_to(self.directory)) for path in paths if wanted in path.read_bytes())
