# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC is read however an editor, a mail, a variable or an export has changed it; what it is instead is named."""

from __future__ import annotations

import base64
import os
import re
import textwrap

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import SacSource, load_sac, read_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import inspect_sac
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, days_from_now, key_pem, pkcs12_bytes
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl

PASSPHRASE = "Grüße, 世界 $%\"'"
DER = serialization.Encoding.DER


@pytest.fixture(scope="module", name="forms")
def fixture_forms(authority, certificate, key):
    """Returns {name: content} of one SAC as PEM (with an old key too) and as PKCS#12."""
    own = certificate_pem(certificate)
    return {
        "PEM": own + authority.pem + key_pem(key, PASSPHRASE),
        "old PEM": own + authority.pem + key_pem(key, PASSPHRASE, serialization.PrivateFormat.TraditionalOpenSSL),
        "PKCS#12": pkcs12_bytes(key, certificate, PASSPHRASE, [authority.certificate]),
    }


def load(content, key_content=None, passphrase=PASSPHRASE):
    return load_sac(SacSource(content, key_content, passphrase, "the.sac"))


def assert_is(sac, certificate, key, chain=()):
    assert sac.certificate == certificate and sac.chain == list(chain)
    assert sac.key.private_numbers() == key.private_numbers()


def armour(der, label):
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(der), label)


DRESSES = {
    "literal \\n": lambda pem: pem.replace(b"\n", b"\\n"),
    "literal \\r\\n": lambda pem: pem.replace(b"\n", b"\\r\\n"),
    "escaped twice": lambda pem: pem.replace(b"\n", b"\\\\n"),
    "of JSON": lambda pem: b'{"sac": "' + pem.replace(b"\n", b"\\n") + b'"}',
    "blank lines": lambda pem: pem.replace(b"\n", b"\n\n"),
    "blank lines of spaces": lambda pem: pem.replace(b"\n", b"\n  \t\n"),
    "Windows line ends": lambda pem: pem.replace(b"\n", b"\r\n"),
    "old Macintosh line ends": lambda pem: pem.replace(b"\n", b"\r"),
    "doubled Windows line ends": lambda pem: pem.replace(b"\n", b"\r\r\n"),
    "indented": lambda pem: textwrap.indent(pem.decode(), "      ").encode(),
    "indented by tabs": lambda pem: textwrap.indent(pem.decode(), "\t").encode(),
    "space at the ends": lambda pem: pem.replace(b"\n", b"   \n"),
    "on one line": lambda pem: pem.replace(b"\n", b" "),
    "one line for each block": lambda pem: re.sub(rb"(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])", b"", pem),
    "text around": lambda pem: b"Dear customer,\nhere: it is.\n\n" + pem + b"\nRegards\n--\nThe vendor: -----\n",
    "byte order mark": lambda pem: b"\xef\xbb\xbf" + pem,
    "UTF-16": lambda pem: pem.decode().encode("utf-16"),
    "UTF-16 without its mark": lambda pem: pem.decode().encode("utf-16-le"),
    "big UTF-16 without its mark": lambda pem: pem.decode().encode("utf-16-be"),
    "no-break spaces": lambda pem: pem.replace(b"\n", b"\xc2\xa0\n"),
    "quoted lines of code": lambda pem: b"".join(b'    "%s\\n",\n' % line for line in pem.splitlines()),
    "base64": base64.encodebytes,
    "base64 on one line": base64.b64encode,
    "no padding": lambda pem: re.sub(rb"=+\n", b"\n", pem),
}


@pytest.mark.parametrize("form", ["PEM", "old PEM"])
@pytest.mark.parametrize("name", DRESSES)
def test_pem_is_read_whatever_happened_to_its_lines(name, form, forms, certificate, key, authority, tmp_path):
    content = DRESSES[name](forms[form])
    assert_is(load(content), certificate, key, [authority.certificate])
    path = tmp_path / "sac"
    path.write_bytes(content)
    assert_is(load_sac(sac_source({"sac_path": str(path), "sac_passphrase": PASSPHRASE})), certificate, key, [authority.certificate])


