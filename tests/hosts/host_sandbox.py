# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the sandbox that runs as a service on one host of a fleet: what its clients need of it, and its admin API."""

import json
import subprocess
import tarfile

DATA = "/var/lib/eccops-rapid-sandbox"
_CALL = """
import json, sys, urllib.request
method, path, body = json.load(sys.stdin)
data = None if body is None else json.dumps(body).encode()
request = urllib.request.Request("http://127.0.0.1:8446" + path, data, {"Content-Type": "application/json"}, method=method)
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""


class HostSandbox:
    """``values`` is its connection.yml, with the paths of copies on this machine; ``directory`` holds them."""

    def __init__(self, fleet, host="server"):
        self.fleet, self.host = fleet, host
        self.directory = fleet.directory / "sandbox"

    @property
    def values(self):
        import yaml  # making and destroying hosts has to work with nothing but Python
        return yaml.safe_load((self.directory / "connection.yml").read_text(encoding="utf-8"))

    def fetch(self):
        """Copies what clients need, readable by nobody else: connection.yml, the authority (with its key, to sign more) and the SACs."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        packed = subprocess.Popen(["ssh", "-F", self.fleet.ssh_config, self.host, f"sudo tar -C {DATA} -c connection.yml ca.pem ca.key sacs"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with tarfile.open(fileobj=packed.stdout, mode="r|") as archive:
            archive.extractall(self.directory, filter="data")
        assert packed.wait() == 0
        path = self.directory / "connection.yml"
        path.write_text(path.read_text(encoding="utf-8").replace(DATA, str(self.directory)), encoding="utf-8")
        return self

    def admin(self, method, path, body=None):
        """Returns the parsed answer of the admin API, which only the host itself can call."""
        said = self.fleet.root(self.host, "python3", "-I", "-c", _CALL, stdin=json.dumps([method, path, body]))
        return json.loads(said) if said.strip() else None

    def effects(self, *names):
        """The entries of the log since the last reset, of these effects only if any are named."""
        entries = self.admin("GET", "/audit")["entries"]
        last_reset = max([0, *(entry["seq"] for entry in entries if entry["effect"] == "reset")])
        return [entry for entry in entries if entry["seq"] > last_reset and (not names or entry["effect"] in names)]
