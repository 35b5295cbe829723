# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC is read in every form it comes in, and what cannot be read has an answer of its own."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import ensure_usable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, key_pem, pkcs12_bytes

PASSPHRASE = "Grüße, 世界 $%\"'"


@pytest.fixture(scope="module")
def pem(certificate, key):
    return certificate_pem(certificate) + key_pem(key, PASSPHRASE)


def load(content, key_content=None, passphrase=PASSPHRASE):
    return load_sac(SacSource(content, key_content, passphrase, "the.sac"))


def kind_of(call):
    with pytest.raises(RapidError) as caught:
        call()
    assert PASSPHRASE not in str(caught.value.as_result())
    return caught.value.kind


@pytest.mark.parametrize("form", ["combined", "key first", "separate", "with chain", "chain first", "PKCS#12", "PKCS#12 with chain", "PKCS#12 with 3DES"])
@pytest.mark.parametrize("kind_of_key", ["EC", "RSA"])
def test_a_sac_is_read_in_every_form(form, kind_of_key, authority, key, rsa_key):
    key = rsa_key if kind_of_key == "RSA" else key
    certificate, chain = authority.issue("Harbor County", key), authority.certificate
    own, encrypted = certificate_pem(certificate), key_pem(key, PASSPHRASE)
    sac = {
        "combined": lambda: load(own + encrypted),
        "key first": lambda: load(encrypted + own),
        "separate": lambda: load(own, encrypted),
        "with chain": lambda: load(own + authority.pem, encrypted),
        "chain first": lambda: load(authority.pem + encrypted + own),
        "PKCS#12": lambda: load(pkcs12_bytes(key, certificate, PASSPHRASE)),
        "PKCS#12 with chain": lambda: load(pkcs12_bytes(key, certificate, PASSPHRASE, [chain])),
        "PKCS#12 with 3DES": lambda: load(pkcs12_bytes(key, certificate, PASSPHRASE, with_triple_des=True)),
    }[form]()
    assert sac.certificate == certificate
    assert sac.key.private_numbers() == key.private_numbers()
    assert sac.chain == ([chain] if "chain" in form else [])
    ensure_usable(sac, utc_now())


@pytest.mark.parametrize(
    "dress",
    [
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: b"Bag Attributes\n    friendlyName: SAC\nsubject=CN = Harbor County\n" + pem,
        lambda pem: pem.replace(b"-----BEGIN ENC", b"\n  \nKey Attributes: <No Attributes>\n-----BEGIN ENC"),
        lambda pem: pem.rstrip(b"\n"),
        lambda pem: b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + pem,
    ],
    ids=["Windows line ends", "byte order mark", "bag attributes", "text between", "no last line end", "EC parameters"],
)
def test_how_the_pem_is_dressed_does_not_matter(pem, dress):
    assert load(dress(pem)).subject == "CN=Harbor County"


@pytest.mark.parametrize("dress", [lambda pem: pem.decode().encode("utf-16"), lambda pem: b"\xfe\xff" + pem.decode().encode("utf-16-be")])
def test_a_pem_that_windows_saved_as_unicode_is_read(tmp_path, pem, dress):
    path = tmp_path / "sac.pem"
    path.write_bytes(dress(pem))
    assert load_sac(sac_source({"sac_path": str(path), "sac_passphrase": PASSPHRASE})).subject == "CN=Harbor County"


