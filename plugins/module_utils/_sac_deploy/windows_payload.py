# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What leaves the controller for a Windows position: certificates first, and the key only where the position asks for it.

Ansible's own PowerShell hands a module's options to cmdlets, whose parameters Windows may log. So the key travels as PKCS#12 under a
passphrase that is new each time, and the passphrase travels encrypted for an RSA key that the position has just made.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import hmac
import secrets

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.algorithms import describe_key_type
from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import CONTEXT, OCTET_STRING, SEQUENCE, SET, Element, encode, parse
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac
from ansible_collections.eccops.rapid.plugins.module_utils._sac.key_encoding import read_pss_algorithm
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import encode_lines
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import validate_limits
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import usable_sac

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
except ImportError:
    pass  # usable_sac says so

#: Where Windows keeps it: the machine's personal certificates.
STORE = r"Cert:\LocalMachine\My"
#: The options that say something about files of a Linux position, and what to do instead.
LINUX_OPTIONS = {
    "path": "the SAC is in the machine's store of certificates; leave it out",
    "group": "set owner to the one account that uses the SAC",
    "mode": "only owner, SYSTEM and the administrators may open the key; leave it out",
    "ca_path": "add the CA to the machine's trusted root authorities and leave it out",
}
#: Without this name in the file, Windows puts a key into a provider of its first days (CAPI) instead of CNG.
KEY_STORAGE_PROVIDER = "Microsoft Software Key Storage Provider"
#: Rounds for a passphrase of 256 random bits, which no guessing finds: more would only cost time.
KEY_DERIVATION_ROUNDS = 20000
SEALING_KEY_BITS = 2048
_PROVIDER_NAME = bytes.fromhex("06092b0601040182371101")  # 1.3.6.1.4.1.311.17.1
_SHROUDED_KEY_BAG = bytes.fromhex("2a864886f70d010c0a0102")
_DATA = bytes.fromhex("2a864886f70d010701")
_BMP_STRING = 0x1E


def validate_windows_options(given: dict, params: dict) -> None:
    """Raises InvalidInput for options that a Windows position cannot keep; ``given`` has those of the task, ``params`` all."""
    for name in sorted(set(LINUX_OPTIONS) & set(given)):
        raise InvalidInput("%s is for Linux positions only: on Windows %s" % (name, LINUX_OPTIONS[name]))
    if params["state"] == "present" and not given.get("owner"):
        raise InvalidInput("owner is missing; on Windows it is the one account that uses the SAC, such as NT SERVICE\\DispatchGateway, or its SID")
    validate_limits(params)


