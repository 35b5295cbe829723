# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a Service Authentication Certificate (SAC) is: read from PEM or PKCS#12, checked before anything is contacted."""

from __future__ import annotations

import base64
import binascii
import collections
import datetime
import re

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, MissingLibrary, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils.instants import UTC, format_instant

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.serialization import pkcs12

    CRYPTOGRAPHY_ERROR = None
except ImportError as error:
    CRYPTOGRAPHY_ERROR = str(error)

#: ``certificate`` and ``key`` are bytes as read (key None when it is in ``certificate``), ``name`` says where from.
SacSource = collections.namedtuple("SacSource", "certificate key passphrase name")

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PEM_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


class Sac:
    """A certificate, its private key and the rest of the chain, all in memory."""

    def __init__(self, certificate, key, chain, name):
        self.certificate, self.key, self.chain, self.name = certificate, key, chain, name

    @property
    def subject(self):
        return self.certificate.subject.rfc4514_string()

    @property
    def serial(self):
        return "%x" % self.certificate.serial_number

    @property
    def sha256_fingerprint(self):
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def not_before(self):
        return _utc(self.certificate, "not_valid_before")

    @property
    def not_after(self):
        return _utc(self.certificate, "not_valid_after")

    def describe(self):
        """Returns subject, serial and expiry in words, for error messages; never the key."""
        return "SAC '%s' (serial %s, valid until %s)" % (self.subject, self.serial, format_instant(self.not_after))

    def summary(self, now):
        """Returns {subject, serial, sha256_fingerprint, not_after, days_left}; days are whole ones."""
        return {
            "subject": self.subject,
            "serial": self.serial,
            "sha256_fingerprint": self.sha256_fingerprint,
            "not_after": format_instant(self.not_after),
            "days_left": (self.not_after - now).days,
        }

    def encrypted_pem(self, passphrase):
        """Returns key, certificate and chain as PEM bytes, the key encrypted with C(passphrase) (bytes)."""
        encryption = serialization.BestAvailableEncryption(passphrase)
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        certificates = [self.certificate] + self.chain
        return key + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def sac_source(params):
    """Returns the SacSource the module options name; raises InvalidInput when they contradict each other."""
    if not params.get("sac_path") and not params.get("sac_content"):
        raise InvalidInput("no SAC was given; set sac_path or sac_content (and sac_passphrase)")
    passphrase = params.get("sac_passphrase") or None
    if passphrase and "\0" in passphrase:  # cryptography would end the process over it
        raise InvalidInput("sac_passphrase holds a NUL character; check how it is passed on")
    name = params.get("sac_path") or "sac_content"
    certificate = _given(params, "sac_path", "sac_content")
    key = _given(params, "sac_key_path", "sac_key_content")
    return SacSource(certificate, key, passphrase, name)


def _given(params, path_option, content_option):
    if params.get(content_option):
        text = params[content_option]
        if "-----BEGIN " in text:
            return text.encode("utf-8")
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(
                "%s is neither PEM nor base64; give PEM text, or a PKCS#12 file in base64" % content_option
            ) from None
    path = params.get(path_option)
    if not path:
        return None
    try:
        with open(path, "rb") as file:
            return file.read(1024 * 1024)
    except OSError as error:
        raise SacUnusable(
            "%s '%s' cannot be read: %s; check the path and its permissions" % (path_option, path, error.strerror),
            kind="sac_unreadable",
        ) from None


def load_sac(source):
    """Returns the Sac of a SacSource; raises SacUnusable, saying what is wrong with which input."""
    if CRYPTOGRAPHY_ERROR:
        raise MissingLibrary("the Python library 'cryptography' is needed to read a SAC: %s" % CRYPTOGRAPHY_ERROR)
    if not source.certificate:
        raise SacUnusable("%s is empty" % source.name, kind="sac_malformed")
    try:
        sac = _load_pem(source) if _PEM_BEGIN.search(source.certificate) else _load_pkcs12(source)
        ensure_usable(sac, sac.not_before)  # cryptography parses names, dates and public keys only when they are used
        sac.describe()
    except RapidError:
        raise
    except Exception as error:  # mostly ValueError and cryptography's UnsupportedAlgorithm
        raise SacUnusable(
            "%s is damaged or not supported (%s); download the SAC again" % (source.name, type(error).__name__), kind="sac_malformed"
        ) from None
    return sac