@pytest.mark.parametrize("name", [name for name in DRESSES if "UTF-16" not in name])
def test_content_is_read_as_a_file_is(name, forms, certificate, key, authority):
    params = {"sac_content": DRESSES[name](forms["PEM"]).decode(), "sac_passphrase": PASSPHRASE}
    assert_is(load_sac(sac_source(params)), certificate, key, [authority.certificate])


@pytest.mark.parametrize("dress", [
    base64.b64encode, base64.encodebytes, lambda der: base64.encodebytes(der).replace(b"\n", b"\r\n  "), lambda der: base64.b64encode(base64.b64encode(der)),
    lambda der: b"\xef\xbb\xbf" + base64.b64encode(der), lambda der: base64.b64encode(der).decode().encode("utf-16"),
    lambda der: b'"' + base64.b64encode(der).rstrip(b"=") + b'"\n', lambda der: armour(der, b"PKCS12"), lambda der: armour(der, b"PFX"),
    lambda der: armour(der, b"CERTIFICATE"), lambda der: der + b"\r\n",
], ids=["base64", "lines", "indented", "twice", "byte order mark", "UTF-16", "quoted", "PKCS12", "PFX", "certutil -encode", "line break behind it"])
def test_a_pkcs12_file_is_read_in_base64_and_in_pem(dress, forms, certificate, key, authority, tmp_path):
    content = dress(forms["PKCS#12"])
    assert_is(load(content), certificate, key, [authority.certificate])
    path = tmp_path / "sac.p12"
    path.write_bytes(content)
    assert_is(load_sac(sac_source({"sac_path": str(path), "sac_passphrase": PASSPHRASE})), certificate, key, [authority.certificate])


