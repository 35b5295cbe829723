# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests start a real sandbox, talk to it over real TLS, and stop it."""

import os
import pathlib
import signal
import ssl
import subprocess
import sys

import requests
import yaml
from requests.adapters import HTTPAdapter

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "roles" / "sandbox" / "files"
COLLECTOR = PROGRAM / "collect_credential.py"
FIELDS = ["AnonId", "RequestId", "PreventCollection", "Status", "RequestedDate", "CollectedDate"]
LISTENERS = ("rapidauth", "portal", "device", "admin")
#: The sandbox wants Python 3.11; "make matrix" tests the collection with older ones too.
PYTHON = os.environ.get("SANDBOX_PYTHON", sys.executable)


def command(directory, *extra, **ports):
    line = [PYTHON, "-m", "rapid_sandbox", "--data-directory", str(directory)]
    for listener in LISTENERS:
        line += [f"--{listener}-port", str(ports.get(listener, 0))]
    return [*line, *extra]


def environment():
    return {**os.environ, "PYTHONPATH": str(PROGRAM), "PYTHONDONTWRITEBYTECODE": "1"}


def error(answer, status, number):
    """Assert that RapidAuth answered with this status and error number."""
    body = answer.json()
    assert (answer.status_code, body["Number"]) == (status, number), answer.text
    assert set(body) == {"Number", "Message"} and body["Message"]
    return True


def run_to_end(directory, *extra, **ports):
    """Start a sandbox that is expected to refuse to start."""
    return subprocess.run(command(directory, *extra, **ports), env=environment(), text=True,
                          capture_output=True, timeout=20, check=False)


class ContextAdapter(HTTPAdapter):
    """requests with an SSLContext of one's own, so that an encrypted key can be used."""

    def __init__(self, context):
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def send(self, request, *arguments, **options):
        options["verify"] = True
        return super().send(request, *arguments, **options)

    def cert_verify(self, conn, url, verify, cert):
        conn.ca_certs = None


class Running:
    """A sandbox process and clients for each of its listeners."""

    def __init__(self, directory, *extra):
        self.directory = pathlib.Path(directory)
        self.process = subprocess.Popen(command(directory, *extra), env=environment(), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.banner = []
        for line in self.process.stdout:
            self.banner.append(line)
            if line == "ready\n":
                break
        assert self.banner and self.banner[-1] == "ready\n", "".join(self.banner)
        self.values = yaml.safe_load((self.directory / "connection.yml").read_text(encoding="utf-8"))
        self.fleet = self.values["sandbox_fleet"]
        self.account = self.values["sandbox_accounts"][0]
        self._admin = requests.Session()
        self._admin.trust_env = False
        self.rapidauth = self.session("valid")
        self.portal = self.session()

    def context(self, sac=None):
        """As strict as Python 3.13 is by default."""
        context = ssl.create_default_context(cafile=self.values["rapidauth_ca_path"])
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if sac:
            files = self.values["sandbox_sacs"][sac]
            context.load_cert_chain(files["certificate_path"], files["key_path"], files["passphrase"])
        return context

    def session(self, sac=None):
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", ContextAdapter(self.context(sac)))
        return session

    def call(self, method, path, body=None, session=None, **options):
        """One RapidAuth call."""
        return (session or self.rapidauth).request(
            method, self.values["rapidauth_api_url"] + path, json=body, timeout=10, **options)

    def get(self, path):
        return self.call("GET", path)

    def collect(self, body):
        url = self.values["sandbox_device_url"] + "/1.0/CollectCredential"
        return self.portal.post(url, json=body, timeout=10)

    def login(self, email=None, password=None):
        body = {"email": email or self.account["email"], "password": password or self.account["password"]}
        return self.portal.post(self.login_url, json=body, timeout=10)

    @property
    def login_url(self):
        return self.values["rapidsos_api_url"] + "/v1/scorpius/user/api-token-auth"

    def query_page(self, caller_id, token):
        return self.portal.get(self.values["rapidsos_query_url"], timeout=10,
                               params={"caller_id": caller_id, "access_token": token})

    def admin(self, method, path, body=None):
        return self._admin.request(method, self.values["sandbox_admin_url"] + path, json=body, timeout=10)

    def switch(self, **changes):
        answer = self.admin("PATCH", "/switches", changes)
        assert answer.status_code == 200, answer.text

    def fault(self, route, kind, **more):
        answer = self.admin("POST", "/faults", {"route": route, "kind": kind, "count": 1, **more})
        assert answer.status_code == 201, answer.text

    def advance(self, **duration):
        seconds = duration.get("seconds", 0) + 60 * duration.get("minutes", 0) + 86400 * duration.get("days", 0)
        assert self.admin("PUT", "/clock", {"advance_seconds": seconds}).status_code == 200

    def row(self, request_id):
        return self.admin("GET", f"/credentials/{request_id}").json()

    def last_seq(self):
        return max([0, *(entry["seq"] for entry in self.audit())])

    def audit(self, after=0, effect=None):
        path = f"/audit?after={after}" + (f"&effect={effect}" if effect else "")
        return self.admin("GET", path).json()["entries"]

    def stop(self):
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.stdout.close()
