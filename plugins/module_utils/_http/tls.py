# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The TLS side of a client: TLS 1.2 or newer, verification always on, the SAC loaded without its key touching a disk."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import ssl
import tempfile
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.deadline import deadline

#: How OpenSSL looks a CA up in a directory: by the hash of its name, such as 5ed36f99.0.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")


class ClientCertificate(typing.Protocol):
    """What a client presents, such as a Sac."""

    def describe(self) -> str:
        """Returns what error messages call it."""


class LoadableCertificate(ClientCertificate, typing.Protocol):
    """One in memory; ``name`` says where it came from."""

    name: str

    def encrypted_pem(self, passphrase: bytes) -> bytes:
        """Returns certificate, chain and key as PEM, the key encrypted."""


class DeadlineSocket(ssl.SSLSocket):
    """An SSL socket that keeps the thread's deadline."""

    def do_handshake(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        try:
            super().do_handshake(*args, **kwargs)
        except ssl.SSLError as error:
            # Until the server has chosen a cipher, it has not even asked for a client certificate.
            error.is_hello_answered = self.cipher() is not None  # type: ignore[attr-defined]
            raise

    def send(self, *args: typing.Any, **kwargs: typing.Any) -> int:
        self.settimeout(deadline.remaining_seconds())
        deadline.limit_delivery(self)
        deadline.note_sending()
        try:
            return super().send(*args, **kwargs)
        except (ssl.SSLEOFError, ConnectionError):
            # A TLS 1.3 server refuses a client certificate after the handshake: its alert may wait unread, and says why.
            self.read(1)
            raise

    def recv_into(self, *args: typing.Any, **kwargs: typing.Any) -> int:
        self.settimeout(deadline.remaining_seconds())
        count = super().recv_into(*args, **kwargs)
        deadline.note_received(count)
        return count


def client_context(ca_path: str | None = None, sac: LoadableCertificate | None = None) -> ssl.SSLContext:
    """Returns an SSLContext that trusts ``ca_path`` (file or directory; default: the system's CAs) and presents ``sac``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSocket
    if ssl.HAS_TLSv1_3:
        # Apache asks for a client certificate after the request where only a part of it demands one.
        context.post_handshake_auth = True
    _trust(context, *(("ca_path", ca_path) if ca_path else ("REQUESTS_CA_BUNDLE", os.environ.get("REQUESTS_CA_BUNDLE"))))
    if sac is not None:
        _present(context, sac)
    return context


def _trust(context: ssl.SSLContext, option: str, ca_path: str | None) -> None:
    if not ca_path:
        context.load_default_certs()
        return
    is_directory = os.path.isdir(ca_path)
    try:
        if is_directory and not any(_HASHED_NAME.match(name) for name in os.listdir(ca_path)):
            raise InvalidInput(
                "%s '%s' is a directory without hashed certificates, where OpenSSL finds nothing; run 'openssl rehash' on it, "
                "or give a PEM file of the CAs to trust" % (option, ca_path)
            )
        context.load_verify_locations(**{"capath" if is_directory else "cafile": ca_path})
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = "it holds no PEM certificate" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", error)
        raise InvalidInput(
            "%s '%s' cannot be used: %s; give a PEM file of the CAs to trust" % (option, ca_path, reason)
        ) from None


def _present(context: ssl.SSLContext, sac: LoadableCertificate) -> None:
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
def _memory_file(content: bytes) -> typing.Iterator[str]:
    """Gives the path of a file that exists in memory only, for the one ssl call that accepts nothing but paths.

    Where the system has no memfd it is a 0600 file, deleted at once. What it holds is encrypted either way.
    """
    has_memfd = hasattr(os, "memfd_create")
    with os.fdopen(os.memfd_create("sac"), "wb") if has_memfd else tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield "/proc/self/fd/%d" % file.fileno() if has_memfd else file.name
