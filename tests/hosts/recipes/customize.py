# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Turns a fresh root file system (first argument) into a host to log in to: user ``deploy`` with sudo, keys given from outside.

Called by mmdebstrap. The second argument is this machine's bundle of authorities, so that pip and apt work inside as they do here.
"""

import pathlib
import re
import subprocess
import sys

USER = "deploy"
#: Units that a container has no use for, or that would wake up in the middle of a test.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service", "dpkg-db-backup.timer", "e2scrub_all.timer",
          "fstrim.timer", "getty@tty1.service", "getty.target", "systemd-udevd.service", "systemd-udev-trigger.service")
CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


def main(root, bundle):
    root = pathlib.Path(root)
    _trust(root, pathlib.Path(bundle))
    _chroot(root, "useradd", "--create-home", "--shell", "/bin/bash", USER)
    _write(root / "etc/sudoers.d" / USER, f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    _write(root / "etc/ssh/sshd_config.d/hosts.conf",
           "AuthorizedKeysFile /etc/ssh/authorized_keys/%u\nPasswordAuthentication no\nPermitRootLogin no\nMaxStartups 100\n")
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()  # each host is given one of its own
    for unit in MASKED:
        (root / "etc/systemd/system" / unit).unlink(missing_ok=True)
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    _write(root / "etc/machine-id", "")
    for name in ("etc/hostname", "var/lib/dbus/machine-id"):
        (root / name).unlink(missing_ok=True)


def _trust(root, bundle):
    """Adds the authorities that this machine trusts and Debian does not know."""
    known = set(CERTIFICATE.findall((root / "etc/ssl/certs/ca-certificates.crt").read_text(encoding="utf-8")))
    wanted = dict.fromkeys(CERTIFICATE.findall(bundle.read_text(encoding="utf-8"))) if bundle.exists() else {}
    for number, certificate in enumerate(each for each in wanted if each not in known):
        _write(root / f"usr/local/share/ca-certificates/machine-{number}.crt", certificate)
    _chroot(root, "update-ca-certificates")
    _write(root / "etc/pip.conf", "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ndisable-pip-version-check = true\n")


def _write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def _chroot(root, *command):
    subprocess.run(["chroot", str(root), *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
