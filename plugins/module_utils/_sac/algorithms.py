# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which algorithms of a SAC are weak: its key, the signatures on its certificates, and the seal of the file it came in."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._sac import parts
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac
from ansible_collections.eccops.rapid.plugins.module_utils._sac.identification import PKCS12
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import SacSource

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
except ImportError:
    pass  # nothing can be read without it, and reading says so

SMALLEST_RSA_BITS = 2048
SMALLEST_CURVE_BITS = 224

#: DER of object identifiers (RFC 7292, appendix C; RFC 8018) that stand in clear in whatever they sealed.
_SEALS = {
    bytes.fromhex("060a2a864886f70d010c0101"): "128-bit RC4",
    bytes.fromhex("060a2a864886f70d010c0102"): "40-bit RC4",
    bytes.fromhex("060a2a864886f70d010c0103"): "3DES",
    bytes.fromhex("060a2a864886f70d010c0104"): "two-key 3DES",
    bytes.fromhex("060a2a864886f70d010c0105"): "128-bit RC2",
    bytes.fromhex("060a2a864886f70d010c0106"): "40-bit RC2",
    bytes.fromhex("06092a864886f70d010503"): "MD5 and DES",
    bytes.fromhex("06092a864886f70d01050a"): "SHA-1 and DES",
    bytes.fromhex("06082a864886f70d0307"): "3DES",
    bytes.fromhex("06082a864886f70d0302"): "RC2",
}


def describe_key_type(sac: Sac) -> tuple[str, int | None]:
    """Returns (type, bits), such as ``("RSA", 2048)``; bits is None where the type says all, as with Ed25519."""
    key = sac.certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.curve.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return type(key).__name__.strip("_").replace("PublicKey", ""), None


def weak_algorithms(sac: Sac, source: SacSource) -> list[tuple[str, str]]:
    """Returns (reason, what_to_do) of each weak algorithm; ``source`` is the SacSource that ``sac`` was read from."""
    renew = "ask the service's operator for a SAC with a stronger one"
    kind, bits = describe_key_type(sac)
    found = []
    if bits is not None and (kind == "DSA" or (kind == "RSA" and bits < SMALLEST_RSA_BITS) or (kind == "EC" and bits < SMALLEST_CURVE_BITS)):
        found.append(("its key is %s with %d bits" % (kind, bits), renew))
    for certificate in [sac.certificate] + sac.chain:
        if certificate.subject == certificate.issuer:
            continue  # nobody relies on the signature that a root puts on itself
        name = certificate.subject.rfc4514_string()
        try:
            digest = certificate.signature_hash_algorithm
        except UnsupportedAlgorithm:  # of a certificate that was spoiled, or newer than the library
            oid = certificate.signature_algorithm_oid.dotted_string
            found.append(("'%s' is signed with %s in a form that is not known here" % (name, oid), "download the SAC again"))
            continue
        if digest is not None and digest.name in ("md5", "sha1"):
            found.append(("'%s' is signed with %s" % (name, digest.name.upper().replace("SHA1", "SHA-1")), renew))
    for seal in _read_seals(source):
        found.append(("%s is sealed with %s" % (source.name, seal), "export it again with AES-256, and destroy the weak copies"))
    return found


def _read_seals(source: SacSource) -> list[str]:
    """Returns the names of the weak ciphers that the file of a SAC, or the one of its key, is sealed with."""
    found = set()
    for content in filter(None, (source.certificate, source.key)):
        for part in parts.split(content, source.name)[0]:
            if part.cipher:
                found.add(part.cipher[0].decode("ascii") + ", keyed by MD5")
            elif part.is_private_key or part.kind == PKCS12:
                found.update(name for identifier, name in _SEALS.items() if identifier in part.der)
    return sorted(found)
