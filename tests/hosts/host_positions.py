# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows positions that are real hosts: how they are provisioned, and what a dispatcher's programs find there."""

import concurrent.futures
import json
import pathlib
import sys
import time

from cryptography.hazmat.primitives import serialization
from harness import REPOSITORY
from host_sandbox import HostSandbox

POSITIONS = ("position-bookworm", "position-trixie")
PLAYBOOK = "eccops.rapid.provision_workstations"
INSTALL_SAC = "eccops.rapid.sac_certificate : Install or remove the SAC"
INSTALL_LAUNCHER = "eccops.rapid.portal_launcher : Ensure the launcher is present"
MADE = ("/etc/portal-launcher", "/etc/rapidauth-sac", "/usr/local/bin/portal-launcher")

#: As a dispatcher: whether certificate, key and passphrase that are in use belong together, and the service takes them.
_USE_SAC = r"""
import json, ssl, sys, urllib.request
url, place = sys.argv[1], "/etc/rapidauth-sac/current/"
context = ssl.create_default_context(cafile="/usr/local/share/sandbox-ca.pem")
context.load_cert_chain(place + "sac.pem", password=open(place + "passphrase").read().rstrip("\n"))
context.load_cert_chain(place + "certificate.pem", place + "key.pem", open(place + "passphrase").read().rstrip("\n"))
print(urllib.request.urlopen(url, timeout=10, context=context).status)
"""


class Positions:
    """Calls the playbook for both positions at once; C(sacs) are extra vars of SACs that the service takes."""

    def __init__(self, fleet, run_playbook, tmp_path):
        self.fleet, self._run, self._tmp_path = fleet, run_playbook, tmp_path
        self.sandbox = HostSandbox(fleet)
        values = self.sandbox.values
        self.request_url = values["rapidauth_api_url"] + "/requests/" + values["sandbox_fleet"][0]["request_id"]
        self.secrets = [values["sandbox_accounts"][0]["password"], values["rapidauth_sac_passphrase"]]

    def provision(self, *arguments, **variables):
        return self.start(*arguments, **variables)[1]()

    def start(self, *arguments, **variables):
        return self._run.start(PLAYBOOK, *arguments, extra_vars={"provision_waves": ["100%"], **variables})

    def wait_for_task(self, process, name):
        """Returns once a task with this name is reported by a position of the run that was started last."""
        results = self._run.place / f"run-{self._run.count}" / "results.jsonl"
        while process.poll() is None:
            lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
            if any(name in line and '"host": "position-' in line for line in lines):
                return
            time.sleep(0.01)

    def new_sac(self, name, passphrase):
        """Returns the variables of another SAC of this company."""
        sys.path.insert(0, str(REPOSITORY / "roles" / "sandbox" / "files"))
        from rapid_sandbox import authority, data_directory
        signer = authority.load_or_create(data_directory.DataDirectory(self.sandbox.directory), "ca", "unused")
        key, now = authority.new_key(), authority.datetime.datetime.now(authority.datetime.timezone.utc)
        certificate = authority.sign_client(signer, name, key.public_key(), now - authority.ONE_DAY, now + 300 * authority.ONE_DAY)
        return self._kept(name, certificate.public_bytes(serialization.Encoding.PEM), key, passphrase)

    def reencrypted_sac(self, passphrase):
        """Returns the variables of the first SAC, protected with another passphrase."""
        files = self.sandbox.values["sandbox_sacs"]["valid"]
        key = serialization.load_pem_private_key(pathlib.Path(files["key_path"]).read_bytes(), files["passphrase"].encode())
        return self._kept("reencrypted", pathlib.Path(files["certificate_path"]).read_bytes(), key, passphrase)

    def _kept(self, name, certificate_pem, key, passphrase):
        encrypted = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.BestAvailableEncryption(passphrase.encode()))
        path = self._tmp_path / f"{name}.pem"
        path.write_bytes(certificate_pem + encrypted)
        path.chmod(0o600)
        return {"sac_certificate_sac_path": str(path), "sac_certificate_sac_passphrase": passphrase}

    def each(self, action):
        """Does action(host) for both at once; returns {host: result}."""
        with concurrent.futures.ThreadPoolExecutor(len(POSITIONS)) as pool:
            return dict(zip(POSITIONS, pool.map(action, POSITIONS)))

    def state(self, host):
        """Every file of launcher and SAC with mode, owner and content; what is locked or noted for runs alone is left out."""
        find = ("import hashlib, os, stat, sys, pwd, grp, json\n"
                "found = {}\n"
                "for top in sys.argv[1:]:\n"
                "    for path in [top] + [os.path.join(at, name) for at, names, files in os.walk(top) for name in names + files]:\n"
                "        if os.path.lexists(path) and os.path.basename(path) != '.lock':\n"
                "            status = os.lstat(path)\n"
                "            content = os.readlink(path) if os.path.islink(path) else (\n"
                "                hashlib.sha256(open(path, 'rb').read()).hexdigest() if os.path.isfile(path) else None)\n"
                "            found[path] = [oct(status.st_mode), pwd.getpwuid(status.st_uid)[0], grp.getgrgid(status.st_gid)[0], content]\n"
                "print(json.dumps(found))\n")
        return json.loads(self.fleet.root(host, "python3", "-I", "-c", find, *MADE, "/usr/local/share"))

    def ensure_working(self, host):
        """What a dispatcher needs works, and nothing of it is of two deployments."""
        checked = self.as_dispatcher(host, "/usr/local/bin/portal-launcher", "--check")
        assert "FAILED" not in checked and checked.count("ok ") >= 4, checked
        assert self.as_dispatcher(host, "python3", "-I", "-c", _USE_SAC, self.request_url).strip() == "200"

    def as_dispatcher(self, host, *command, user="dispatcher"):
        return self.fleet.root(host, "runuser", "-u", user, "--", *command)