@pytest.mark.parametrize("private_format", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_old_and_unencrypted_keys_are_read(certificate, key, private_format):
    own = certificate_pem(certificate)
    assert load(own, key_pem(key, PASSPHRASE, private_format)).certificate == certificate
    for passphrase in (None, PASSPHRASE):  # what is not encrypted needs none, and minds none
        assert load(own, key_pem(key, private_format=private_format), passphrase).certificate == certificate


def test_every_truncation_of_a_pem_is_named_as_one(certificate, pem):
    for length in range(len(certificate_pem(certificate)), len(pem) - len("-----\n"), 7):
        assert kind_of(lambda cut=length: load(pem[:cut])) == "sac_malformed"


def test_every_truncation_of_a_pkcs12_is_named_as_one(certificate, key):
    whole = pkcs12_bytes(key, certificate, PASSPHRASE, with_triple_des=True)
    for length in range(0, len(whole), 11):
        assert kind_of(lambda cut=length: load(whole[:cut])) == "sac_malformed"


@pytest.mark.parametrize("wrong", ["wrong", PASSPHRASE + " ", "x" * 500])
def test_a_wrong_passphrase_is_called_one(pem, certificate, key, wrong):
    traditional = key_pem(key, PASSPHRASE, serialization.PrivateFormat.TraditionalOpenSSL)
    assert kind_of(lambda: load(pem, passphrase=wrong)) == "sac_wrong_passphrase"
    assert kind_of(lambda: load(pkcs12_bytes(key, certificate, PASSPHRASE), passphrase=wrong)) == "sac_wrong_passphrase"
    assert kind_of(lambda: load(certificate_pem(certificate), traditional, wrong)) == "sac_wrong_passphrase"


def test_a_wrong_passphrase_that_happens_to_leave_valid_padding_is_called_one_too(certificate, key):
    # One in some two hundred passes the cipher's padding check and yields garbage.
    traditional = key_pem(key, "right", serialization.PrivateFormat.TraditionalOpenSSL)
    own = certificate_pem(certificate)
    kinds = {kind_of(lambda number=number: load(own, traditional, "wrong %d" % number)) for number in range(1500)}
    assert kinds == {"sac_wrong_passphrase"}


def test_a_missing_passphrase_is_called_missing(pem, certificate, key):
    for passphrase in (None, ""):
        assert kind_of(lambda given=passphrase: load(pem, passphrase=given)) == "sac_passphrase_missing"
        assert kind_of(lambda given=passphrase: load(pkcs12_bytes(key, certificate, PASSPHRASE), passphrase=given)) == "sac_passphrase_missing"


@pytest.mark.parametrize("passphrase", ["\udcff", "nul\0inside"])
def test_a_passphrase_that_cannot_be_one_is_an_expected_error(certificate, key, passphrase):
    params = {"sac_content": base64.b64encode(pkcs12_bytes(key, certificate, PASSPHRASE)).decode(), "sac_passphrase": passphrase}
    with pytest.raises(RapidError):
        load_sac(sac_source(params))


class Parts:
    """One SAC, in the pieces that spoiled ones are made of."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key
        self.own, self.sealed, self.bare = certificate_pem(certificate), key_pem(key, PASSPHRASE), key_pem(key)
        self.whole = pkcs12_bytes(key, certificate, PASSPHRASE)

    def key_der(self, passphrase=None):
        encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        return self.key.private_bytes(DER, serialization.PrivateFormat.PKCS8, encryption)


DER = serialization.Encoding.DER
#: name: (what is given: content, or content and key; passphrase, kind, words)
UNREADABLE = {
    "nothing": (lambda parts: b"", PASSPHRASE, "sac_malformed", "is empty"),
    "wrong passphrase": (lambda parts: parts.own + parts.sealed, "wrong", "sac_wrong_passphrase", "check sac_passphrase"),
    "wrong passphrase of PKCS#12": (lambda parts: parts.whole, "wrong", "sac_wrong_passphrase", "check sac_passphrase"),
    "no passphrase": (lambda parts: parts.own + parts.sealed, None, "sac_passphrase_missing", "set sac_passphrase"),
    "cut PEM": (lambda parts: parts.own + parts.sealed[:-40], PASSPHRASE, "sac_malformed", "cut off inside a PEM block"),
    "cut PKCS#12": (lambda parts: parts.whole[:-40], PASSPHRASE, "sac_malformed", "cut off: 40 bytes are missing"),
    "several keys": (lambda parts: parts.own + parts.sealed + parts.bare, PASSPHRASE, "sac_malformed", "comes with 2 private keys"),
    "a key in it and one beside": (lambda parts: (parts.own + parts.sealed, parts.sealed), PASSPHRASE, "sac_malformed", "comes with 2 private keys"),
    "no key": (lambda parts: parts.own, None, "sac_malformed", "comes with no private keys"),
    "no key in PKCS#12": (lambda parts: pkcs12_bytes(None, parts.certificate, PASSPHRASE), PASSPHRASE, "sac_malformed", "holds no private key"),
    "no certificate": (lambda parts: parts.sealed, PASSPHRASE, "sac_malformed", "holds no certificate"),
    "spoiled certificate": (
        lambda parts: (parts.own.replace(b"MII", b"AAA", 1), parts.sealed), PASSPHRASE, "sac_malformed", "a certificate in the.sac cannot be parsed"),
    "spoiled key": (lambda parts: (parts.own, parts.bare.replace(b"MIG", b"AAA", 1)), None, "sac_malformed", "private key of the.sac cannot be parsed"),
    "certificate in DER": (lambda parts: parts.certificate.public_bytes(DER), None, "sac_malformed", "a certificate in DER without its private key"),
    "key in DER": (lambda parts: parts.key_der(), None, "sac_malformed", "a private key in DER without"),
    "sealed key in DER": (lambda parts: parts.key_der(b"x"), None, "sac_malformed", "a private key in DER without"),
    "something else": (lambda parts: b"\x01\x02 nonsense", None, "sac_malformed", "neither PEM nor a whole PKCS#12"),
    "another SEQUENCE": (lambda parts: b"0\x03\x02\x01\x05", None, "sac_malformed", "neither PEM nor a whole PKCS#12"),
}


@pytest.fixture(scope="module", name="parts")
def fixture_parts(certificate, key):
    return Parts(certificate, key)


def given_by(name, parts):
    """Returns (content, key content or None) of an unreadable SAC."""
    content = UNREADABLE[name][0](parts)
    return content if isinstance(content, tuple) else (content, None)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_says_what_it_is(name, parts):
    unused_make, passphrase, kind, words = UNREADABLE[name]
    with pytest.raises(SacUnusable) as caught:
        load(*given_by(name, parts), passphrase=passphrase)
    assert (caught.value.kind, words in caught.value.message) == (kind, True), caught.value.message
    assert "\n" not in caught.value.message and PASSPHRASE not in caught.value.message


def test_the_key_of_another_certificate_is_no_sac(certificate):
    assert kind_of(lambda: load(certificate_pem(certificate), key_pem(certificates.new_key(), PASSPHRASE))) == "sac_key_mismatch"


def test_content_and_path_give_the_same(tmp_path, certificate, key, pem):
    (tmp_path / "sac").write_bytes(pem)
    (tmp_path / "key").write_bytes(key_pem(key, PASSPHRASE))
    (tmp_path / "certificate").write_bytes(certificate_pem(certificate))
    sealed = pkcs12_bytes(key, certificate, PASSPHRASE)
    for params in [
        {"sac_path": str(tmp_path / "sac")},
        {"sac_path": str(tmp_path / "certificate"), "sac_key_path": str(tmp_path / "key")},
        {"sac_path": str(tmp_path / "certificate"), "sac_key_content": key_pem(key, PASSPHRASE).decode()},
        {"sac_content": pem.decode()},
        {"sac_content": base64.b64encode(sealed).decode()},
        {"sac_content": base64.encodebytes(sealed).decode().replace("\n", "\r\n  ")},
    ]:
        assert load_sac(sac_source(dict(params, sac_passphrase=PASSPHRASE))).certificate == certificate


@pytest.mark.parametrize("content", ["not base64!", "-----BEGI", "AAA", "sac.pem"])
def test_content_that_is_neither_pem_nor_base64_is_said_without_quoting_it(content):
    with pytest.raises(InvalidInput, match="sac_content is neither PEM nor base64") as caught:
        sac_source({"sac_content": content})
    assert content not in caught.value.message


def test_a_path_that_cannot_be_read_is_named_with_its_option(tmp_path, pem):
    assert kind_of(lambda: sac_source({"sac_path": str(tmp_path)})) == "sac_unreadable"
    with pytest.raises(SacUnusable, match="sac_key_path '/no/such/file' cannot be read: No such file"):
        sac_source({"sac_content": pem.decode(), "sac_key_path": "/no/such/file"})
    with pytest.raises(InvalidInput, match="no SAC was given"):
        sac_source({})


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_spoiled_sac_raises_anything_unexpected(data, parts):
    readable = [parts.own + parts.sealed, pkcs12_bytes(parts.key, parts.certificate, PASSPHRASE, with_triple_des=True)]
    whole = data.draw(st.sampled_from(readable + [content for content in (given_by(name, parts)[0] for name in UNREADABLE) if content]))
    position = data.draw(st.integers(0, len(whole) - 1))
    after = position + data.draw(st.integers(0, 3))
    spoiled = whole[:position] + data.draw(st.binary(max_size=4)) + whole[after:]
    try:
        ensure_usable(load(spoiled), utc_now())
    except RapidError as error:
        assert "BEGIN" not in error.message and "\n" not in error.message
