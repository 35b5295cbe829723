# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A Service Authentication Certificate (SAC) in memory: what it says of itself, its chain, and whether it can be used now."""

from __future__ import annotations

import datetime
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.key_encoding import encrypt_key
from ansible_collections.eccops.rapid.plugins.module_utils._time import UTC, format_instant

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

    CRYPTOGRAPHY_ERROR = None
except ImportError as error:
    CRYPTOGRAPHY_ERROR = str(error)


class Sac:
    """A certificate, its private key and the rest of the chain, all in memory."""

    def __init__(self, certificate: x509.Certificate, key: PrivateKeyTypes, chain: list[x509.Certificate], name: str) -> None:
        self.certificate, self.key, self.chain, self.name = certificate, key, chain, name

    @property
    def subject(self) -> str:
        return self.certificate.subject.rfc4514_string()

    @property
    def serial(self) -> str:
        return "%x" % self.certificate.serial_number

    @property
    def sha256_fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def not_before(self) -> datetime.datetime:
        return valid_from(self.certificate)

    @property
    def not_after(self) -> datetime.datetime:
        return valid_until(self.certificate)

    def describe(self) -> str:
        """Returns subject, serial and expiry in words, for error messages; never the key."""
        return "SAC '%s' (serial %s, valid until %s)" % (self.subject, self.serial, format_instant(self.not_after))

    def summary(self, now: datetime.datetime) -> dict:
        """Returns {subject, serial, sha256_fingerprint, not_after, days_left}; days are whole ones."""
        return {
            "subject": self.subject,
            "serial": self.serial,
            "sha256_fingerprint": self.sha256_fingerprint,
            "not_after": format_instant(self.not_after),
            "days_left": (self.not_after - now).days,
        }

    def encrypted_pem(self, passphrase: bytes) -> bytes:
        """Returns certificate, chain and key as PEM bytes, the key in PKCS#8 encrypted with ``passphrase`` (bytes)."""
        key = encrypt_key(self.key, self.certificate, passphrase)
        certificates = [self.certificate] + self.chain
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates) + key


def reasons_against(sac: Sac, now: datetime.datetime) -> typing.Iterator[tuple[str, str, str]]:
    """Yields (kind, reason, what_to_do) of everything that keeps ``sac`` from being used at ``now``, the worst first."""
    if not is_key_of(sac.key, sac.certificate):
        yield (
            "sac_key_mismatch",
            "the private key does not belong to the certificate '%s' of %s" % (sac.subject, sac.name),
            "give the key it was issued for",
        )
    if now >= sac.not_after:
        days = (now - sac.not_after) // datetime.timedelta(days=1)
        yield (
            "sac_expired",
            "%s from %s expired on %s (%d days ago)" % (sac.describe(), sac.name, format_instant(sac.not_after), days),
            "download a new SAC from the RapidAuth dashboard",
        )
    if now < sac.not_before:
        yield (
            "sac_not_yet_valid",
            "%s from %s is not valid before %s" % (sac.describe(), sac.name, format_instant(sac.not_before)),
            "check this machine's clock (it says %s) or wait" % format_instant(now),
        )


def ensure_usable(sac: Sac, now: datetime.datetime) -> None:
    """Raises SacUnusable unless ``now`` lies within the SAC's validity and its key belongs to it."""
    for kind, reason, what_to_do in reasons_against(sac, now):
        raise SacUnusable("%s; %s" % (reason, what_to_do), kind=kind)


def is_key_of(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    """Says whether the certificate is of the public part of the private ``key``."""
    return _spki(key.public_key()) == _spki(certificate.public_key())


def _spki(public_key: PublicKeyTypes) -> bytes:
    return public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def valid_until(certificate: x509.Certificate) -> datetime.datetime:
    """Returns the end of a certificate's validity as an aware UTC datetime."""
    return _utc(certificate, "not_valid_after")


def valid_from(certificate: x509.Certificate) -> datetime.datetime:
    """Returns the beginning of a certificate's validity as an aware UTC datetime."""
    return _utc(certificate, "not_valid_before")


def _utc(certificate: x509.Certificate, attribute: str) -> datetime.datetime:
    aware = getattr(certificate, attribute + "_utc", None)  # since cryptography 42
    return aware if aware is not None else getattr(certificate, attribute).replace(tzinfo=UTC)


def build_path(sac: Sac) -> list[x509.Certificate]:
    """Returns the SAC's issuers, each before its own issuer, as far as they came with it."""
    path, remaining, current = [], list(sac.chain), sac.certificate
    while not _is_self_issued(current):
        issuer = next((each for each in remaining if _did_issue(each, current)), None)
        if issuer is None:
            break
        remaining.remove(issuer)
        path.append(issuer)
        current = issuer
    return path


def describe_chain(sac: Sac) -> dict:
    """Returns {subjects, is_in_order, is_complete, missing_issuer} of what came beside the certificate.

    ``is_complete`` is true where the path ends in a root, false where certificates came that do not lead there, and None
    where the path just ends: what is missing may be the root alone, which TLS does not send.
    """
    path = build_path(sac)
    last = path[-1] if path else sac.certificate
    is_rooted = _is_self_issued(last)
    has_strangers = len(path) < len(sac.chain)
    return {
        "subjects": [each.subject.rfc4514_string() for each in sac.chain],
        "is_in_order": path == sac.chain,
        "is_complete": True if is_rooted else False if has_strangers else None,
        "missing_issuer": None if is_rooted else last.issuer.rfc4514_string(),
    }


def _is_self_issued(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _did_issue(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # a wrong signature, or an algorithm that cryptography does not verify
        return False
    return True
