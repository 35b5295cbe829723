# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves an installed SAC from the position, as the account that will use it. Standard library of Python 3.8 only.

It happens in a fork, since a process that gave up being root cannot take it back.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request

from ansible_collections.eccops.rapid.plugins.module_utils import connection_failures
from ansible_collections.eccops.rapid.plugins.module_utils.answers import REQUEST_HEADERS, TEMPORARY_STATUSES, Answer, retry_after_seconds
from ansible_collections.eccops.rapid.plugins.module_utils.errors import RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils.rapidauth import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils.sac_proof import ensure_accepted
from ansible_collections.eccops.rapid.plugins.module_utils.sac_version import COMBINED, PASSPHRASE
from ansible_collections.eccops.rapid.plugins.module_utils.tls import client_context, deadline

_LONGEST_ANSWER_BYTES = 65536
_MOST_ATTEMPTS = 3
_GRACE_SECONDS = 5


class ProofFailed(RapidError):
    """The position could not prove the SAC; ``kind`` is that of the cause."""

    kind = "not_proven"


def installed_files(path):
    """Returns the C(open_files) of the version in the directory C(path): whoever calls it must be able to read it."""

    def open_files():
        with open(os.path.join(path, PASSPHRASE), "rb") as file:
            passphrase = file.read()[:-1]
        with open(os.path.join(path, COMBINED), "rb"):  # OpenSSL's words for a file that it cannot read are worse
            return os.path.join(path, COMBINED), passphrase

    return open_files


def memory_files(wanted):
    """Returns the C(open_files) of a WantedSac that is not installed; its key stays in memory, and encrypted."""

    def open_files():
        descriptor = os.memfd_create("sac")
        os.write(descriptor, wanted.contents[COMBINED])
        return "/proc/self/fd/%d" % descriptor, wanted.passphrase

    return open_files


def prove_as(access, service, wanted, open_files):
    """Returns once the service took the SAC from a process of the Access' account (None: this one's); raises ProofFailed.

    C(service) is {api_url, ca_path, timeout_seconds}; C(open_files()) is called in that process and returns (path of
    certificate and key, passphrase).
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


def _read_report(reader, give_up_at):
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


def _report(access, service, wanted, open_files):
    try:
        for encoding in ("idna", "iso-8859-1", "ascii", "utf-8-sig"):  # loaded at first use, from where only root may read
            "localhost".encode(encoding)
        if access:
            access.become_account()
        ensure_accepted(RapidAuthClient(_OneServiceTransport(service, wanted, open_files), wanted))
    except RapidError as error:
        return {"kind": error.kind, "msg": error.message}
    except OSError as error:
        return {"kind": "not_readable", "msg": "the account '%s' cannot use it: %s: %s" % (
            access.account.pw_name if access else "of this task", error.filename, error.strerror)}
    except Exception as error:  # whatever it is, the module must hear of it
        return {"kind": "not_proven", "msg": "the process that tried it ended with %s; report it" % type(error).__name__}
    return {}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *unused):
        return None


class _OneServiceTransport:
    """What RapidAuthClient needs to GET, without a library: proxies of the environment, three attempts, one deadline."""

    def __init__(self, service, wanted, open_files):
        self.base_url = service["api_url"]
        self._wanted, self._timeout_seconds = wanted, service["timeout_seconds"]
        context = client_context(service["ca_path"])
        path, passphrase = open_files()
        try:
            context.load_cert_chain(path, password=passphrase)
        except ssl.SSLError as error:
            raise SacUnusable("OpenSSL of this position does not take %s: %s" % (wanted.describe(), error.reason), kind="sac_malformed") from None
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)

    def get(self, path):
        """Returns the Answer, whatever its status."""
        give_up_at = time.monotonic() + self._timeout_seconds
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            try:
                answer, failure = self._get_once(path, give_up_at), None
            except RapidError as error:
                if not error.is_temporary:
                    raise
                answer, failure = None, error
            if failure is None and answer.status not in TEMPORARY_STATUSES:
                return answer
            pause_seconds = _pause_seconds(answer, attempt)
            if attempt == _MOST_ATTEMPTS or time.monotonic() + pause_seconds >= give_up_at:
                break
            time.sleep(pause_seconds)
        if failure:
            raise failure
        return answer

    def _get_once(self, path, give_up_at):
        request = urllib.request.Request(self.base_url + path, headers=REQUEST_HEADERS)
        deadline.at, deadline.is_sent = give_up_at, False
        try:
            with self._opener.open(request, timeout=max(0.1, give_up_at - time.monotonic())) as response:
                return Answer(response.status, response.headers, response.read(_LONGEST_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, _body_of(error))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._explained(error) from None
        finally:
            deadline.at = None

    def _explained(self, error):
        causes = list(connection_failures.causes_of(error))
        about_tls = connection_failures.explain_tls(causes, self.base_url, self._wanted, deadline.is_sent)
        if about_tls is not None:
            return about_tls
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return connection_failures.not_resolved(self.base_url)
        if any(isinstance(cause, socket.timeout) for cause in causes):
            return connection_failures.timed_out(self.base_url, self._timeout_seconds)
        if not deadline.is_sent and not any(isinstance(cause, ssl.SSLError) for cause in causes):
            return connection_failures.not_reached(self.base_url)
        return connection_failures.cut_off(self.base_url)


def _body_of(error):
    try:
        return error.read(_LONGEST_ANSWER_BYTES)
    except (OSError, http.client.HTTPException):  # the status has come, and is worth more than its page
        return b""


def _pause_seconds(answer, attempt):
    asked_for_seconds = retry_after_seconds(answer)
    return attempt if asked_for_seconds is None else asked_for_seconds
