# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What provisioning is measured with: a fleet of real hosts, a sandbox they can reach, an inventory, and ansible-playbook."""

import os
import pathlib
import subprocess
import tempfile

import yaml
from arrangement import harness
from sandbox_process import Running

CA_PATH = "/etc/sandbox-ca.pem"
GROUP = "dispatch"


class Arrangement:
    """Use it in ``with``; ``fleet`` is up. The sandbox listens on this machine's address in the fleet's network."""

    def __init__(self, fleet, forks, is_sac_wanted):
        self._fleet, self._forks, self._is_sac_wanted = fleet, forks, is_sac_wanted

    def __enter__(self):
        self._temporary = tempfile.TemporaryDirectory(prefix="rapid-bench-")  # removed at the end of the process at the latest
        self.directory = pathlib.Path(self._temporary.name)
        self._sandbox = Running(self.directory / "sandbox", "--listen-address", self._fleet.gateway, "--host-name", "controller",
                                "--stop-with-process", str(os.getpid()))
        values = self._sandbox.values
        self._write("fleet.yml", {"dispatch_workstations": {"hosts": {name: {} for name in self._fleet.images}, "vars": {
            "ansible_ssh_common_args": f"-F {self._fleet.ssh_config}", "ansible_become": True, "ansible_python_interpreter": "/usr/bin/python3",
            "portal_launcher_api_url": values["rapidsos_api_url"], "portal_launcher_query_url": values["rapidsos_query_url"],
            "portal_launcher_login_url": values["rapidsos_query_url"], "portal_launcher_ca_path": CA_PATH,
            "portal_launcher_email": values["rapidsos_email"], "portal_launcher_password": values["rapidsos_password"],
            "portal_launcher_group": GROUP, "portal_launcher_browser_command": ["/bin/true"],
            "sac_certificate_is_wanted_on_workstations": self._is_sac_wanted, "sac_certificate_ca_path": CA_PATH,
            "rapidauth_api_url": values["rapidauth_api_url"], "rapidauth_sac_path": values["rapidauth_sac_path"],
            "rapidauth_sac_passphrase": values["rapidauth_sac_passphrase"],
        }}})
        ca = pathlib.Path(values["rapidsos_ca_path"]).read_text(encoding="utf-8")
        self._run_play([
            {"ansible.builtin.copy": {"content": ca, "dest": CA_PATH, "mode": "0644"}},
            {"ansible.builtin.group": {"name": GROUP}},
        ])
        return self

    def __exit__(self, *unused):
        self._sandbox.stop()
        self._temporary.cleanup()

    def ping(self, times):
        self._run_play([{"name": "Ping", "ansible.builtin.ping": {}} for _number in range(times)])

    def provision(self, waves=None, *arguments):
        extra = ["-e", yaml.safe_dump({"provision_waves": waves}, default_flow_style=True)] if waves else []
        return self._run("eccops.rapid.provision_workstations", *extra, *arguments)

    def remove(self):
        self.provision(["100%"], "-e", "portal_launcher_state=absent", "-e", "sac_certificate_state=absent")

    def _run_play(self, tasks):
        return self._run(self._write("play.yml", [{"hosts": "dispatch_workstations", "gather_facts": False, "tasks": tasks}]))

    def _write(self, name, content):
        path = self.directory / name
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        path.chmod(0o600)
        return path

    def _run(self, *arguments):
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        environment = {**harness.ansible_environment(home), "TMPDIR": str(home), "ANSIBLE_PIPELINING": "1"}
        line = [harness.BIN / "ansible-playbook", "-i", self.directory / "fleet.yml", "--forks", self._forks, *arguments]
        completed = subprocess.run([str(each) for each in line], env=environment, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
        if completed.returncode:
            raise RuntimeError(f"{arguments} ended with {completed.returncode}:\n{completed.stdout[-6000:]}{completed.stderr[-2000:]}")
        return completed.stdout
