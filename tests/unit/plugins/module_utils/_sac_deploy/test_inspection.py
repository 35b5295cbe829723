# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every finding about a SAC, from a SAC that is so; and its proof."""

from __future__ import annotations

import base64
import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._report import wording as report_words
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import inspect_sac
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, days_from_now, key_pem, pkcs12_bytes
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl
from ansible_collections.eccops.rapid.tests.unit.support.scripted_server import response

PASSPHRASE = "correct horse"


def inspect(content, key=None, passphrase=PASSPHRASE, **options):
    text = content.decode("utf-8") if b"-----BEGIN" in content else base64.b64encode(content).decode()
    params = {"sac_content": text, "sac_key_content": key.decode() if key else None, "sac_passphrase": passphrase, "probe": False, "min_days_left": 0,
              "api_url": "https://127.0.0.1:1", "ca_path": None, "timeout_seconds": 5, "retry_budget_seconds": 0}
    return inspect_sac(dict(params, **options), False)


def kinds(result, name="problems"):
    for each in result[name]:
        assert each["reason"] and each["what_to_do"] and PASSPHRASE not in str(each)
        # What has no words of its own is taken for what keeps a whole service from being looked at, and reported first.
        assert name == "problems" or each["kind"] in report_words.KINDS
    assert result["is_usable"] is (not result["problems"])
    return [each["kind"] for each in result[name]]


def issue(authority, key, digest=hashes.SHA256(), issuer=None, subject="Leaf", usages=None, can_sign=None, begin=None, end=None):
    """Returns a certificate with just the usages that are asked for."""
    signer, name = issuer or (authority.key, authority.certificate.subject)
    builder = (
        x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(begin or days_from_now(-1)).not_valid_after(end or days_from_now(30)))
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if can_sign is not None:
        others = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        usage = x509.KeyUsage(digital_signature=can_sign, key_encipherment=True, **dict.fromkeys(others, False))
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, digest)


def test_a_good_sac_has_neither_problems_nor_weaknesses(authority, key):
    certificate = authority.issue("Harbor County", key)
    result = inspect(pkcs12_bytes(key, certificate, PASSPHRASE, [authority.certificate]), min_days_left=29)
    assert (kinds(result), kinds(result, "weaknesses")) == ([], [])
    assert result["chain"] == {"subjects": ["CN=Test CA"], "is_in_order": True, "is_complete": True, "missing_issuer": None}
    assert (result["subject"], result["issuer"], result["key_type"], result["key_size_bits"]) == ("CN=Harbor County", "CN=Test CA", "EC", 256)
    assert int(result["serial"], 16) == certificate.serial_number and result["sha256_fingerprint"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert result["days_left"] == 29 and result["does_key_match"] and result["allows_client_authentication"] and "is_proven" not in result


def test_problems_of_time_are_judged_by_now(authority, key):
    begin, end = days_from_now(-5).replace(microsecond=0), days_from_now(5).replace(microsecond=0)
    sac = pkcs12_bytes(key, authority.issue("Harbor County", key, begin, end), PASSPHRASE)

    def at(instant, **options):
        return kinds(inspect(sac, now=instant.strftime("%Y-%m-%dT%H:%M:%SZ"), **options))

    second = datetime.timedelta(seconds=1)
    assert at(begin) == at(end - second) == []
    assert (at(begin - second), at(end)) == (["sac_not_yet_valid"], ["sac_expired"])
    assert at(end - datetime.timedelta(days=3), min_days_left=3) == []
    assert at(end - datetime.timedelta(days=3) + second, min_days_left=3) == ["sac_expiring"]
    assert at(end + second, min_days_left=3) == ["sac_expired"]


def test_a_key_of_another_certificate_is_a_finding_not_a_failure(authority, key):
    result = inspect(certificate_pem(authority.issue("Harbor County", key)), key_pem(certificates.new_key(), PASSPHRASE))
    assert kinds(result) == ["sac_key_mismatch"] and result["does_key_match"] is False and result["subject"] == "CN=Harbor County"


@pytest.mark.parametrize("usages, can_sign, is_allowed", [
    (None, None, True), ([ExtendedKeyUsageOID.CLIENT_AUTH], True, True), ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], None, True),
    ([ExtendedKeyUsageOID.SERVER_AUTH], True, False), ([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH], True, True), (None, False, False)])
