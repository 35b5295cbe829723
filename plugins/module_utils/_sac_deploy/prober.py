# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves an installed SAC from the position, as the account that will use it. Standard library of Python 3.8 only.

It happens in a fork, since a process that gave up being root cannot take it back.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import sys
import time
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.connection import Connection
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient, ensure_accepted
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.access import Access
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.version import COMBINED, PASSPHRASE, WantedSac

_GRACE_SECONDS = 5
#: Called in the process that proves: returns the path of certificate and key, and the passphrase.
OpenFiles = typing.Callable[[], typing.Tuple[str, bytes]]


class ProofFailed(RapidError):
    """The position could not prove the SAC; ``kind`` is that of the cause."""

    kind = "not_proven"


def installed_files(path: str) -> OpenFiles:
    """Returns the ``open_files`` of the version in the directory ``path``: whoever calls it must be able to read it."""

    def open_files() -> tuple[str, bytes]:
        with open(os.path.join(path, PASSPHRASE), "rb") as file:
            passphrase = file.read()[:-1]
        with open(os.path.join(path, COMBINED), "rb"):  # OpenSSL's words for a file that it cannot read are worse
            return os.path.join(path, COMBINED), passphrase

    return open_files


def memory_files(wanted: WantedSac) -> OpenFiles:
    """Returns the ``open_files`` of a WantedSac that is not installed; its key stays in memory, and encrypted."""

    def open_files() -> tuple[str, bytes]:
        descriptor = os.memfd_create("sac")
        os.write(descriptor, wanted.contents[COMBINED])
        return "/proc/self/fd/%d" % descriptor, wanted.passphrase

    return open_files


def prove_as(access: Access | None, service: dict, wanted: WantedSac, open_files: OpenFiles) -> None:
    """Returns once the service took the SAC from a process of the Access' account (None: this one's); raises ProofFailed.

    ``service`` is {api_url, ca_path, timeout_seconds}.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        # Nothing of ours may run twice: no clean-up, no handler, no output of the module.
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.write(writer, json.dumps(_report(access, service, wanted, open_files)).encode("utf-8"))
        finally:
            os._exit(0)
    os.close(writer)
    try:
        report = _read_report(reader, time.monotonic() + service["timeout_seconds"] + _GRACE_SECONDS)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if report.get("kind"):
        raise ProofFailed(report["msg"], kind=report["kind"])


def _read_report(reader: int, give_up_at: float) -> dict:
    chunks = []
    os.set_blocking(reader, False)
    while time.monotonic() < give_up_at:
        try:
            chunk = os.read(reader, 65536)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        if not chunk:
            break
        chunks.append(chunk)
    try:
        return json.loads(b"".join(chunks).decode("utf-8"))
    except ValueError:
        return {"kind": "not_proven", "msg": "no answer came in time; run again, or raise timeout_seconds"}


def _report(access: Access | None, service: dict, wanted: WantedSac, open_files: OpenFiles) -> dict[str, str]:
    try:
        for encoding in ("idna", "iso-8859-1", "ascii", "utf-8-sig"):  # loaded at first use, from where only root may read
            "localhost".encode(encoding)
        if access:
            access.become_account()
        ensure_accepted(RapidAuthClient(_transport(service, wanted, open_files), wanted))
    except RapidError as error:
        return {"kind": error.kind, "msg": error.message}
    except OSError as error:
        return {"kind": "not_readable", "msg": "%s cannot use it: %s: %s" % (
            "the account '%s'" % access.account.pw_name if access else "this task", error.filename, error.strerror)}
    except Exception as error:  # whatever it is, the module must hear of it
        return {"kind": "not_proven", "msg": "the process that tried it ended with %s; report it" % type(error).__name__}
    return {}


def _transport(service: dict, wanted: WantedSac, open_files: OpenFiles) -> Transport:
    """Returns the Transport that presents the files; all its attempts together keep the time limit."""
    context = client_context(service["ca_path"])
    path, passphrase = open_files()
    try:
        context.load_cert_chain(path, password=passphrase)
    except ssl.SSLError as error:
        raise SacUnusable("OpenSSL on this position does not accept %s: %s" % (wanted.describe(), error.reason), kind="sac_malformed") from None
    seconds = service["timeout_seconds"]
    return Transport(Connection, service["api_url"], context, seconds, seconds, wanted, total_seconds=seconds)
