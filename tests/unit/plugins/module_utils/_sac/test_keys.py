# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC's key stays the kind of key it is, and one that is spoiled is an expected error."""

from __future__ import annotations

import base64
import re
import socket
import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import build_payload
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.windows_payload import WindowsPayload
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, key_pem
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl

PASSPHRASE = "correct horse"


@pytest.fixture(scope="module", name="old_pem")
def fixture_old_pem(certificate, key):
    return certificate_pem(certificate) + key_pem(key, PASSPHRASE, serialization.PrivateFormat.TraditionalOpenSSL)


def load(content):
    return load_sac(SacSource(content, None, PASSPHRASE, "the.sac"))


def assert_is(sac, certificate, key):
    assert sac.certificate == certificate and sac.key.private_numbers() == key.private_numbers()


@pytest.mark.parametrize("salt", ["", "00", "0011223344556677", "0" * 31, "0" * 33, "0" * 400, "zz", "00112233445566778899aabbccddeefg"])
@pytest.mark.parametrize("cipher", ["AES-256-CBC", "DES-EDE3-CBC", "DES-CBC", "AES-256-GCM", "NO-SUCH"])
def test_a_spoiled_header_of_an_old_key_is_an_expected_error(old_pem, salt, cipher):
    spoiled = re.sub(rb"DEK-Info: [A-Z0-9-]+,[0-9A-F]+", b"DEK-Info: %s,%s" % (cipher.encode(), salt.encode()), old_pem)
    assert spoiled != old_pem
    with pytest.raises(SacUnusable):
        load(spoiled)


def test_a_panic_of_the_library_is_an_expected_error_and_an_interruption_is_not(old_pem, monkeypatch):
    class PanicException(BaseException):
        """What a panic in cryptography's Rust is raised as."""

    def fail_with(error):
        def fail(*unused_arguments):
            raise error

        return fail

    for raised, expected in ((PanicException, SacUnusable), (KeyboardInterrupt, KeyboardInterrupt)):
        monkeypatch.setattr(serialization, "load_pem_private_key", fail_with(raised()))
        with pytest.raises(expected):
            load(old_pem)


def make_pss_sac(tmp_path):
    openssl(tmp_path, "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha256", "-out", "key.pem")
    openssl(tmp_path, "req", "-x509", "-key", "key.pem", "-subj", "/CN=Harbor County", "-days", "9", "-out", "own.pem",
            "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=clientAuth")
    openssl(tmp_path, "pkcs12", "-export", "-in", "own.pem", "-inkey", "key.pem", "-out", "sac.p12", "-passout", "pass:correct horse")
    return {"sac_path": str(tmp_path / "sac.p12"), "sac_passphrase": "correct horse"}


def test_a_key_for_rsassa_pss_stays_one(tmp_path, serve, server_context, ca_path):
    params = make_pss_sac(tmp_path)
    sac = load_sac(sac_source(params))
    server = serve(context=server_context(client_ca_path=str(tmp_path / "own.pem")))
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        with client_context(ca_path, sac).wrap_socket(connection, server_hostname="localhost") as secured:
            secured.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert secured.recv(12) == b"HTTP/1.1 200"
    shipped, unused_summary = build_payload(params, utc_now())
    (tmp_path / "shipped.pem").write_text(shipped["sac_content"], encoding="ascii")
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tmp_path / "shipped.pem", password="correct horse")
    text = openssl(tmp_path, "pkey", "-in", "shipped.pem", "-passin", "pass:correct horse")
    assert base64.b64decode(b"".join(text.splitlines()[1:-1])) == base64.b64decode(b"".join((tmp_path / "key.pem").read_bytes().splitlines()[1:-1]))
    assert_is(load(shipped["sac_content"].encode()), sac.certificate, sac.key)
    with pytest.raises(SacUnusable, match="RSASSA-PSS only, which cannot be sent to Windows unchanged"):
        WindowsPayload(params, utc_now())


def test_other_keys_are_written_as_what_they_are(authority, key, rsa_key):
    for each in (key, rsa_key):
        certificate = authority.issue("Harbor County", each)
        params = {"sac_content": (certificate_pem(certificate) + key_pem(each)).decode(), "sac_passphrase": "correct horse"}
        assert_is(load(build_payload(params, utc_now())[0]["sac_content"].encode()), certificate, each)
