# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Writes a private key in encrypted PKCS#8, as the kind of key that its certificate names.

cryptography reads an RSA key that may sign with PSS only (RSASSA-PSS) and writes a plain RSA key, which OpenSSL then does not
accept beside the certificate. For such a certificate its own algorithm is written in front of the key.
"""

from __future__ import annotations

import os

from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import INTEGER, OCTET_STRING, SEQUENCE, encode, parse
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import encode_lines

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, padding, serialization
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
except ImportError:
    pass  # nothing can be read without it, and reading says so

ROUNDS = 20000
_RSASSA_PSS = bytes.fromhex("2a864886f70d01010a")
_PBES2, _PBKDF2 = bytes.fromhex("06092a864886f70d01050d"), bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256, _AES_256_CBC = bytes.fromhex("06082a864886f70d02090500"), bytes.fromhex("060960864801650304012a")


def encrypt_key(key: PrivateKeyTypes, certificate: x509.Certificate, passphrase: bytes) -> bytes:
    """Returns the private key as PEM, encrypted with AES-256 by the passphrase."""
    algorithm = read_pss_algorithm(certificate)
    if not algorithm:
        encryption = serialization.BestAvailableEncryption(passphrase)
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    plain = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    version, unused_algorithm, content = parse(plain).children[:3]
    der = _encrypt(encode(SEQUENCE, encode(INTEGER, version.content), algorithm, encode(OCTET_STRING, content.content)), passphrase)
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%s-----END ENCRYPTED PRIVATE KEY-----\n" % encode_lines(der)


def read_pss_algorithm(certificate: x509.Certificate) -> bytes:
    """Returns the DER of the algorithm of the certificate's key where that is RSASSA-PSS, else nothing."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    fields = parse(der).child(0).children
    # [0] version (a certificate of version 1 has none), serial number, signature, issuer, validity, subject, the key
    algorithm = fields[6 if fields[0].tag == 0xA0 else 5].child(0, SEQUENCE)
    return der[algorithm.start:algorithm.end] if algorithm.identifier() == _RSASSA_PSS else b""


def _encrypt(der: bytes, passphrase: bytes) -> bytes:
    """Returns an EncryptedPrivateKeyInfo by PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC (RFC 8018)."""
    salt, start = os.urandom(16), os.urandom(16)
    derived = PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS).derive(passphrase)
    padder, encryptor = padding.PKCS7(128).padder(), Cipher(algorithms.AES(derived), modes.CBC(start)).encryptor()
    content = encryptor.update(padder.update(der) + padder.finalize()) + encryptor.finalize()
    rounds = ROUNDS.to_bytes(4, "big").lstrip(b"\0")
    rounds = encode(INTEGER, b"\0" + rounds if rounds[0] & 0x80 else rounds)
    derivation = encode(SEQUENCE, _PBKDF2, encode(SEQUENCE, encode(OCTET_STRING, salt), rounds, encode(SEQUENCE, _HMAC_SHA256)))
    cipher = encode(SEQUENCE, _AES_256_CBC, encode(OCTET_STRING, start))
    return encode(SEQUENCE, encode(SEQUENCE, _PBES2, encode(SEQUENCE, derivation, cipher)), encode(OCTET_STRING, content))
