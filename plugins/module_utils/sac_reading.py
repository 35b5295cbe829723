# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads a SAC from PEM or PKCS#12, from a file or from content; every way it can be spoiled has a sentence of its own."""

from __future__ import annotations

import base64
import binascii
import collections
import re

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, MissingLibrary, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils.sac import CRYPTOGRAPHY_ERROR, Sac, ensure_usable, is_key_of, reasons_against

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError:
    pass  # load_sac says so

#: ``certificate`` and ``key`` are bytes as read (key None when it is in ``certificate``), ``name`` says where from.
SacSource = collections.namedtuple("SacSource", "certificate key passphrase name")

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PEM_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


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
            content = file.read(1024 * 1024)
    except OSError as error:
        raise SacUnusable(
            "%s '%s' cannot be read: %s; check the path and its permissions" % (path_option, path, error.strerror),
            kind="sac_unreadable",
        ) from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # saved as "Unicode" by a Windows editor
        content = content.decode("utf-16", "replace").encode("utf-8")
    return content


def load_sac(source):
    """Returns the Sac of a SacSource, its key proved to belong to it; raises SacUnusable."""
    sac = read_sac(source)
    ensure_usable(sac, sac.not_before)
    return sac


def read_sac(source):
    """Returns the Sac of a SacSource, whatever its key and dates; raises SacUnusable, saying what is wrong with which input."""
    if CRYPTOGRAPHY_ERROR:
        raise MissingLibrary("the Python library 'cryptography' is needed to read a SAC: %s" % CRYPTOGRAPHY_ERROR)
    if not source.certificate:
        raise SacUnusable("%s is empty" % source.name, kind="sac_malformed")
    try:
        sac = _load_pem(source) if _PEM_BEGIN.search(source.certificate) else _load_pkcs12(source)
        # cryptography parses names, dates and public keys only when they are used
        sac.describe()
        list(reasons_against(sac, sac.not_before))
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
        raise SacUnusable(_what_it_is_instead(source), kind="sac_malformed") from None
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
    index = next((index for index, certificate in enumerate(certificates) if is_key_of(key, certificate)), 0)
    return Sac(certificates[index], key, certificates[:index] + certificates[index + 1:], source.name)


def _what_it_is_instead(source):
    """Returns the sentence about a file that is no PEM and that PKCS#12 cannot be read from."""
    content = source.certificate
    missing_bytes = _missing_bytes(content)
    if missing_bytes:
        return "%s is cut off: %d bytes are missing at its end; download the SAC again" % (source.name, missing_bytes)
    for what, read in (
        ("a certificate in DER without its private key", x509.load_der_x509_certificate),
        ("a private key in DER without its certificate", lambda der: serialization.load_der_private_key(der, None)),
    ):
        try:
            read(content)
        except TypeError:  # a key that is encrypted
            pass
        except Exception:  # any of cryptography's: it is something else
            continue
        return "%s is %s; give the PKCS#12 file (.p12, .pfx) that the SAC came in, or PEM" % (source.name, what)
    return "%s is neither PEM nor a whole PKCS#12 file; download the SAC again" % source.name


def _missing_bytes(der):
    """Returns how many bytes the outer SEQUENCE of C(der) announces beyond its end; 0 where it is none or whole."""
    if len(der) < 2 or der[0] != 0x30 or der[1] == 0x80:
        return 0
    length_bytes = der[1] & 0x7F if der[1] & 0x80 else 0
    length = int.from_bytes(der[2 : 2 + length_bytes], "big") if length_bytes else der[1]
    return max(0, 2 + length_bytes + length - len(der)) if length_bytes <= 4 else 0


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