def test_der_is_read_where_both_parts_are_there(certificate, key, authority):
    own, key_der = certificate.public_bytes(DER), key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    sealed = key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE.encode()))
    old = key.private_bytes(DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    for key_content in (key_der, sealed, old, key_pem(key, PASSPHRASE), base64.b64encode(key_der)):
        assert_is(load(own, key_content), certificate, key)
        assert_is(load(certificate_pem(certificate), key_content), certificate, key)
    for bundle in (pkcs7.serialize_certificates([authority.certificate, certificate], DER),
                   pkcs7.serialize_certificates([authority.certificate, certificate], serialization.Encoding.PEM)):
        assert_is(load(bundle, key_der), certificate, key, [authority.certificate])
    assert_is(load(pkcs12_bytes(None, certificate, PASSPHRASE), key_pem(key, PASSPHRASE)), certificate, key)


def test_a_trusted_certificate_is_one(tmp_path, certificate, key):
    (tmp_path / "plain.pem").write_bytes(certificate_pem(certificate))
    trusted = openssl(tmp_path, "x509", "-in", "plain.pem", "-trustout", "-setalias", "SAC", "-addtrust", "clientAuth")
    assert b"BEGIN TRUSTED CERTIFICATE" in trusted
    assert_is(load(trusted + key_pem(key, PASSPHRASE)), certificate, key)
    assert_is(load(trusted.replace(b"TRUSTED", b"X509") + key_pem(key, PASSPHRASE)), certificate, key)


def test_pkcs12_files_of_other_programs_are_read(tmp_path, certificate, key):
    """Windows and Firefox write indefinite lengths and octet strings in pieces."""
    whole = pkcs12_bytes(key, certificate, PASSPHRASE, with_triple_des=True)
    assert_is(load(make_indefinite(whole)), certificate, key)
    (tmp_path / "sac.pem").write_bytes(certificate_pem(certificate) + key_pem(key))
    for options in (["-certpbe", "NONE"], ["-certpbe", "NONE", "-keypbe", "NONE"], ["-macalg", "sha512"], ["-iter", "1000000"]):
        exported = openssl(tmp_path, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:x", *options)
        assert_is(load(exported, passphrase="x"), certificate, key)
    exported = openssl(tmp_path, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:")
    assert_is(load(exported, passphrase=None), certificate, key)


def test_a_pkcs12_file_without_a_mac_is_read_or_named(tmp_path, certificate, key):
    (tmp_path / "sac.pem").write_bytes(certificate_pem(certificate) + key_pem(key))
    exported = openssl(tmp_path, "pkcs12", "-export", "-in", "sac.pem", "-passout", "pass:x", "-nomac")
    try:
        assert_is(load(exported, passphrase="x"), certificate, key)
    except SacUnusable as error:  # OpenSSL's own reader, which cryptography used before it had one, wants a MAC
        assert error.kind == "sac_malformed" and "without a MAC" in error.message


def make_indefinite(der):
    """Returns a PFX with its outer SEQUENCE and its content's wrapper of indefinite length, and its octets in two pieces."""
    def split(data):
        size = data[1] & 0x7F if data[1] & 0x80 else 0
        length = int.from_bytes(data[2:2 + size], "big") if size else data[1]
        return data[2 + size:2 + size + length], data[2 + size + length:]

    def short(tag, data):
        return bytes([tag, 0x82]) + len(data).to_bytes(2, "big") + data

    inside, _none = split(der)
    version, rest = inside[:3], inside[3:]
    info, seal = split(rest)
    oid, wrapper = info[:11], split(info[11:])[0]
    octets, _none = split(wrapper)
    pieces = b"\x24\x80" + short(0x04, octets[:100]) + short(0x04, octets[100:]) + b"\0\0"
    return b"\x30\x80" + version + b"\x30\x80" + oid + b"\xa0\x80" + pieces + b"\0\0" + b"\0\0" + seal + b"\0\0"


def test_the_valid_certificate_of_the_key_is_taken(authority, key):
    old = authority.issue("Harbor County", key, days_from_now(-300), days_from_now(-2))
    now, next_one = authority.issue("Harbor County", key), authority.issue("Harbor County", key, days_from_now(20), days_from_now(300))
    older = authority.issue("Harbor County", key, days_from_now(-500), days_from_now(-200))
    chain = [authority.certificate]
    for order in ([old, now], [now, old], [next_one, old, now], [older, now, next_one, now]):
        in_pem = b"".join(map(certificate_pem, order)) + authority.pem + key_pem(key, PASSPHRASE)
        assert_is(load(in_pem), now, key, chain)
        assert_is(load(pkcs12_bytes(key, order[0], PASSPHRASE, order[1:] + chain)), now, key, chain)
        source = SacSource(in_pem, None, PASSPHRASE, "the.sac")
        expected = next_one if next_one in order else now
        assert_is(read_sac(source, days_from_now(40)), expected, key, chain)
    result = inspect_sac({"sac_content": (certificate_pem(old) + certificate_pem(now) + key_pem(key)).decode(), "probe": False, "min_days_left": 0,
                          "timeout_seconds": 5, "retry_budget_seconds": 0}, False)
    assert result["is_usable"] and result["weaknesses"] == [] and result["serial"] == "%x" % now.serial_number
    assert_is(read_sac(SacSource(certificate_pem(older) + certificate_pem(old) + key_pem(key), None, None, "x")), old, key)


def test_only_a_regular_file_of_sensible_size_is_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")  # nobody ever writes to it
    (tmp_path / "large").write_bytes(b"x" * (1024 * 1024 + 1))
    for name, kind, words in (("fifo", "sac_unreadable", "it is not a regular file"), ("large", "sac_malformed", "has more than 1048576 bytes"),
                              ("a\0b", "sac_unreadable", "null byte")):
        with pytest.raises(SacUnusable, match=words) as caught:
            sac_source({"sac_path": str(tmp_path / name)})
        assert caught.value.kind == kind
    with pytest.raises(SacUnusable, match="it is not a regular file"):
        sac_source({"sac_path": "/dev/zero"})
    with pytest.raises(SacUnusable, match="sac_content has more than 1048576 bytes"):
        sac_source({"sac_content": "A" * (1024 * 1024 + 4)})
