# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a Windows position gets: certificates first; the key as PKCS#12 for CNG, under a passphrase that only its RSA key opens."""

from __future__ import annotations

import base64
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.windows_payload import WindowsPayload, add_provider, validate_windows_options
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support.certificates import Authority, certificate_pem, key_pem
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl

BLOCK = re.compile(r"-----BEGIN PKCS12-----\n(.*)-----END PKCS12-----\n\Z", re.DOTALL)


def payload_of(authority, key, chain=()):
    pem = b"".join(certificate_pem(each) for each in [authority.issue("Harbor County", key), *chain]) + key_pem(key)
    return WindowsPayload({"sac_content": pem.decode(), "sac_passphrase": "unused"}, utc_now())


def modulus_of(key):
    number = key.public_key().public_numbers().n
    return base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()


@pytest.fixture(scope="module", name="positions_key")
def fixture_positions_key():
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("make_key", [lambda: rsa.generate_private_key(65537, 2048), lambda: ec.generate_private_key(ec.SECP256R1())])
def test_openssl_reads_the_bundle_with_the_name_of_cngs_provider(authority, positions_key, make_key, tmp_path):
    key = make_key()
    payload = payload_of(authority, key)
    sealed = payload.seal(modulus_of(positions_key))
    assert sealed["sac_content"].startswith(payload.certificates) and "PRIVATE KEY" not in sealed["sac_content"]
    passphrase = positions_key.decrypt(base64.b64decode(sealed["sac_passphrase"]), padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)).decode()
    assert len(passphrase) == 43
    bundle = base64.b64decode(BLOCK.search(sealed["sac_content"]).group(1))
    (tmp_path / "sac.p12").write_bytes(bundle)
    # openssl verifies the MAC, and ends with an error where it is wrong.
    text = openssl(tmp_path, "pkcs12", "-in", "sac.p12", "-passin", "pass:" + passphrase, "-passout", "pass:" + passphrase).decode()
    shown = text.partition("-----BEGIN ENCRYPTED PRIVATE KEY")[0].rpartition("-----END CERTIFICATE-----")[2]
    assert "Microsoft CSP Name: Microsoft Software Key Storage Provider" in shown and "localKeyID" in shown
    own_key, own, chain = pkcs12.load_key_and_certificates(bundle, passphrase.encode())
    assert own_key.private_numbers() == key.private_numbers() and certificate_pem(own).decode() in payload.certificates and chain == []
    # PBES2 with AES-256-CBC, and none of the ciphers of PKCS#12's first days
    assert bytes.fromhex("06092a864886f70d01050d") in bundle and bytes.fromhex("060960864801650304012a") in bundle
    assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03" not in bundle and b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06" not in bundle


def test_each_transfer_has_its_own_passphrase(authority, positions_key, key):
    payload = payload_of(authority, key)
    one, other = (payload.seal(modulus_of(positions_key)) for unused in range(2))
    assert one["sac_passphrase"] != other["sac_passphrase"] and one["sac_content"] != other["sac_content"]


def test_intermediates_go_along_and_roots_do_not(authority, key):
    root, own = Authority("Root"), authority.certificate
    builder = x509.CertificateBuilder(root.certificate.subject, own.subject, own.public_key(), 7, own.not_valid_before_utc, own.not_valid_after_utc)
    for each in own.extensions:
        if each.oid != x509.AuthorityKeyIdentifier.oid:
            builder = builder.add_extension(each.value, each.critical)
    intermediate = builder.sign(root.key, hashes.SHA256())
    certificates = payload_of(authority, key, [root.certificate, intermediate]).certificates
    assert certificates.count("BEGIN") == 2 and certificates.endswith(certificate_pem(intermediate).decode())
    assert payload_of(authority, key, [own]).certificates.count("BEGIN") == 1


def test_a_wrong_passphrase_does_not_fit_the_new_mac(authority, key):
    certificate = authority.issue("Harbor County", key)
    from_library = pkcs12.serialize_key_and_certificates(None, key, certificate, None, _protection(b"right"))
    with pytest.raises(ValueError):
        pkcs12.load_key_and_certificates(add_provider(from_library, b"wrong"), b"right")
    assert pkcs12.load_key_and_certificates(add_provider(from_library, b"right"), b"right")[1] == certificate


def _protection(passphrase):
    return PrivateFormat.PKCS12.encryption_builder().hmac_hash(hashes.SHA256()).build(passphrase)


@pytest.mark.parametrize("modulus", [None, "", "AAAA", "not base64!", base64.b64encode(b"\xff" * 128).decode(), base64.b64encode(b"\xff" * 512).decode(), 17])
def test_nothing_is_sealed_for_what_is_no_key(authority, key, modulus):
    with pytest.raises(RapidError, match="sent no RSA key"):
        payload_of(authority, key).seal(modulus)


def test_a_kind_of_key_that_windows_does_not_know_is_refused(authority):
    with pytest.raises(SacUnusable, match="cannot be sent to Windows unchanged"):
        payload_of(authority, ed25519.Ed25519PrivateKey.generate())


PARAMS = {"state": "present", "kept_versions": 2, "timeout_seconds": 30, "api_url": "https://localhost/rapid"}


@pytest.mark.parametrize("given, changed, words", [
    ({}, {}, "owner is missing"), ({"path": "/etc/x"}, {}, "path is for Linux"), ({"group": "g"}, {}, "group is for Linux"),
    ({"mode": "0400"}, {}, "mode is for Linux"), ({"ca_path": "/etc/ca.pem"}, {}, "trusted root authorities"),
    ({"owner": "x"}, {"kept_versions": 0}, "kept_versions must be 1"), ({"owner": "x"}, {"timeout_seconds": 0}, "between 1 and 3600"),
    ({"owner": "x"}, {"api_url": "http://localhost"}, "must be an https URL")])
def test_options_that_do_not_fit_windows_are_refused(given, changed, words):
    with pytest.raises(InvalidInput, match=words):
        validate_windows_options(given, {**PARAMS, **changed})


def test_removal_needs_no_owner():
    validate_windows_options({}, {**PARAMS, "state": "absent"})
