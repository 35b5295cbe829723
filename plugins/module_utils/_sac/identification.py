# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Recognises what a file is: DER by its structure, and whatever else people give in place of a SAC by its first bytes."""

from __future__ import annotations

import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Element

CERTIFICATE, PKCS7, PKCS12 = "CERTIFICATE", "PKCS7", "PKCS12"
PRIVATE_KEY, ENCRYPTED_PRIVATE_KEY, OPENSSH_PRIVATE_KEY = "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"
REQUEST, PUBLIC_KEY, REVOCATION_LIST = "CERTIFICATE REQUEST", "PUBLIC KEY", "X509 CRL"

#: Labels of PEM that mean the same as another.
SYNONYMS = {
    "X509 CERTIFICATE": CERTIFICATE, "TRUSTED CERTIFICATE": CERTIFICATE, "CMS": PKCS7, "PKCS #7 SIGNED DATA": PKCS7, "PFX": PKCS12,
    "NEW CERTIFICATE REQUEST": REQUEST, "RSA PUBLIC KEY": PUBLIC_KEY,
}
#: What holds neither a certificate nor a key that can be used.
DESCRIPTIONS = {
    REQUEST: "a certificate request (CSR)",
    PUBLIC_KEY: "a public key",
    REVOCATION_LIST: "a revocation list (CRL)",
    OPENSSH_PRIVATE_KEY: "an OpenSSH private key",
    "PGP MESSAGE": "a PGP message",
    "PGP PUBLIC KEY BLOCK": "a PGP key",
    "PGP PRIVATE KEY BLOCK": "a PGP key",
}

_PKCS7_TYPES = bytes.fromhex("2a864886f70d0107")
_PFX_VERSION = 3
VAULT, JAVA_KEY_STORE, EMPTY = "a file that is still encrypted with Ansible Vault", "a Java key store (JKS)", "empty"
_FIRST_BYTES = (
    (rb"\s*\$ANSIBLE_VAULT;", VAULT),
    (rb"\xfe\xed\xfe\xed|\xce\xce\xce\xce", JAVA_KEY_STORE),
    (rb"openssh-key-v1\0", DESCRIPTIONS[OPENSSH_PRIVATE_KEY]),
    (rb"\s*(?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ AAAA|---- BEGIN SSH2", "an OpenSSH public key"),
    (rb"PuTTY-User-Key-File", "a PuTTY private key"),
    (rb"(?i)\s*(?:<!--.{0,400}?-->\s*)?<(?:!doctype\s+html|html|head|body)", "an HTML page, perhaps of a login or of a proxy"),
    (rb"\s*<", "an XML file"),
    (rb"\s*\{", "a JSON file"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"%PDF-", "a PDF file"),
    (rb"\x1e\xf1\xb5\xb0", "a Microsoft PVK private key"),
    (rb"\d\d\d\d\d+\s*\Z", "a number"),
)
_RECOGNISED = [(re.compile(pattern, re.DOTALL), what) for pattern, what in _FIRST_BYTES]


def identify_der(element: Element) -> typing.Optional[str]:
    """Returns the PEM label of what an element of DER is, or None."""
    if element.tag != SEQUENCE:
        return None
    tags = [each.tag for each in element.children]
    if tags[:2] == [INTEGER, SEQUENCE] and element.children[0].number() == _PFX_VERSION:
        return PKCS12
    if tags[:1] == [OBJECT_IDENTIFIER] and element.identifier().startswith(_PKCS7_TYPES):
        return PKCS7
    if tags == [SEQUENCE, OCTET_STRING]:
        return ENCRYPTED_PRIVATE_KEY
    if tags == [SEQUENCE, BIT_STRING]:
        return PUBLIC_KEY
    if tags == [SEQUENCE, SEQUENCE, BIT_STRING]:
        return _identify_signed(element.children[0])
    if tags[:1] == [INTEGER]:
        return _identify_private_key(tags[1:])
    return None


def _identify_signed(signed: Element) -> str:
    tags = [each.tag for each in signed.children]
    if tags[:1] == [0xA0] or tags[:6] == [INTEGER] + [SEQUENCE] * 5:
        return CERTIFICATE
    # A request has a version, a name, a key and the attributes [0]; a revocation list may begin with its algorithm.
    return REQUEST if tags[:3] == [INTEGER, SEQUENCE, SEQUENCE] and tags[3:4] in ([], [0xA0]) else REVOCATION_LIST


def _identify_private_key(tags: list) -> typing.Optional[str]:
    """Returns the label of a private key by the tags behind its version."""
    if tags[:2] == [SEQUENCE, OCTET_STRING]:
        return PRIVATE_KEY
    if tags[:1] == [OCTET_STRING]:
        return "EC PRIVATE KEY"
    if len(tags) >= 8 and set(tags[:8]) == {INTEGER}:
        return "RSA PRIVATE KEY"
    return "DSA PRIVATE KEY" if tags == [INTEGER] * 5 else None


def recognise(content: bytes) -> typing.Optional[str]:
    """Returns in words what a file is that is neither PEM, DER nor base64, or None."""
    content = content[3:] if content.startswith(b"\xef\xbb\xbf") else content
    if not content.strip(b"\0 \t\r\n"):
        return EMPTY
    return next((what for pattern, what in _RECOGNISED if pattern.match(content)), None)
