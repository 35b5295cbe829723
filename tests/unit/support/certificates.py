# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes the certificates the tests need: a CA, server certificates, and SACs in every form."""

from __future__ import annotations

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key, passphrase=None, private_format=PKCS8):
    encryption = serialization.BestAvailableEncryption(passphrase.encode("utf-8")) if passphrase else serialization.NoEncryption()
    return key.private_bytes(PEM, private_format, encryption)


def certificate_pem(certificate):
    return certificate.public_bytes(PEM)


def encode_der(tag, content):
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag]) + (bytes([len(content)]) if len(content) < 128 else bytes([0x80 | len(size)]) + size) + content


def days_from_now(days):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


class Authority:
    """A CA with an EC key."""

    def __init__(self, common_name="Test CA"):
        self.key = new_key()
        self._name = _name(common_name)
        self.certificate = self._build(self._name, self.key, days_from_now(-30), days_from_now(300), is_authority=True)

    @property
    def pem(self):
        return certificate_pem(self.certificate)

    def issue(self, common_name, key, not_before=None, not_after=None, host_names=(), addresses=()):
        """Returns the certificate of C(key); with names or addresses it is a server's, else a client's."""
        names = [x509.DNSName(each) for each in host_names] + [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
        return self._build(_name(common_name), key, not_before or days_from_now(-1), not_after or days_from_now(30), names=names)

    def _build(self, subject, key, not_before, not_after, is_authority=False, names=()):
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
        usage.update(digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if not is_authority:
            purpose = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        while True:
            certificate = builder.sign(self.key, hashes.SHA256())
            # wine takes a signature for a forged one if a number of it happens to be shorter than 32 bytes.
            if min(decode_dss_signature(certificate.signature)) >= 1 << 248:
                return certificate


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def pkcs12_bytes(key, certificate, passphrase=None, chain=None, with_triple_des=False):
    """Returns a PKCS#12 file; C(with_triple_des) seals it the way of older exporters."""
    if not passphrase:
        encryption = serialization.NoEncryption()
    elif with_triple_des:
        encryption = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(2048)
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())
            .build(passphrase.encode("utf-8"))
        )
    else:
        encryption = serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
    return pkcs12.serialize_key_and_certificates(b"SAC", key, certificate, chain, encryption)
