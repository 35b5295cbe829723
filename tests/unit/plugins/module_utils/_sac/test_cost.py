# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""No key file keeps a task busy: what opening it costs is known, and bounded, before anything is decrypted."""

from __future__ import annotations

import base64
import datetime
import os
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac import ber
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import ensure_usable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.derivation_cost import MOST_ROUNDS
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac, read_sac
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import inspect_sac
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, encode_der, key_pem
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl

PASSPHRASE = "correct horse"
FOR_EVER = 2**31 - 1
#: A wave of a rotation starts with reading the SAC; this is far less than a task may take, and far more than a busy machine needs.
LONG_SECONDS = 20
FUZZING = {"deadline": datetime.timedelta(seconds=LONG_SECONDS), "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module", name="directory")
def fixture_directory(tmp_path_factory, certificate, key):
    directory = tmp_path_factory.mktemp("sac")
    (directory / "sac.pem").write_bytes(certificate_pem(certificate) + key_pem(key))
    return directory


def with_numbers(der, changed, seen=None):
    """Returns the DER with each INTEGER in it replaced by changed(number, how many came before), in octet strings too."""
    seen = [] if seen is None else seen

    def rewrite(element):
        if element.tag == ber.INTEGER:
            seen.append(element.number())
            number = changed(element.number(), len(seen) - 1)
            return encode_der(ber.INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
        if element.children:
            return encode_der(element.tag, b"".join(map(rewrite, element.children)))
        if element.tag == ber.OCTET_STRING and element.content[:1] == b"\x30":
            try:
                return encode_der(element.tag, rewrite(ber.parse(element.content)))
            except ber.BerError:
                pass
        return encode_der(element.tag, element.content)

    return rewrite(ber.parse(der))


def load(content, key_content=None, passphrase=PASSPHRASE):
    return load_sac(SacSource(content, key_content, passphrase, "the.sac"))


def refuse(content, key_content=None):
    """Returns the sentence that a SAC is refused with; it comes at once."""
    begin = time.monotonic()
    with pytest.raises(SacUnusable) as caught:
        load(content, key_content)
    assert time.monotonic() - begin < LONG_SECONDS
    assert caught.value.kind == "sac_malformed"
    return caught.value.message


EXPORTS = {
    "AES": [], "old": ["-legacy"], "3DES": ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"], "no seal": ["-nomac"],
    "certificates in clear": ["-certpbe", "NONE"], "seal only": ["-certpbe", "NONE", "-keypbe", "NONE"],
}


@pytest.mark.parametrize("name", EXPORTS)
def test_every_count_of_a_pkcs12_file_is_bounded(name, directory, certificate):
    """Each place that names rounds is found, one at a time: the seal's, the certificates' and the key's."""
    exported = openssl(directory, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:" + PASSPHRASE, "-iter", "2049", *EXPORTS[name])
    if name != "no seal":  # which not every version of cryptography reads
        assert load(exported).certificate == certificate
    seen = []
    assert with_numbers(exported, lambda number, unused_place: number, seen) == exported
    places = [place for place, number in enumerate(seen) if number in (2048, 2049)]
    assert len(places) in {"no seal": (1, 2), "certificates in clear": (2,), "seal only": (1,)}.get(name, (3,))
    for place in places:
        for number in (FOR_EVER, 2**63, 2**200, MOST_ROUNDS + 1):
            spoiled = with_numbers(exported, lambda old, at, place=place, number=number: number if at == place else old)
            for form in (spoiled, base64.b64encode(spoiled)):
                assert "rounds of key derivation, more than the 10000000 that are allowed; export it again: openssl pkcs12" in refuse(form)
    shared = with_numbers(exported, lambda old, at: MOST_ROUNDS // len(places) + 1 if at in places else old)
    assert "rounds of key derivation" in refuse(shared)  # all of them count together


def test_a_careful_site_with_a_million_rounds_is_served(directory, certificate):
    exported = openssl(directory, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:" + PASSPHRASE, "-iter", "1000000")
    assert load(exported).certificate == certificate
    in_pem = openssl(directory, "pkcs8", "-topk8", "-in", "sac.pem", "-passout", "pass:" + PASSPHRASE, "-iter", "1000000")
    assert load(certificate_pem(certificate), in_pem).certificate == certificate


@pytest.mark.parametrize("options", [
    ["-v2", "aes-256-cbc"], ["-v1", "PBE-SHA1-3DES"], ["-v1", "PBE-MD5-DES", "-provider", "legacy", "-provider", "default"]])
def test_the_count_of_a_key_in_pem_is_bounded(options, directory, certificate):
    exported = openssl(directory, "pkcs8", "-topk8", "-in", "sac.pem", "-outform", "DER", "-passout", "pass:" + PASSPHRASE, "-iter", "2049", *options)
    spoiled = with_numbers(exported, lambda old, unused_place: FOR_EVER if old == 2049 else old)
    assert spoiled != exported
    for label in (b"ENCRYPTED PRIVATE KEY", b"PRIVATE KEY", b"RSA PRIVATE KEY", b"CERTIFICATE"):
        in_pem = b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(spoiled), label)
        assert "openssl pkey -in FILE -aes256 -out key.pem" in refuse(certificate_pem(certificate) + in_pem)
        assert "rounds of key derivation" in refuse(certificate_pem(certificate), in_pem)
    assert "rounds of key derivation" in refuse(certificate_pem(certificate), spoiled)
    header = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
    refuse(certificate_pem(certificate), header + base64.encodebytes(spoiled) + b"-----END ENCRYPTED PRIVATE KEY-----\n")


def test_scrypt_is_bounded_in_time_and_memory(directory, certificate):
    exported = openssl(directory, "pkcs8", "-topk8", "-scrypt", "-in", "sac.pem", "-outform", "DER", "-passout", "pass:" + PASSPHRASE)
    assert load(certificate_pem(certificate), exported).certificate == certificate
    seen = []
    with_numbers(exported, lambda number, unused_place: number, seen)
    first = seen.index(16384)
    assert seen[first:first + 3] == [16384, 8, 1]
    for work, block, lanes in ((2**30, 8, 1), (2, 2**30, 1), (2, 8, 2**28), (2**20, 8, 1), (2**17, 8, 8), (2**200, 2**200, 2**200)):
        given_numbers = {first: work, first + 1: block, first + 2: lanes}
        spoiled = with_numbers(exported, lambda old, at, numbers=given_numbers: numbers.get(at, old))
        assert "asks for scrypt with N * r * p of" in refuse(certificate_pem(certificate), spoiled)


def test_a_key_too_long_to_be_proved_prime_is_refused(certificate):
    number = encode_der(ber.INTEGER, b"\x7f" + os.urandom(3000))
    long_key = encode_der(ber.SEQUENCE, b"\x02\x01\x00" + number * 8)
    assert "a private key of 24" in refuse(certificate_pem(certificate), long_key)


@pytest.mark.parametrize("depth, length", [(39, 1), (41, 1), (100000, 1), (3, 30000)])
def test_structure_without_end_is_no_structure(depth, length):
    for content in (b"\x30\x80" * depth + b"\x02\x01\x01" * length, b"\x30\x80" * depth + b"\0\0" * depth * length):
        begin = time.monotonic()
        with pytest.raises(RapidError):
            load(content)
        assert time.monotonic() - begin < LONG_SECONDS
    with pytest.raises(ber.BerError):
        ber.parse(b"\x30\x80" * 50)


@pytest.mark.parametrize("text", [
    b"-----BEGIN A-----" * 60000, b"-----BEGIN A-----\n-----END A-----\n" * 30000, b"-" * 1000000, b"\\" * 1000000, b" " * 1000000 + b"x", b"a:\n" * 300000,
    b"-----BEGIN A-----" + b"DEK-Info:" * 100000 + b"-----END A-----", b"-----BEGIN " + b"A " * 500000, b"<!--" * 250000, b"QUJD" * 250000])
def test_no_text_is_slow_to_take_apart(text):
    begin = time.monotonic()
    with pytest.raises(RapidError):
        load(text)
    assert time.monotonic() - begin < LONG_SECONDS


def test_many_certificates_of_two_names_are_not_slow(key):
    """Each has to be tried as the issuer of each, since only signatures show who issued whom; too many are refused."""
    signers = [certificates.Authority("Signer %d" % (number % 2)) for number in range(230)]
    chain = [issuer.issue(subject.certificate.subject.rfc4514_string()[3:], subject.key) for subject, issuer in zip(signers, signers[1:])]
    own = signers[0].issue("Harbor County", key)
    begin = time.monotonic()
    in_pem = b"".join(map(certificate_pem, [own] + chain[:198][::-1])) + key_pem(key)
    options = {"sac_content": in_pem.decode(), "probe": False, "min_days_left": 0, "timeout_seconds": 5, "retry_budget_seconds": 0}
    assert inspect_sac(options, False)["is_usable"]
    assert "holds more than 200 certificates; give the SAC with its own chain only" in refuse(certificates.pkcs12_bytes(key, own, PASSPHRASE, chain))
    bundle = pkcs7.serialize_certificates([own] + chain, serialization.Encoding.DER)
    assert "holds more than 200 certificates" in refuse(bundle, key_pem(key))
    assert time.monotonic() - begin < LONG_SECONDS


@settings(max_examples=400, **FUZZING)
@given(data=st.data())
def test_no_spoiled_file_raises_anything_unexpected_or_takes_long(data, key, spoilable):
    whole = data.draw(st.sampled_from(spoilable))
    for _each in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(whole) - 1))
        whole = whole[:position] + data.draw(st.binary(max_size=4)) + whole[position + data.draw(st.integers(0, 4)):] or b"0"
    try:
        ensure_usable(read_sac(SacSource(whole, data.draw(st.sampled_from([None, key_pem(key)])), PASSPHRASE, "the.sac")), utc_now())
    except RapidError as error:
        assert "BEGIN" not in error.message and "\n" not in error.message


@settings(max_examples=150, **FUZZING)
@given(data=st.data())
def test_no_number_in_a_file_makes_it_slow(data, spoilable, certificate):
    """Whatever numbers a whole structure holds: each is tried at every place, small, negative in DER, and very large."""
    der = data.draw(st.sampled_from([each for each in spoilable if each[:1] == b"\x30"]))
    seen = []
    with_numbers(der, lambda number, unused_place: number, seen)
    place = data.draw(st.integers(0, len(seen) - 1))
    number = data.draw(st.sampled_from([0, 1, 3, 64, 65, 2049, FOR_EVER, 2**31, 2**32 + 5, 2**63, 2**64, 2**900]))
    spoiled = with_numbers(der, lambda old, at: number if at == place else old)
    for content, key_content in ((spoiled, None), (certificate_pem(certificate), spoiled)):
        try:
            load(content, key_content)
        except RapidError:
            pass


@pytest.fixture(scope="module", name="spoilable")
def fixture_spoilable(directory, certificate, key):
    """Returns SACs in every form, to be spoiled."""
    exports = [openssl(directory, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:" + PASSPHRASE, *options) for options in EXPORTS.values()]
    sealed = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE.encode()))
    in_scrypt = openssl(directory, "pkcs8", "-topk8", "-scrypt", "-in", "sac.pem", "-outform", "DER", "-passout", "pass:" + PASSPHRASE)
    texts = [certificate_pem(certificate) + key_pem(key, PASSPHRASE), base64.encodebytes(exports[0]),
             certificate_pem(certificate) + key_pem(key, PASSPHRASE, serialization.PrivateFormat.TraditionalOpenSSL)]
    return exports + [sealed, in_scrypt, certificate.public_bytes(serialization.Encoding.DER)] + texts
