# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows a dispatcher's desk: a real host with a desktop session, Chromium as the default browser, and the launcher as the role installs it."""

import json
import socket
import subprocess
import time

import yaml
from chromium import Chromium
from host_playbooks import Playbooks

HOST, USER, UID = "desk", "dispatcher", 1500
RUNTIME, PROFILE = f"/run/user/{UID}", f"/home/{USER}/chromium"
CA_PATH = "/usr/local/share/portal-ca.pem"
ENVIRONMENT = {"DISPLAY": ":99", "XDG_RUNTIME_DIR": RUNTIME, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={RUNTIME}/bus", "HOME": f"/home/{USER}",
               "LANG": "C.UTF-8", "PATH": "/usr/local/lib/noting:/usr/local/bin:/usr/bin:/bin", "XDG_CURRENT_DESKTOP": "openbox"}
#: For tests alone: Debian's wrapper reads them. The rest keeps it from calling places that cannot be reached here.
FLAGS = f"""export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --no-sandbox --disable-gpu --no-first-run --no-default-browser-check --disable-component-update \
--disable-background-networking --disable-sync --disable-quic --remote-debugging-port=9222 --user-data-dir={PROFILE} --password-store=basic"
"""
#: So that a link of the CAD's page opens the launcher without a question; what docs/portal_launcher.md says too.
HANDLER_POLICY = {"AutoLaunchProtocolsFromOrigins": [{"protocol": "eccops-portal", "allowed_origins": ["*"]}]}
#: Notes when it is called, then does what it always does.
NOTING = "#!/bin/sh\ndate +%s%N >> /tmp/opened_at\nexec /usr/bin/xdg-open \"$@\"\n"


class Desk:
    """``sandbox`` is the Running sandbox, which listens on the fleet's gateway under the name "controller"."""

    def __init__(self, fleet, sandbox, place):
        self.fleet, self.sandbox, self.place = fleet, sandbox, place
        self._tunnel = None
        self.chromium = None

    def root(self, *command, check=True, stdin=None):
        return self.fleet.root(HOST, *command, check=check, stdin=stdin)

    def write(self, path, text, mode="0644", owner="root"):
        self.root("sh", "-euc", f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}; chown {owner}: {path}", stdin=text)

    def set_up(self):
        """Logs the dispatcher in to a desktop, and installs the launcher with the role."""
        self.root("useradd", "--create-home", "--uid", str(UID), "--groups", "users", USER)
        self.write(CA_PATH, (self.sandbox.directory / "ca.pem").read_text(encoding="utf-8"))
        self.write("/etc/chromium.d/zz-tests", FLAGS)
        self.write("/etc/xdg/mimeapps.list", "[Default Applications]\nx-scheme-handler/http=chromium.desktop\n"
                   "x-scheme-handler/https=chromium.desktop\ntext/html=chromium.desktop\n")
        self.set_policy(HANDLER_POLICY)
        self.write("/usr/local/lib/noting/xdg-open", NOTING, "0755")
        self.root("loginctl", "enable-linger", USER)
        self._as_unit("x-server", "Xvfb", ":99", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
        self._until(lambda: "X99" in self.root("ls", "/tmp/.X11-unix", check=False))
        self._as_unit("window-manager", "openbox")
        self.as_user("sh", "-euc", f"mkdir -p ~/.pki/nssdb {PROFILE}; certutil -N -d sql:$HOME/.pki/nssdb --empty-password; "
                                   f"certutil -A -d sql:$HOME/.pki/nssdb -t C,, -n sandbox -i {CA_PATH}")
        self._open_tunnel()
        self.install()

    def install(self, **variables):
        """The role, over SSH; it has to succeed."""
        inventory = self.place / "inventory.yml"
        hosts = {"all": {"hosts": {HOST: {"ansible_ssh_common_args": f"-F {self.fleet.ssh_config}", "ansible_become": True}}}}
        inventory.write_text(yaml.safe_dump(hosts), encoding="utf-8")
        values = self.sandbox.values
        play = {"name": "Desk", "hosts": HOST, "gather_facts": False, "roles": [{"role": "eccops.rapid.portal_launcher"}]}
        run = Playbooks(self.fleet, self.place / f"install-{time.monotonic_ns()}", inventory)([play], extra_vars={
            "portal_launcher_api_url": values["rapidsos_api_url"], "portal_launcher_query_url": values["rapidsos_query_url"],
            "portal_launcher_login_url": values["rapidsos_api_url"] + "/login", "portal_launcher_ca_path": CA_PATH,
            "portal_launcher_email": self.sandbox.account["email"], "portal_launcher_password": self.sandbox.account["password"],
            "portal_launcher_group": "users", **variables})
        assert run.returncode == 0, run.output

    def set_policy(self, policy):
        self.write("/etc/chromium/policies/managed/desk.json", json.dumps(policy))

    def as_user(self, *command, check=True):
        return self.root("runuser", "-u", USER, "--", *self._env(), *command, check=check)

    def call(self, *command):
        """Calls a command as the CAD would; returns (exit code, stderr, {"began": epoch seconds, "took": seconds})."""
        script = ("import json, subprocess, sys, time\n"
                  "began = time.time()\n"
                  "ended = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True)\n"
                  "print(json.dumps([ended.returncode, ended.stderr, {'began': began, 'took': time.time() - began}]))\n")
        return json.loads(self.as_user("python3", "-I", "-c", script, *command))

    def _env(self):
        return ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())]

    def _as_unit(self, name, *command):
        self.root("systemd-run", "--quiet", f"--unit={name}", f"--uid={USER}", *(f"--setenv={key}={value}" for key, value in ENVIRONMENT.items()), *command)

    def start_browser(self):
        self._as_unit("browser", "chromium", "about:blank")
        self.chromium.wait_for(lambda page: True)

    def stop_browser(self):
        """As a user would close it: the profile is written down."""
        if self.chromium.pages():
            self.chromium.close()
        self._until(lambda: not self.root("pgrep", "-u", USER, "-x", "chromium", check=False))
        self.root("systemctl", "reset-failed", "browser.service", check=False)

    def forget(self):
        self.root("sh", "-c", f"rm -rf {RUNTIME}/portal-launcher /tmp/opened_at")

    def opened_at(self):
        """Epoch seconds at which the launcher started the browser's starter, in order."""
        return [int(line) / 1e9 for line in self.root("sh", "-c", "cat /tmp/opened_at 2>/dev/null || true").split()]

    def _open_tunnel(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._tunnel = subprocess.Popen(["ssh", "-F", self.fleet.ssh_config, "-o", "ControlPath=none", "-N", "-L", f"127.0.0.1:{port}:127.0.0.1:9222", HOST],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.chromium = Chromium(port)

    def close(self):
        if self._tunnel:
            self._tunnel.kill()
            self._tunnel.wait()

    @staticmethod
    def _until(is_so, seconds=120):
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.1)
