# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A network whose packets can be dropped: a namespace that one process of its own has, and that ends with it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import subprocess
import traceback

_CLONE_NEWNET = 0x40000000
_FORKS = multiprocessing.get_context("fork")
_TIMEOUT_SECONDS = 120


def find_reason():
    """Returns why the tests cannot have such a network, or an empty text."""
    if os.geteuid() != 0:
        return "only root can have a network namespace: no packet was dropped"
    missing = [name for name in ("ip", "iptables", "unshare") if not shutil.which(name)]
    if missing:
        return "%s not installed: no packet was dropped" % " and ".join(missing)
    tried = subprocess.run(["unshare", "--net", "iptables", "--append", "INPUT", "--jump", "DROP"], capture_output=True, text=True, check=False)
    return "no packet can be dropped here: %s" % tried.stderr.strip() if tried.returncode else ""


def run_in_network(function, *arguments):
    """Returns ``function(*arguments)`` of a process whose network is a loopback of its own; raises AssertionError with its traceback."""
    reader, writer = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_run, args=(writer, function, arguments))
    process.start()
    writer.close()
    try:
        assert reader.poll(_TIMEOUT_SECONDS), "it did not end within %d s" % _TIMEOUT_SECONDS
        result, failure = reader.recv()
    finally:
        process.kill()
        process.join()
    assert failure is None, failure
    return result


def _run(writer, function, arguments):
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        writer.send((function(*arguments), None))
    except BaseException:
        writer.send((None, traceback.format_exc()))


class Cut:
    """Drops, without a word, every packet to or from a port of the loopback; ``with`` ends it."""

    def __init__(self, port):
        self._rules = [["INPUT", "--protocol", "tcp", "--" + end, str(port), "--jump", "DROP"] for end in ("dport", "sport")]

    def __enter__(self):
        for rule in self._rules:
            subprocess.run(["iptables", "--wait", "--append", *rule], check=True)
        return self

    def __exit__(self, *unused):
        for rule in self._rules:
            subprocess.run(["iptables", "--wait", "--delete", *rule], check=True)


def has_unacknowledged(port):
    """Whether something that was sent to a port has not been acknowledged."""
    with open("/proc/self/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return any(int(row[2].split(":")[1], 16) == port and int(row[4].split(":")[0], 16) for row in rows)