def test_usage_says_whether_it_may_identify_a_client(authority, key, usages, can_sign, is_allowed):
    result = inspect(certificate_pem(issue(authority, key, usages=usages, can_sign=can_sign)), key_pem(key))
    assert result["allows_client_authentication"] is is_allowed
    assert kinds(result) == ([] if is_allowed else ["sac_not_for_clients"])


@pytest.fixture(scope="module", name="path")
def fixture_path(authority, key):
    """Root, two intermediates and a leaf, from the leaf up."""
    keys = [certificates.new_key() for unused in range(2)]
    upper = issue(authority, keys[0], subject="Upper")
    lower = issue(authority, keys[1], issuer=(keys[0], upper.subject), subject="Lower")
    leaf = issue(authority, key, issuer=(keys[1], lower.subject), subject="Leaf")
    return [leaf, lower, upper, authority.certificate]


@pytest.mark.parametrize("order, is_in_order, is_complete, missing, weakness", [
    ([0, 1, 2, 3], True, True, None, []), ([0, 1, 2], True, None, "CN=Test CA", []), ([0], True, None, "CN=Lower", []),
    ([0, 2, 1, 3], False, True, None, ["chain_out_of_order"]), ([3, 2, 1, 0], False, True, None, ["chain_out_of_order"]),
    ([0, 2, 3], False, False, "CN=Lower", ["chain_incomplete"]), ([0, 1, 3], False, False, "CN=Upper", ["chain_incomplete"]),
    ([0, 1, 1, 2, 3], False, True, None, ["chain_out_of_order"])])
def test_the_chain_is_followed_whatever_its_order(path, key, order, is_in_order, is_complete, missing, weakness):
    result = inspect(b"".join(certificate_pem(path[index]) for index in order), key_pem(key))
    chain = result["chain"]
    assert (chain["is_in_order"], chain["is_complete"], chain["missing_issuer"]) == (is_in_order, is_complete, missing)
    assert kinds(result, "weaknesses") == weakness and result["is_usable"]


def test_a_chain_of_the_same_names_and_other_keys_is_not_one(authority, key):
    impostor = certificates.Authority("Test CA")
    result = inspect(certificate_pem(authority.issue("Leaf", key)) + impostor.pem, key_pem(key))
    assert result["chain"]["is_complete"] is False and kinds(result, "weaknesses") == ["chain_incomplete"]


def test_an_expired_issuer_is_reported(authority, key):
    upper_key = certificates.new_key()
    upper = issue(authority, upper_key, subject="Upper", begin=days_from_now(-20), end=days_from_now(-10))
    leaf = issue(authority, key, issuer=(upper_key, upper.subject))
    assert kinds(inspect(certificate_pem(leaf) + certificate_pem(upper), key_pem(key)), "weaknesses") == ["chain_expired"]


def weak(result):
    assert set(kinds(result, "weaknesses")) <= {"weak_algorithm"} and result["is_usable"]
    return sorted(each["reason"] for each in result["weaknesses"])


def test_weak_algorithms_are_named(authority, key):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    sac = certificate_pem(authority.issue("Leaf", small)) + key_pem(small, PASSPHRASE)
    assert weak(inspect(sac)) == ["its key is RSA with 1024 bits"]
    edwards = ed25519.Ed25519PrivateKey.generate()
    result = inspect(certificate_pem(issue(authority, edwards)), key_pem(edwards))
    assert (result["key_type"], result["key_size_bits"], weak(result)) == ("Ed25519", None, [])
    assert weak(inspect(pkcs12_bytes(key, authority.issue("Leaf", key), PASSPHRASE, with_triple_des=True))) == ["sac_content is sealed with 3DES"]
    traditional = key_pem(key, PASSPHRASE, serialization.PrivateFormat.TraditionalOpenSSL)
    assert weak(inspect(certificate_pem(authority.issue("Leaf", key)), traditional)) == ["sac_content is sealed with AES-256-CBC, keyed by MD5"]


def test_a_signature_that_nobody_knows_is_named(authority, key):
    der = authority.issue("Leaf", key).public_bytes(serialization.Encoding.DER)
    with_sha256 = bytes.fromhex("06082a8648ce3d040302")
    assert der.count(with_sha256) == 2
    unknown = x509.load_der_x509_certificate(der.replace(with_sha256, bytes.fromhex("06082a8648ce3d04037f")))
    result = inspect(certificate_pem(unknown) + key_pem(key, PASSPHRASE))
    assert "'CN=Leaf' is signed with 1.2.840.10045.4.3.127 in a form that is not known here" in [each["reason"] for each in result["weaknesses"]]


