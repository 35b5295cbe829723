# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is given in place of a SAC is named: each form of it that people have was tried."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac, read_sac, sac_source
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, encode_der, key_pem, pkcs12_bytes

DER = serialization.Encoding.DER


def load(content, key_content=None):
    return load_sac(SacSource(content, key_content, "correct horse", "the.sac"))


def request_pem(key):
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, certificates.hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def openssh(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())


def public(key, encoding, public_format):
    return key.public_key().public_bytes(encoding, public_format)


def two_keys(key):
    """Returns a PKCS#12 file with two key bags that are not encrypted."""
    plain = key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    own = encode_der(0x30, bytes.fromhex("060b2a864886f70d010c0a0101") + encode_der(0xA0, plain))
    safe = encode_der(0x30, bytes.fromhex("06092a864886f70d010701") + encode_der(0xA0, encode_der(0x04, encode_der(0x30, own + own))))
    content = encode_der(0xA0, encode_der(0x04, encode_der(0x30, safe)))
    return encode_der(0x30, b"\x02\x01\x03" + encode_der(0x30, bytes.fromhex("06092a864886f70d010701") + content))


SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
INSTEAD = {
    "a certificate request": (lambda own, key: request_pem(key), "is a certificate request (CSR); give the PKCS#12"),
    "a certificate request in DER": (lambda own, key: base64.b64decode(b"".join(request_pem(key).split(b"\n")[1:-2])), "is a certificate request (CSR)"),
    "a public key": (lambda own, key: public(key, serialization.Encoding.PEM, SPKI), "is a public key"),
    "a public key in DER": (lambda own, key: public(key, DER, SPKI), "is a public key"),
    "an OpenSSH key": (lambda own, key: openssh(key), "is an OpenSSH private key"),
    "a certificate with an OpenSSH key": (lambda own, key: certificate_pem(own) + openssh(key), "ssh-keygen -p -m PKCS8"),
    "an OpenSSH public key": (lambda own, key: public(key, serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH), "is an OpenSSH public key"),
    "PKCS#7": (lambda own, key: pkcs7.serialize_certificates([own], DER), "is a PKCS#7 file (.p7b), which never holds a private key"),
    "PKCS#7 in PEM": (lambda own, key: pkcs7.serialize_certificates([own], serialization.Encoding.PEM), "is a PKCS#7 file (.p7b)"),
    "PKCS#7 in base64": (lambda own, key: base64.encodebytes(pkcs7.serialize_certificates([own], DER)), "is a PKCS#7 file (.p7b)"),
    "a Java key store": (lambda own, key: b"\xfe\xed\xfe\xed\0\0\0\2" + os.urandom(900), "is a Java key store (JKS); convert it with keytool"),
    "a JCEKS key store": (lambda own, key: b"\xce\xce\xce\xce\0\0\0\2" + os.urandom(900), "is a Java key store (JKS); convert it with keytool"),
    "a page": (lambda own, key: b"\n<!DOCTYPE HTML>\n<html><body>Log in</body></html>", "is an HTML page"),
    "a page with a byte order mark": (lambda own, key: b"\xef\xbb\xbf<html>", "is an HTML page"),
    "a page in UTF-16": (lambda own, key: "<html><body>Log in</body></html>".encode("utf-16"), "is an HTML page"),
    "a vaulted file": (lambda own, key: b"$ANSIBLE_VAULT;1.1;AES256\n3331\n", "is still encrypted with Ansible Vault; read it with the lookup"),
    "a vaulted variable": (lambda own, key: b"  $ANSIBLE_VAULT;1.2;AES256;prod\n  3331\n", "is still encrypted with Ansible Vault"),
    "PuTTY's key": (lambda own, key: b"PuTTY-User-Key-File-3: ssh-rsa\n", "is a PuTTY private key"),
    "a PDF": (lambda own, key: b"%PDF-1.7 ...", "is a PDF file"),
    "an archive": (lambda own, key: b"PK\x03\x04 a zip", "is a ZIP archive"),
    "blanks": (lambda own, key: b" \r\n\0", "is empty"),
    "only the end of a PEM": (lambda own, key: certificate_pem(own)[200:] + key_pem(key), "is cut off inside a PEM block"),
    "only the beginning of a PEM": (lambda own, key: certificate_pem(own)[:-30], "is cut off inside a PEM block"),
    "one block in another": (lambda own, key: certificate_pem(own)[:-30] + key_pem(key), "is cut off inside a PEM block"),
    "two keys in PKCS#12": (lambda own, key: two_keys(key), "comes with 2 private keys"),
    "PKCS#12 in base64, cut": (lambda own, key: base64.b64encode(pkcs12_bytes(key, own)[:-40]), "40 bytes are missing at its end"),
    "too many certificates": (lambda own, key: certificate_pem(own) * 201, "holds more than 200 PEM blocks"),
}


@pytest.mark.parametrize("name", INSTEAD)
def test_what_cannot_be_read_is_named(name, certificate, key):
    make, words = INSTEAD[name]
    with pytest.raises(SacUnusable) as caught:
        load(make(certificate, key))
    assert caught.value.kind == "sac_malformed" and words in caught.value.message, caught.value.message
    assert "\n" not in caught.value.message and caught.value.message.startswith("the.sac ")


def test_what_is_wrong_with_the_key_is_said_of_the_key(certificate, key):
    for content, words in ((b"<html>", "an HTML page"), (b"$ANSIBLE_VAULT;1.1;AES256\n33", "Ansible Vault"), (openssh(key), "OpenSSH")):
        with pytest.raises(SacUnusable, match=words) as caught:
            load(certificate_pem(certificate), content)
        assert "OpenSSH" in words or caught.value.message.startswith("the content of sac_key_path or sac_key_content ")


@pytest.mark.parametrize("content", ["$ANSIBLE_VAULT;1.1;AES256\n33", "<html>log in</html>", "{}", "ssh-rsa AAAAB3Nza"])
def test_content_that_is_something_else_is_named_too(content):
    with pytest.raises(SacUnusable) as caught:
        read_sac(sac_source({"sac_content": content}))
    assert caught.value.kind == "sac_malformed" and caught.value.message.startswith("sac_content is ")


@pytest.mark.parametrize("content", ["\udcff\udcfe0\x82", "\ufffd\ufffd\x03", "0\x82\x04\ufffd"])
def test_a_binary_file_read_as_text_is_no_base64(content):
    with pytest.raises(InvalidInput, match="sac_content is neither PEM nor base64"):
        sac_source({"sac_content": content})