def _load_pkcs12(source):
    passphrase = _passphrase_bytes(source)
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(source.certificate, passphrase)
    except ValueError as error:
        # cryptography says "Invalid password" when the file was read and its seal did not fit the passphrase.
        if "password" in str(error).lower():
            raise (_wrong_passphrase if source.passphrase else _missing_passphrase)(source) from None
        raise SacUnusable(
            "%s is neither PEM nor a whole PKCS#12 file; download the SAC again" % source.name, kind="sac_malformed"
        ) from None
    if certificate is None or key is None:
        missing = "private key" if key is None else "certificate"  # without a key the certificate is in the chain
        raise SacUnusable(
            "%s holds no %s; export the SAC again with certificate and key" % (source.name, missing),
            kind="sac_malformed",
        )
    return Sac(certificate, key, list(chain), source.name)


def _load_pem(source):
    text = source.certificate + b"\n" + (source.key or b"")
    blocks = [(match.group(1), match.group(0)) for match in _PEM_BLOCK.finditer(text)]
    if len(blocks) != len(_PEM_BEGIN.findall(text)):
        raise SacUnusable("%s is cut off inside a PEM block; download the SAC again" % source.name, kind="sac_malformed")
    certificates = [_load_certificate(source, pem) for label, pem in blocks if label == b"CERTIFICATE"]
    keys = [pem for label, pem in blocks if label.endswith(b"PRIVATE KEY")]
    if not certificates:
        raise SacUnusable("%s holds no certificate" % source.name, kind="sac_malformed")
    if len(keys) != 1:
        raise SacUnusable(
            "%s comes with %s private keys, and needs one; give it in the same file or by sac_key_path or sac_key_content"
            % (source.name, len(keys) or "no"),
            kind="sac_malformed",
        )
    key = _load_key(source, keys[0])
    for index, certificate in enumerate(certificates):
        if _spki(certificate.public_key()) == _spki(key.public_key()):
            return Sac(certificate, key, certificates[:index] + certificates[index + 1:], source.name)
    raise SacUnusable(
        "the private key does not belong to the certificate '%s' of %s; give the key it was issued for"
        % (certificates[0].subject.rfc4514_string(), source.name),
        kind="sac_key_mismatch",
    )


def _load_certificate(source, pem):
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise SacUnusable(
            "a certificate in %s cannot be parsed; download the SAC again" % source.name, kind="sac_malformed"
        ) from None


def _load_key(source, pem):
    is_encrypted = b"ENCRYPTED" in pem
    if is_encrypted and not source.passphrase:
        raise _missing_passphrase(source)
    try:
        return serialization.load_pem_private_key(pem, _passphrase_bytes(source) if is_encrypted else None)
    except (ValueError, TypeError):
        # About one wrong passphrase in 200 leaves valid padding, and cryptography then says that it read garbage.
        if is_encrypted:
            raise _wrong_passphrase(source) from None
        raise SacUnusable(
            "the private key of %s cannot be parsed; download the SAC again" % source.name, kind="sac_malformed"
        ) from None
    except Exception as error:  # cryptography raises its own UnsupportedAlgorithm for ciphers it no longer knows
        raise SacUnusable(
            "the private key of %s uses an algorithm that is not supported (%s); export it again with AES"
            % (source.name, type(error).__name__),
            kind="sac_malformed",
        ) from None


def ensure_usable(sac, now):
    """Raises SacUnusable unless C(now) lies within the SAC's validity and its key belongs to it."""
    if _spki(sac.certificate.public_key()) != _spki(sac.key.public_key()):
        raise SacUnusable(
            "the private key in %s does not belong to its certificate '%s'; export the SAC again"
            % (sac.name, sac.subject),
            kind="sac_key_mismatch",
        )
    if now >= sac.not_after:
        days = (now - sac.not_after) // datetime.timedelta(days=1)
        raise SacUnusable(
            "%s from %s expired on %s (%d days ago); download a new SAC from the RapidAuth dashboard"
            % (sac.describe(), sac.name, format_instant(sac.not_after), days),
            kind="sac_expired",
        )
    if now < sac.not_before:
        raise SacUnusable(
            "%s from %s is not valid before %s; check this machine's clock (it says %s) or wait"
            % (sac.describe(), sac.name, format_instant(sac.not_before), format_instant(now)),
            kind="sac_not_yet_valid",
        )


def _missing_passphrase(source):
    return SacUnusable(
        "the private key of %s is encrypted; set sac_passphrase" % source.name, kind="sac_passphrase_missing"
    )


def _wrong_passphrase(source):
    return SacUnusable(
        "the passphrase does not open the private key of %s; check sac_passphrase, and whether the file is whole" % source.name,
        kind="sac_wrong_passphrase",
    )


def _passphrase_bytes(source):
    return source.passphrase.encode("utf-8") if source.passphrase else None


def _spki(public_key):
    return public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _utc(certificate, attribute):
    aware = getattr(certificate, attribute + "_utc", None)  # since cryptography 42
    return aware if aware is not None else getattr(certificate, attribute).replace(tzinfo=UTC)