def test_what_old_exporters_made_is_named(tmp_path):
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-sha1", "-nodes", "-subj", "/CN=old", "-keyout", "key.pem", "-out", "root.pem", "-days", "9")
    openssl(tmp_path, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf", "-keyout", "leaf.key", "-out", "leaf.csr")
    openssl(tmp_path, "x509", "-req", "-sha1", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "key.pem", "-CAcreateserial", "-out", "leaf.pem", "-days", "9")
    leaf, leaf_key = (tmp_path / "leaf.pem").read_bytes(), (tmp_path / "leaf.key").read_bytes()
    assert weak(inspect(leaf, leaf_key)) == ["'CN=leaf' is signed with SHA-1"]
    sealed = openssl(tmp_path, "pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", "pass:" + PASSPHRASE, "-in", "leaf.key")
    assert weak(inspect(leaf, sealed)) == ["'CN=leaf' is signed with SHA-1", "sac_content is sealed with 3DES"]
    sealed = openssl(tmp_path, "pkcs8", "-topk8", "-v2", "des3", "-passout", "pass:" + PASSPHRASE, "-in", "leaf.key")
    assert weak(inspect(leaf, sealed)) == ["'CN=leaf' is signed with SHA-1", "sac_content is sealed with 3DES"]
    exported = openssl(tmp_path, "pkcs12", "-export", "-legacy", "-in", "leaf.pem", "-inkey", "leaf.key", "-passout", "pass:" + PASSPHRASE)
    assert weak(inspect(exported)) == ["'CN=leaf' is signed with SHA-1", "sac_content is sealed with 3DES", "sac_content is sealed with 40-bit RC2"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_raises_anything_unexpected(data, path, key):
    in_pem = b"".join(map(certificate_pem, path)) + key_pem(key, PASSPHRASE)
    whole = data.draw(st.sampled_from([in_pem, pkcs12_bytes(key, path[0], PASSPHRASE, path[1:])]))
    position = data.draw(st.integers(0, len(whole) - 1))
    spoiled = whole[:position] + data.draw(st.binary(max_size=4)) + whole[position + data.draw(st.integers(0, 3)):]
    try:
        if b"-----BEGIN" in spoiled:
            spoiled = spoiled.decode("utf-8", "replace").encode()
        kinds(inspect(spoiled))
    except RapidError as error:
        assert "BEGIN" not in error.message and "\n" not in error.message


# Proof


@pytest.mark.parametrize("answer, is_proven, found", [
    (response(404, {"Number": 1109, "Message": "x"}), True, []), (response(200, {"Status": "Requested"}), True, []),
    (response(400, {"Number": 13, "Message": "maintenance"}), True, []), (response(403, b"<html>"), False, ["sac_refused"]),
    (response(404, b"<html>"), None, ["refused"]), (response(200, b""), None, ["unusable_answer"])])
def test_any_answer_of_rapidauths_own_is_a_proof(serve, server_context, ca_path, authority, key, answer, is_proven, found):
    server = serve(answer, context=server_context(client_ca_path=ca_path))
    sac = pkcs12_bytes(key, authority.issue("Harbor County", key), PASSPHRASE)
    result = inspect(sac, probe=True, api_url=server.url() + "/rapid", ca_path=ca_path)
    assert (result["is_proven"], kinds(result)) == (is_proven, found)
    assert [(each.method, each.path) for each in server.requests] == [("GET", "/rapid/requests/00000000-0000-0000-0000-000000000000")]


def test_what_is_bad_already_is_not_shown_to_the_service(serve, server_context, ca_path, authority, key):
    server = serve(response(200), context=server_context(client_ca_path=ca_path))
    expired = pkcs12_bytes(key, authority.issue("Harbor County", key, days_from_now(-9), days_from_now(-1)), PASSPHRASE)
    result = inspect(expired, probe=True, api_url=server.url(), ca_path=ca_path)
    assert (result["is_proven"], kinds(result), server.connections) == (None, ["sac_expired"], 0)
