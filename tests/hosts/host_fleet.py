# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows fleets: a few real hosts with systemd and SSH on a network of their own, made in seconds and destroyed without a trace.

Each fleet has a directory build/hosts/fleets/NAME with ``ssh_config`` (what ssh, Ansible and testinfra are pointed at), a key pair made
for it and the hosts' own keys, known beforehand: no host is trusted on first sight.
"""

import concurrent.futures
import ipaddress
import json
import pathlib
import shutil
import subprocess
import time

from host_images import DIRECTORY, built, locked
from host_podman import LABEL, RUN, PodmanError, imported, podman

USER = "deploy"
READY_SECONDS = 60
#: What podman's networks switch on, and what many hosts need; put back when the last fleet is gone.
_SYSCTLS = ("net.ipv4.ip_forward", "net.ipv4.conf.all.route_localnet", "fs.inotify.max_user_instances")
_INOTIFY_INSTANCES_PER_HOST = 24
_LOCK = DIRECTORY / ".fleets.lock"


class Fleet:
    """``hosts`` is {name: image}; the network is a /24 whose .1 is this machine and whose hosts count from .11."""

    def __init__(self, name, hosts=None, network=None):
        self.name, self.directory = name, DIRECTORY / "fleets" / name
        if hosts is None:
            reported = json.loads((self.directory / "fleet.json").read_text(encoding="utf-8"))
            hosts, network = reported["hosts"], reported["network"]
        self.images, self.network = hosts, ipaddress.ip_network(network)
        self.addresses = {host: str(self.network[11 + number]) for number, host in enumerate(hosts)}
        self.gateway = str(self.network[1])
        self.ssh_config = self.directory / "ssh_config"
        self.sockets = RUN / name

    def container(self, host):
        return f"{self.name}-{host}"

    def create(self):
        """Makes the hosts anew, whatever was there; returns when systemd in each says that it is up."""
        destroy(self.name)
        images = {image: imported(built(image)) for image in sorted(set(self.images.values()))}
        with locked(_LOCK):
            _remember_machine()
            self._write_files()
            podman("network", "create", "--subnet", self.network, "--gateway", self.gateway, "--disable-dns",
                   "--opt", f"mtu={_mtu()}", "--label", f"{LABEL}={self.name}", self._network_name())
            _allow_many(len(podman("ps", "--quiet").stdout.split()) + len(self.images))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda host: self._start(host, images[self.images[host]]), self.images))
            list(pool.map(self.wait, self.images))
        return self

    def _network_name(self):
        return f"eccops-{self.name}"

    def _write_files(self):
        for path in (self.directory, self.sockets):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        reported = {"hosts": self.images, "network": str(self.network)}
        (self.directory / "fleet.json").write_text(json.dumps(reported), encoding="utf-8")
        for name in ("user", *self.images):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.directory / f"{name}.key"], check=True)
        known = [f"{address} {(self.directory / f'{host}.key.pub').read_text(encoding='utf-8')}" for host, address in self.addresses.items()]
        (self.directory / "known_hosts").write_text("".join(known), encoding="utf-8")
        (self.directory / "hosts").write_text("127.0.0.1 localhost\n" + "".join(
            f"{address} {host}\n" for host, address in {"controller": self.gateway, **self.addresses}.items()), encoding="utf-8")
        entries = [f"Host {host}\n  HostName {address}\n" for host, address in self.addresses.items()]
        self.ssh_config.write_text("".join(entries) + (
            "Host *\n"
            f"  User {USER}\n"
            f"  IdentityFile {self.directory}/user.key\n"
            "  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.directory}/known_hosts\n"
            "  GlobalKnownHostsFile /dev/null\n"
            "  StrictHostKeyChecking yes\n"
            "  ConnectTimeout 5\n"
            "  ServerAliveInterval 5\n"
            "  ServerAliveCountMax 2\n"
            "  ControlMaster auto\n"
            "  ControlPersist 60\n"
            f"  ControlPath {self.sockets}/%h\n"), encoding="utf-8")

    def _start(self, host, image):
        mounts = {"user.key.pub": f"/etc/ssh/authorized_keys/{USER}", f"{host}.key": "/etc/ssh/ssh_host_ed25519_key"}
        podman("run", "--detach", "--pull=never", "--name", self.container(host), "--hostname", host,
               "--label", f"{LABEL}={self.name}", "--systemd=always", "--restart=always", "--cap-add=SYS_ADMIN,NET_ADMIN,SYS_PTRACE", "--no-hosts",
               "--network", self._network_name(), "--ip", self.addresses[host], "--mac-address", self._mac_address(host),
               *(f"--volume={self.directory}/{source}:{target}:ro" for source, target in mounts.items()), image)
        podman("cp", self.directory / "hosts", f"{self.container(host)}:/etc/hosts")

    def _mac_address(self, host):
        """The same after a restart: nobody has to wait until neighbours forget an earlier one."""
        return "02:eb:%02x:%02x:%02x:%02x" % tuple(ipaddress.ip_address(self.addresses[host]).packed)

    def wait(self, host):
        """Returns when SSH answers and systemd has started what it starts; raises with the failed units."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            said = self.ssh(host, "systemctl is-system-running --wait; systemctl --failed --plain --no-legend")
            state, _newline, failed = said.stdout.partition("\n")
            if state == "running":
                return
            if state == "degraded" or time.monotonic() > deadline:
                raise RuntimeError(f"{host} is not up: {state} {failed} {said.stderr.strip()}")
            time.sleep(0.1)

    def ssh(self, host, command, check=False):
        """Runs a shell command as the user that Ansible logs in as."""
        return subprocess.run(["ssh", "-F", self.ssh_config, host, command], stdin=subprocess.DEVNULL, text=True, capture_output=True,
                              timeout=READY_SECONDS, check=check)

    def root(self, host, *command, check=True, stdin=None):
        """Runs a command as root without SSH, so that nothing of it is seen in the host's logs; returns its standard output."""
        options = [] if stdin is None else ["--interactive"]
        return podman("exec", *options, self.container(host), *command, check=check, stdin=stdin).stdout

    def kill(self, host):
        """The power fails."""
        podman("kill", "--signal=KILL", self.container(host), check=False)
        _hang_up(self.sockets)

    def start(self, host):
        """The power is back; its files are as the failure left them."""
        podman("start", self.container(host))
        self.wait(host)


