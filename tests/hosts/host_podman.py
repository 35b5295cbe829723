# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how podman is called: with a store, networks and settings of this checkout's own, so that a developer's stay untouched."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from host_images import DIRECTORY, locked

#: Sockets must have short paths, and what belongs to running hosts must not outlive a boot.
RUN = pathlib.Path("/run/eccops-rapid-hosts") / hashlib.sha256(str(DIRECTORY).encode()).hexdigest()[:8]
LABEL = "eccops.rapid.fleet"
NETWORKS = DIRECTORY / "networks"
TOOLS = {"podman": "podman", "runc": "runc", "mmdebstrap": "mmdebstrap", "iptables": "iptables", "ssh": "openssh-client", "nice": "coreutils"}

_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:16384", "nproc=4096:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{run}/libpod"
volume_path = "{directory}/storage/volumes"
[network]
network_config_dir = "{networks}"
"""
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{directory}/storage"
runroot = "{run}/storage"
"""


class PodmanError(Exception):
    """podman did not do it; the message is what it said."""


def podman(*arguments, check=True, timeout_seconds=120, stdin=None):
    """Returns the CompletedProcess, with text in stdout and stderr."""
    completed = subprocess.run(["podman", *map(str, arguments)], env=environment(), input=stdin or "", text=True,
                               capture_output=True, timeout=timeout_seconds, check=False)
    if check and completed.returncode != 0:
        raise PodmanError(f"podman {' '.join(map(str, arguments))}: {completed.stderr.strip() or completed.stdout.strip()}")
    return completed


def environment():
    """Returns the environment that podman is called with: its settings are this checkout's."""
    for path in (DIRECTORY, RUN, NETWORKS):
        path.mkdir(parents=True, exist_ok=True)
    places = {"directory": DIRECTORY, "run": RUN, "networks": NETWORKS}
    for name, text in (("containers.conf", _SETTINGS), ("storage.conf", _STORAGE)):
        wanted = text.format(**places)
        path = DIRECTORY / name
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            path.write_text(wanted, encoding="utf-8")
    return {**os.environ, "CONTAINERS_CONF": str(DIRECTORY / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(DIRECTORY / "storage.conf"),
            "LC_ALL": "C.UTF-8"}


def imported(tar):
    """Returns the name of the image that podman made of a tar; earlier ones of the same kind go."""
    kind, key = tar.stem.rsplit("-", 1)
    name = f"localhost/eccops-rapid-{kind}:{key}"
    with locked(DIRECTORY / ".import.lock"):
        if podman("image", "exists", name, check=False).returncode != 0:
            earlier = podman("images", "--quiet", f"localhost/eccops-rapid-{kind}").stdout.split()
            podman("import", "--quiet", "--change", 'CMD ["/sbin/init"]', tar, name, timeout_seconds=600)
            for image in earlier:
                podman("rmi", "--force", image, check=False)
    return name


def lacking():
    """Returns the Debian packages that are missing here, or raises RuntimeError with the reason why hosts cannot be made at all."""
    if os.geteuid() != 0:
        raise RuntimeError("real hosts need root (containers with systemd); run it as root")
    missing = sorted({package for tool, package in TOOLS.items() if not _which(tool)})
    if missing and not shutil.which("apt-get"):
        raise RuntimeError(f"real hosts need {', '.join(missing)}, and this machine has no apt-get to install them with")
    trial = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                           capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        raise RuntimeError(f"this machine does not let root make namespaces and mounts: {trial.stderr.strip()}")
    return missing


def _which(tool):
    return shutil.which(tool, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def install(packages):
    """Installs Debian packages; does nothing, and asks nobody, where there are none to install."""
    if not packages:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
        completed = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if completed.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {completed.stderr.strip()}")
