# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Certificates, and which clients are let in."""

import pathlib
import socket
import ssl
import subprocess

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from sandbox_process import ContextAdapter

ALERTS = {
    None: "certificate required",
    "expired": "certificate expired",
    "not_yet_valid": "bad certificate",
    "foreign_authority": "unknown ca",
}


def refusal_of(sandbox, sac):
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        sandbox.call("GET", f"/requests/{sandbox.fleet[0]['request_id']}", session=sandbox.session(sac))
    return str(caught.value).lower().replace("_", " ")


@pytest.mark.parametrize("sac", ALERTS, ids=str)
def test_a_bad_sac_gets_the_tls_alert_that_says_why(sandbox, sac):
    before = sandbox.last_seq()
    assert ALERTS[sac] in refusal_of(sandbox, sac)
    assert [entry["effect"] for entry in sandbox.audit(before)] == ["sac_refused"]
    assert sandbox.admin("GET", "/stats").json()["refused_tls_handshakes"] == {"rapidauth": 1}


@pytest.mark.parametrize("sac, code", [
    (None, "403.7"), ("foreign_authority", "403.16"), ("expired", "403.17"), ("not_yet_valid", "403.17")])
def test_a_bad_sac_gets_http_403_by_switch_at_run_time(sandbox, sac, code):
    sandbox.switch(sac_refusal="http_403")
    path = f"/requests/{sandbox.fleet[0]['request_id']}"
    refused = sandbox.call("GET", path, session=sandbox.session(sac))
    assert refused.status_code == 403 and code in refused.text
    assert sandbox.call("GET", path, session=sandbox.session("valid")).status_code == 200
    sandbox.switch(sac_refusal="tls_alert")
    assert ALERTS[sac] in refusal_of(sandbox, sac)


def test_the_moved_clock_makes_a_good_sac_expire(sandbox, request_id):
    sandbox.advance(days=800)
    refused = sandbox.get(f"/requests/{request_id}")
    assert refused.status_code == 403 and "has expired" in refused.text
    sandbox.admin("PUT", "/clock", {"offset_seconds": -800 * 86400})
    assert "not yet valid" in sandbox.get(f"/requests/{request_id}").text


def test_every_certificate_bears_key_identifiers_and_usages(sandbox):
    authority = x509.load_pem_x509_certificate((sandbox.directory / "ca.pem").read_bytes())
    usage = authority.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.key_cert_sign
    with _connected(sandbox) as secured:
        server = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True))
    sac = x509.load_pem_x509_certificate(
        pathlib.Path(sandbox.values["sandbox_sacs"]["valid"]["certificate_path"]).read_bytes())
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    for certificate in (server, sac):
        extensions = certificate.extensions
        found = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        assert found == identifier
        assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert ExtendedKeyUsageOID.CLIENT_AUTH in sac.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value


def test_a_client_that_does_not_trust_the_server_is_no_refused_sac(sandbox):
    before = sandbox.last_seq()
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(sandbox.values["rapidauth_api_url"], timeout=10)
    assert sandbox.audit(before) == []


def test_a_request_cut_in_its_body_has_no_effect(sandbox, request_id):
    before = sandbox.last_seq()
    host, port = sandbox.values["rapidauth_api_url"].split("/")[2].split(":")
    head = (f"POST /rapid/requests/{request_id}/replace HTTP/1.1\r\nHost: {host}\r\nContent-Length: 30\r\n\r\n"
            '{"AnonId":"cut"}')
    with socket.create_connection((host, int(port))) as plain:
        with sandbox.context("valid").wrap_socket(plain, server_hostname=host) as secured:
            secured.sendall(head.encode())
    assert sandbox.get("/credentials/cut").status_code == 404
    assert sandbox.audit(before) == []


def test_keys_of_sacs_are_encrypted_with_aes_256(sandbox):
    for files in sandbox.values["sandbox_sacs"].values():
        key = pathlib.Path(files["key_path"]).read_text(encoding="ascii")
        assert key.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert key in pathlib.Path(files["combined_path"]).read_text(encoding="ascii")
        bundle = pathlib.Path(files["pkcs12_path"]).read_bytes()
        assert 1000 < len(bundle) < 4000
        loaded = pkcs12.load_pkcs12(bundle, files["passphrase"].encode())
        assert loaded.key.public_key() == loaded.cert.certificate.public_key()
    shown = subprocess.run(
        ["openssl", "pkcs12", "-info", "-noout", "-in", files["pkcs12_path"], "-passin", "stdin"],
        input=files["passphrase"], capture_output=True, text=True, check=True).stderr
    assert "AES-256-CBC" in shown and "RC2" not in shown and "3DES" not in shown


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(sandbox):
    context = sandbox.context("valid")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    session = requests.Session()
    session.mount("https://", ContextAdapter(context))
    with pytest.raises(requests.exceptions.ConnectionError, match="(?i)protocol version"):
        sandbox.call("GET", "/requests/x", session=session)


def _connected(sandbox):
    host, port = sandbox.values["rapidsos_api_url"].rpartition("/")[2].split(":")
    return sandbox.context().wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
