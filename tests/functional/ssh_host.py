# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A host to ship modules to over real ssh: this machine itself, by a throw-away sshd."""

import contextlib
import fcntl
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import pytest

#: Root's sshd insists on this directory, which its service would have made, with another mode than ours.
PRIVILEGE_SEPARATION, OUR_MODE = pathlib.Path("/run/sshd"), 0o711


def find(name):
    """The path of a program, also where only root looks for it; the test is skipped aloud without it."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]))
    if path is None:
        pytest.skip("%s is not installed: what goes over ssh is not proved here" % name)
    return path


def _hold_privilege_separation():
    """Returns a descriptor of the directory, made where it is missing; as long as it is locked so, no test takes it away."""
    while True:
        with contextlib.suppress(FileExistsError):
            PRIVILEGE_SEPARATION.mkdir()
            PRIVILEGE_SEPARATION.chmod(OUR_MODE)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(PRIVILEGE_SEPARATION, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if PRIVILEGE_SEPARATION.exists() and os.path.samestat(os.fstat(descriptor), PRIVILEGE_SEPARATION.stat()):
                return descriptor
            os.close(descriptor)


def _let_go(descriptor):
    """Removes the directory where a test made it and no other one's sshd needs it."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_mode & 0o777 == OUR_MODE:
            PRIVILEGE_SEPARATION.rmdir()
    os.close(descriptor)


class SshHost:
    """A throw-away sshd on a free port of this machine, with keys of its own, for the user that runs the test."""

    def __init__(self, directory):
        sshd, self._ssh, keygen = find("sshd"), find("ssh"), find("ssh-keygen")
        self.directory = directory
        directory.mkdir(mode=0o700)
        (directory / "tmp").mkdir(mode=0o700)
        for name in ("host_key", "user_key"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)], check=True, timeout=30)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        (directory / "sshd_config").write_text("\n".join([
            "Port %d" % self.port, "ListenAddress 127.0.0.1", "HostKey %s" % (directory / "host_key"), "PidFile none", "UsePAM no", "StrictModes no",
            "AuthorizedKeysFile %s" % (directory / "user_key.pub"), "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            # What a module that is killed cannot remove goes with the test, and not into the machine's temporary directory.
            "PermitRootLogin prohibit-password", "Subsystem sftp internal-sftp",
            "SetEnv TMPDIR=%s" % (directory / "tmp"), ""]), encoding="utf-8")
        host_key = (directory / "host_key.pub").read_text(encoding="utf-8")
        (directory / "known_hosts").write_text("[127.0.0.1]:%d %s" % (self.port, host_key), encoding="utf-8")
        self._held = _hold_privilege_separation() if os.geteuid() == 0 else None
        self.log = directory / "sshd.log"
        self._process = subprocess.Popen([sshd, "-D", "-e", "-f", str(directory / "sshd_config")], stdin=subprocess.DEVNULL, stderr=self.log.open("w"))

    def variables(self):
        return {
            "ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": self.port, "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.directory / "user_key"), "ansible_python_interpreter": sys.executable,
            "ansible_ssh_args": "-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=%s -o ControlMaster=no" % (self.directory / "known_hosts")}

    def ensure_usable(self):
        line = [self._ssh, "-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=%s" % (self.directory / "known_hosts"), "-i",
                str(self.directory / "user_key"), "-p", str(self.port), "%s@127.0.0.1" % getpass.getuser(), "true"]
        give_up_at = time.monotonic() + 10
        while True:
            done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                return
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                said = (self.log.read_text(encoding="utf-8") + done.stderr).strip().splitlines()
                pytest.skip("no login over ssh to this machine here (%s): what goes over ssh is not proved here" % said[-1])
            time.sleep(0.05)

    def __enter__(self):
        try:
            self.ensure_usable()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
        if self._held is not None:
            _let_go(self._held)
