# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows certificates: the sandbox's authorities and what each of them signs.

Three authorities, apart on purpose: one for servers and SACs, one that issues the devices'
credentials (so that no device certificate opens the API), and a foreign one nobody trusts.
Every certificate passes strict X.509 checks (Python 3.13): key identifiers and key usages are there.
"""

import dataclasses
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ONE_DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Authority:
    """A certificate authority: its certificate and the key that signs."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def name_of(common_name):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "eccops.rapid sandbox"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])


def load_or_create(directory, file_stem, common_name):
    """The authority kept under ``file_stem`` in the data directory."""
    certificate_file = directory.file(f"{file_stem}.pem")
    key_file = directory.file(f"{file_stem}.key")
    if certificate_file.exists() and key_file.exists():
        return Authority(
            x509.load_pem_x509_certificate(certificate_file.read_bytes()),
            serialization.load_pem_private_key(key_file.read_bytes(), None),  # type: ignore[arg-type]  # the one written below
        )
    authority = _create(common_name)
    directory.write(key_file.name, unencrypted_pem(authority.key))
    directory.write(certificate_file.name, authority.pem)
    return authority


def unencrypted_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _create(common_name):
    key = new_key()
    now = datetime.datetime.now(datetime.timezone.utc)
    name = name_of(common_name)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(name, name, key.public_key(), now - 1100 * ONE_DAY, now + 3650 * ONE_DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def sign_server(authority, public_key, host_names):
    """A server certificate for the given names and addresses."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        _leaf(authority, name_of(host_names[0]), public_key, now - ONE_DAY, now + 800 * ONE_DAY)
        .add_extension(
            x509.SubjectAlternativeName([general_name(name) for name in host_names]), critical=False)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def sign_client(authority, common_name, public_key, not_before, not_after):
    """A Service Authentication Certificate: a TLS client certificate of the company."""
    subject = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox Emergency Communications"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Service Authentication Certificate"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])
    return (
        _leaf(authority, subject, public_key, not_before, not_after)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def sign_device(authority, anon_id, public_key, not_before, not_after):
    """A device's certificate, the AnonId verbatim in the common name and as a URI alternative name.

    The vendor's clients differ: its Ruby comment and WordPress plugin read the common name, its
    Ruby parser reads a URI subjectAltName; usages as in the sample certificate of that parser.
    """
    usages = [
        x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.2"),  # smart card logon
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, anon_id)])
    return (
        _leaf(authority, subject, public_key, not_before, not_after)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(anon_id)]), critical=False)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def general_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(subject, issuer, public_key, not_before, not_after):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _leaf(authority, subject, public_key, not_before, not_after):
    issuer_identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return (
        _builder(subject, authority.certificate.subject, public_key, not_before, not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_identifier.value),
            critical=False)
    )


def _usage(**granted):
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{usage: granted.get(usage, False) for usage in every})