def destroy(name=None):
    """Removes a fleet, or all: containers, network, keys, sysctl values. It does not matter what is left of it, or who made it."""
    with locked(_LOCK):
        label = LABEL if name is None else f"{LABEL}={name}"
        for _attempt in range(5):
            containers = podman("ps", "--all", "--quiet", "--filter", f"label={label}").stdout.split()
            if not containers:
                break
            podman("rm", "--force", "--time=0", "--volumes", *containers, check=False)
        else:
            raise PodmanError(f"podman cannot remove the containers {containers}")
        for network in podman("network", "ls", "--quiet", "--filter", f"label={label}").stdout.split():
            podman("network", "rm", "--force", network)
            shutil.rmtree(pathlib.Path("/var/lib/cni/networks") / network, ignore_errors=True)
        fleets = DIRECTORY / "fleets"
        for directory in [fleets / name] if name else list(fleets.glob("*")):
            _hang_up(RUN / directory.name)
            shutil.rmtree(directory, ignore_errors=True)
            shutil.rmtree(RUN / directory.name, ignore_errors=True)
        if not any(fleets.glob("*")):
            _put_machine_back()


def _hang_up(sockets):
    """Ends the connections that ssh keeps for later."""
    for path in sockets.glob("*"):
        subprocess.run(["ssh", "-o", f"ControlPath={path}", "-O", "exit", "any"], capture_output=True, check=False)
        path.unlink(missing_ok=True)


def _sysctl_path(name):
    return pathlib.Path("/proc/sys") / name.replace(".", "/")


def _remember_machine():
    path = DIRECTORY / "machine.json"
    if not path.exists():
        values = {name: _sysctl_path(name).read_text(encoding="ascii").strip() for name in _SYSCTLS}
        path.write_text(json.dumps({"sysctls": values, "has_chains": _iptables("-S", "CNI-FORWARD") == 0}), encoding="utf-8")


def _allow_many(count):
    path = _sysctl_path("fs.inotify.max_user_instances")
    wanted = count * _INOTIFY_INSTANCES_PER_HOST
    if int(path.read_text(encoding="ascii")) < wanted:
        path.write_text(str(wanted), encoding="ascii")


def _put_machine_back():
    path = DIRECTORY / "machine.json"
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        for name, value in before["sysctls"].items():
            _sysctl_path(name).write_text(value, encoding="ascii")
        if not before["has_chains"]:  # podman leaves its empty chains
            _iptables("-D", "FORWARD", "-m", "comment", "--comment", "CNI firewall plugin rules", "-j", "CNI-FORWARD")
            for action in ("-F", "-X"):
                _iptables(action, "CNI-FORWARD")
            _iptables("-X", "CNI-ADMIN")
        path.unlink()


def _iptables(*arguments):
    """Returns iptables' exit code."""
    return subprocess.run(["iptables", "--wait", *arguments], capture_output=True, check=False).returncode


def _mtu():
    """Bytes that go out of this machine unfragmented."""
    routes = json.loads(subprocess.run(["ip", "-json", "route", "show", "default"], capture_output=True, text=True, check=True).stdout)
    if not routes:
        return 1500
    return pathlib.Path(f"/sys/class/net/{routes[0]['dev']}/mtu").read_text(encoding="ascii").strip()
