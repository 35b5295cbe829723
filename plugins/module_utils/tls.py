# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The TLS side of a client: TLS 1.2 or newer, verification always on, the SAC loaded without its key touching a disk."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import ssl
import tempfile
import threading
import time

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, SacUnusable

#: Seconds a whole answer may take, per thread: ``deadline.at`` is a C(time.monotonic) value. ``deadline.is_sent`` says
#: whether anything of the request left this machine since it was set to False.
deadline = threading.local()


class DeadlineSocket(ssl.SSLSocket):
    """An SSL socket whose reads end at the thread's deadline.

    A plain socket timeout starts again with every byte, so a server that drips bytes could hold a task for ever.
    """

    def send(self, *args, **kwargs):
        try:
            count = super().send(*args, **kwargs)
        except (ssl.SSLEOFError, ConnectionError):
            # A TLS 1.3 server refuses a client certificate after the handshake: its alert may wait unread, and says why.
            self.read(1)
            raise
        deadline.is_sent = True
        return count

    def recv_into(self, *args, **kwargs):
        at = getattr(deadline, "at", None)
        if at is not None:
            remaining = at - time.monotonic()
            if remaining <= 0:
                raise socket.timeout("the answer took longer than the time allowed")
            self.settimeout(remaining)
        return super().recv_into(*args, **kwargs)


def client_context(ca_path=None, sac=None):
    """Returns an SSLContext that trusts C(ca_path) (file or directory; default: the system's CAs) and presents C(sac)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSocket
    _trust(context, *(("ca_path", ca_path) if ca_path else ("REQUESTS_CA_BUNDLE", os.environ.get("REQUESTS_CA_BUNDLE"))))
    if sac is not None:
        _present(context, sac)
    return context


def _trust(context, option, ca_path):
    if not ca_path:
        context.load_default_certs()
        return
    is_directory = os.path.isdir(ca_path)
    try:
        context.load_verify_locations(**{"capath" if is_directory else "cafile": ca_path})
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = "it holds no PEM certificate" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", error)
        raise InvalidInput(
            "%s '%s' cannot be used: %s; give a PEM file of the CAs to trust" % (option, ca_path, reason)
        ) from None


def _present(context, sac):
    passphrase = secrets.token_hex(32).encode()
    pem = sac.encrypted_pem(passphrase)
    try:
        with _memory_file(pem) as path:
            context.load_cert_chain(path, password=passphrase)
    except ssl.SSLError as error:
        raise SacUnusable(
            "OpenSSL does not accept %s from %s: %s; the service's operator must issue a SAC with a stronger key"
            % (sac.describe(), sac.name, error.reason),
            kind="sac_malformed",
        ) from None


@contextlib.contextmanager
def _memory_file(content):
    """Gives the path of a file that exists in memory only, for the one ssl call that accepts nothing but paths.

    Where the system has no memfd it is a 0600 file, deleted at once. What it holds is encrypted either way.
    """
    has_memfd = hasattr(os, "memfd_create")
    with os.fdopen(os.memfd_create("sac"), "wb") if has_memfd else tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield "/proc/self/fd/%d" % file.fileno() if has_memfd else file.name