class WindowsPayload:
    """A SAC for Windows positions; raises RapidError where it cannot be one."""

    def __init__(self, params: dict, now: datetime.datetime) -> None:
        self._sac = usable_sac(params, now)
        self.summary = self._sac.summary(now)
        _ensure_known_to_windows(self._sac)
        certificates = [self._sac.certificate] + [each for each in self._sac.chain if each.subject != each.issuer]
        #: PEM of the certificate and its intermediates. A root is for the machine's administrators to trust.
        self.certificates = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates).decode("ascii")

    def seal(self, sealing_key: object) -> dict[str, str]:
        """Returns {sac_content, sac_passphrase} with the key, for the position that made ``sealing_key`` (base64 of its modulus)."""
        public_key = _read_sealing_key(sealing_key)
        passphrase = secrets.token_urlsafe(32).encode("ascii")
        bundle = encode_bundle(self._sac, passphrase)
        sealed = public_key.encrypt(passphrase, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        block = b"-----BEGIN PKCS12-----\n%s-----END PKCS12-----\n" % encode_lines(bundle)
        return {"sac_content": self.certificates + block.decode("ascii"), "sac_passphrase": base64.b64encode(sealed).decode("ascii")}


def _ensure_known_to_windows(sac: Sac) -> None:
    kind, unused_bits = describe_key_type(sac)
    if read_pss_algorithm(sac.certificate) or kind not in ("RSA", "EC"):
        only = "for RSASSA-PSS only" if kind == "RSA" else "of the type %s" % kind
        raise SacUnusable(
            "%s from %s has a key %s, which cannot be sent to Windows unchanged; ask the service's operator for a SAC "
            "with a plain RSA or an EC key" % (sac.describe(), sac.name, only),
            kind="sac_malformed",
        )


def _read_sealing_key(text: object) -> rsa.RSAPublicKey:
    """Returns the public key that a position sent: its modulus in base64; the exponent is 65537."""
    try:
        modulus = int.from_bytes(base64.b64decode(str(text), validate=True), "big")
        if modulus.bit_length() == SEALING_KEY_BITS and modulus % 2:  # with an even one OpenSSL fails
            return rsa.RSAPublicNumbers(65537, modulus).public_key()
    except (ValueError, binascii.Error):
        pass
    raise RapidError("the position sent no RSA key to encrypt the SAC for; nothing was sent: run again, then report it", kind="not_written")


def encode_bundle(sac: Sac, passphrase: bytes) -> bytes:
    """Returns a PKCS#12 of key and certificate, encrypted with AES-256 (PBES2), whose key Windows puts into CNG."""
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KEY_DERIVATION_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    return add_provider(pkcs12.serialize_key_and_certificates(None, sac.key, sac.certificate, None, protection), passphrase)  # type: ignore[arg-type]


def add_provider(bundle: bytes, passphrase: bytes) -> bytes:
    """Returns the PKCS#12 (RFC 7292) with the name of CNG's provider on its key, and a new MAC (HMAC-SHA-256) over that."""
    version, safe, mac = parse(bundle).children[:3]
    contents = safe.explicit(1).octets()
    new_contents = encode(SEQUENCE, *(_name_in(contents, each) for each in parse(contents).children))
    digest, salt, rounds = mac.children
    key = _derive_mac_key(passphrase, salt.octets(), rounds.number())
    new_digest = encode(SEQUENCE, _bytes_of(bundle, digest.child(0)), encode(OCTET_STRING, hmac.digest(key, new_contents, "sha256")))
    new_safe = encode(SEQUENCE, _bytes_of(bundle, safe.child(0)), encode(CONTEXT, encode(OCTET_STRING, new_contents)))
    new_mac = encode(SEQUENCE, new_digest, _bytes_of(bundle, salt), _bytes_of(bundle, rounds))
    return encode(SEQUENCE, _bytes_of(bundle, version), new_safe, new_mac)


def _bytes_of(data: bytes, element: Element) -> bytes:
    return data[element.start:element.end]


def _name_in(data: bytes, part: Element) -> bytes:
    """Returns a ContentInfo, the provider named where it holds the key."""
    if part.identifier() != _DATA:
        return _bytes_of(data, part)
    bags = part.explicit(1).octets()
    named = encode(SEQUENCE, *(_name(bags, each) for each in parse(bags).children))
    return encode(SEQUENCE, _bytes_of(data, part.child(0)), encode(CONTEXT, encode(OCTET_STRING, named)))


def _name(data: bytes, bag: Element) -> bytes:
    if bag.identifier() != _SHROUDED_KEY_BAG:
        return _bytes_of(data, bag)
    name = encode(SET, encode(_BMP_STRING, KEY_STORAGE_PROVIDER.encode("utf-16-be")))
    attributes: list[bytes] = [_bytes_of(data, each) for other in bag.children[2:] for each in other.children]
    attributes.append(encode(SEQUENCE, _PROVIDER_NAME, name))
    return encode(SEQUENCE, _bytes_of(data, bag.child(0)), _bytes_of(data, bag.child(1)), encode(SET, *sorted(attributes)))


def _derive_mac_key(passphrase: bytes, salt: bytes, rounds: int) -> bytes:
    """Returns the key of the MAC (RFC 7292, appendix B.2) for SHA-256, whose one block of output is the whole key."""
    password = passphrase.decode("ascii").encode("utf-16-be") + b"\0\0"
    derived = bytes([3]) * 64 + _fill(salt) + _fill(password)
    for _unused_round in range(rounds):
        derived = hashlib.sha256(derived).digest()
    return derived


def _fill(text: bytes) -> bytes:
    """Returns the text, repeated to a multiple of SHA-256's block of 64 bytes."""
    size = -(-len(text) // 64) * 64
    return (text * size)[:size]
