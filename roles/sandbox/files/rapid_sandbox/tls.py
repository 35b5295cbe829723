# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows TLS: the listeners' contexts, and a server protocol that sends a refused client the reason.

Python's own protocol drops the connection on a failed handshake without sending OpenSSL's alert.
Real servers send it ("certificate expired", "unknown ca", "certificate required"), so this one does.
"""

import asyncio
import dataclasses
import ssl
from asyncio import sslproto

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME; Python has no name for it.
_TIMES_ARE_NOT_CHECKED = 0x200000
_LINGER_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class PeerCertificate:
    """What the server remembers of the SAC that a connection presented."""

    subject: str
    serial: str
    issuer: str
    not_before: float
    not_after: float

    @classmethod
    def of(cls, decoded):
        return cls(
            subject=_name(decoded["subject"]),
            serial=decoded["serialNumber"],
            issuer=_name(decoded["issuer"]),
            not_before=ssl.cert_time_to_seconds(decoded["notBefore"]),
            not_after=ssl.cert_time_to_seconds(decoded["notAfter"]),
        )

    @property
    def identity(self):
        return f"{self.subject} (serial {self.serial})"


def _name(decoded_name):
    parts = dict(pair for relative in decoded_name for pair in relative)
    return parts.get("commonName") or ", ".join(parts.values())


def server_context(certificate_path):
    """TLS 1.2 or newer; no client certificate is asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_path)
    context.set_alpn_protocols(["http/1.1"])
    return context


def mutual_context(certificate_path, trusted_path):
    """A valid SAC is required: OpenSSL refuses anything else during the handshake."""
    context = server_context(certificate_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trusted_path)
    return context


def lenient_context(certificate_path, trusted_paths):
    """The handshake passes without a SAC and with an outdated or foreign one; HTTP then says 403."""
    context = server_context(certificate_path)
    context.verify_mode = ssl.CERT_OPTIONAL
    for path in trusted_paths:
        context.load_verify_locations(path)
    context.verify_flags |= ssl.VerifyFlags(_TIMES_ARE_NOT_CHECKED)
    return context


class Drain(asyncio.Protocol):
    """Reads and forgets what a refused client still sends, so that it can read the alert."""

    def __init__(self, loop, transport):
        self._transport = transport
        self._deadline = loop.call_later(_LINGER_SECONDS, transport.abort)

    def eof_received(self):
        return False

    def connection_lost(self, exc):
        self._deadline.cancel()


class TlsProtocol(sslproto.SSLProtocol):
    """asyncio's TLS protocol that counts handshakes, keeps the SAC and sends alerts."""

    def __init__(self, loop, application, context, on_handshake):
        super().__init__(loop, application, context, None, server_side=True)
        self._on_handshake = on_handshake

    def _on_handshake_complete(self, handshake_exc):
        if handshake_exc is None:
            decoded = self._sslobj.getpeercert()
            self._extra["sac"] = PeerCertificate.of(decoded) if decoded else None
        self._on_handshake(handshake_exc, self._transport)
        if isinstance(handshake_exc, ssl.SSLError) and self._transport is not None:
            self._refuse(handshake_exc)
        else:
            super()._on_handshake_complete(handshake_exc)

    def _refuse(self, error):
        if self._handshake_timeout_handle is not None:
            self._handshake_timeout_handle.cancel()
            self._handshake_timeout_handle = None
        self._set_state(sslproto.SSLProtocolState.UNWRAPPED)
        transport = self._transport
        alert = self._outgoing.read()
        if alert:
            transport.write(alert)
        transport.set_protocol(Drain(self._loop, transport))
        if transport.can_write_eof():
            transport.write_eof()
