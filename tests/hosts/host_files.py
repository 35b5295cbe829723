# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows what is on a host: every file with type, mode, owner and content, so that two states can be compared."""

import json

#: What a running Debian changes on its own, and what the package manager keeps of packages (they are compared by their names).
_VOLATILE = ("/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd", "/run/log", "/run/systemd", "/run/user", "/run/udev",
             "/run/sudo", "/run/dbus", "/run/lock", "/run/utmp", "/run/*.pid", "/var/tmp/systemd-private-*", "/tmp/systemd-private-*", "/etc/ld.so.cache",
             "/home/deploy/.ansible")
_LIST = r"""
import fnmatch, glob, grp, hashlib, json, os, pwd, stat, subprocess
volatile = %(volatile)r
def is_volatile(path):
    return any(fnmatch.fnmatch(path, pattern) for pattern in volatile)
def name(database, number):
    try:
        return database(number)[0]
    except KeyError:
        return str(number)
packages = subprocess.run(["dpkg-query", "--show", "--showformat=${Package}\n"], capture_output=True, text=True).stdout.split()
packaged = set()
for each in glob.glob("/var/lib/dpkg/info/*.list"):
    with open(each) as handle:
        packaged.update(handle.read().split("\n"))
files = {}
def look(path):
    try:
        status = os.lstat(path)
    except OSError:
        return
    kind = stat.S_IFMT(status.st_mode)
    detail = [oct(status.st_mode), name(pwd.getpwuid, status.st_uid), name(grp.getgrgid, status.st_gid)]
    if stat.S_ISLNK(status.st_mode):
        detail.append(os.readlink(path))
    elif stat.S_ISREG(status.st_mode) and path not in packaged:
        with open(path, "rb") as handle:
            detail.append(hashlib.sha256(handle.read()).hexdigest()[:16])
    if path not in packaged:
        files[path] = detail
def walk(top):
    device = os.lstat(top).st_dev
    for directory, names, others in os.walk(top):
        names[:] = [each for each in names if each != "__pycache__" and not is_volatile(os.path.join(directory, each))
                    and (os.path.islink(os.path.join(directory, each)) or os.lstat(os.path.join(directory, each)).st_dev == device)]
        for each in names + others:
            if not is_volatile(os.path.join(directory, each)):
                look(os.path.join(directory, each))
for top in ("/", "/run", "/tmp", "/dev/shm"):
    if os.path.isdir(top):
        walk(top)
users = open("/etc/passwd").read().split("\n") + open("/etc/group").read().split("\n")
print(json.dumps({"files": files, "packages": sorted(set(packages)), "users": users}))
"""


def listing(fleet, host):
    """Returns {"files": {path: [mode, owner, group, content]}, "packages": [...], "users": [...]}; packages' own files are left out."""
    return json.loads(fleet.root(host, "python3", "-I", "-c", _LIST % {"volatile": _VOLATILE}))


def changes(before, after):
    """Returns {path: (before, after)} of files that differ between two listings; None where there is none."""
    paths = {*before["files"], *after["files"]}
    pairs = {path: (before["files"].get(path), after["files"].get(path)) for path in paths}
    return {path: pair for path, pair in sorted(pairs.items()) if pair[0] != pair[1]}
