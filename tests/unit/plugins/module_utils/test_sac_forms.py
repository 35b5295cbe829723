# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A SAC is read however an editor, a mail, a variable or an export has changed it; what it is instead is named."""

from __future__ import annotations

import base64
import os
import re
import socket
import ssl
import textwrap

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils.instants import utc_now
from ansible_collections.eccops.rapid.plugins.module_utils.sac_inspection import inspect_sac
from ansible_collections.eccops.rapid.plugins.module_utils.sac_reading import SacSource, load_sac, read_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils.sac_shipment import shipment_of, windows_shipment_of
from ansible_collections.eccops.rapid.plugins.module_utils.tls import client_context
from ansible_collections.eccops.rapid.tests.unit.support import certificates
from ansible_collections.eccops.rapid.tests.unit.support.certificates import certificate_pem, days_from_now, key_pem, pkcs12_bytes
from ansible_collections.eccops.rapid.tests.unit.support.openssl import openssl

PASSPHRASE = "Grüße, 世界 $%\"'"
DER = serialization.Encoding.DER


@pytest.fixture(scope="module", name="key")
def fixture_key():
    return certificates.new_key()


@pytest.fixture(scope="module", name="certificate")
def fixture_certificate(authority, key):
    return authority.issue("Harbor County", key)


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


def request_pem(key):
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, certificates.hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def openssh(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())


def public(key, encoding, public_format):
    return key.public_key().public_bytes(encoding, public_format)


def two_keys(key):
    """Returns a PKCS#12 file with two key bags that are not encrypted."""
    plain = key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    own = _der(0x30, bytes.fromhex("060b2a864886f70d010c0a0101") + _der(0xA0, plain))
    safe = _der(0x30, bytes.fromhex("06092a864886f70d010701") + _der(0xA0, _der(0x04, _der(0x30, own + own))))
    return _der(0x30, b"\x02\x01\x03" + _der(0x30, bytes.fromhex("06092a864886f70d010701") + _der(0xA0, _der(0x04, _der(0x30, safe)))))


def _der(tag, content):
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag]) + (bytes([len(content)]) if len(content) < 128 else bytes([0x80 | len(size)]) + size) + content


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


@pytest.mark.parametrize("salt", ["", "00", "0011223344556677", "0" * 31, "0" * 33, "0" * 400, "zz", "00112233445566778899aabbccddeefg"])
@pytest.mark.parametrize("cipher", ["AES-256-CBC", "DES-EDE3-CBC", "DES-CBC", "AES-256-GCM", "NO-SUCH"])
def test_a_spoiled_header_of_an_old_key_is_an_expected_error(forms, salt, cipher):
    spoiled = re.sub(rb"DEK-Info: [A-Z0-9-]+,[0-9A-F]+", b"DEK-Info: %s,%s" % (cipher.encode(), salt.encode()), forms["old PEM"])
    assert spoiled != forms["old PEM"]
    with pytest.raises(SacUnusable):
        load(spoiled)


def test_a_panic_of_the_library_is_an_expected_error_and_an_interruption_is_not(forms, monkeypatch):
    class PanicException(BaseException):
        """What a panic in cryptography's Rust is raised as."""

    for raised, expected in ((PanicException, SacUnusable), (KeyboardInterrupt, KeyboardInterrupt)):
        monkeypatch.setattr(serialization, "load_pem_private_key", lambda *unused_arguments, each=raised: (_ for _ in ()).throw(each()))
        with pytest.raises(expected):
            load(forms["PEM"])


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
    shipped, unused_summary = shipment_of(params, utc_now())
    (tmp_path / "shipped.pem").write_text(shipped["sac_content"], encoding="ascii")
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tmp_path / "shipped.pem", password="correct horse")
    text = openssl(tmp_path, "pkey", "-in", "shipped.pem", "-passin", "pass:correct horse")
    assert base64.b64decode(b"".join(text.splitlines()[1:-1])) == base64.b64decode(b"".join((tmp_path / "key.pem").read_bytes().splitlines()[1:-1]))
    assert_is(load(shipped["sac_content"].encode(), passphrase="correct horse"), sac.certificate, sac.key)
    with pytest.raises(SacUnusable, match="RSASSA-PSS only, which cannot be sent to Windows unchanged"):
        windows_shipment_of(params, utc_now())


def test_other_keys_are_written_as_what_they_are(authority, key, rsa_key):
    for each in (key, rsa_key):
        certificate = authority.issue("Harbor County", each)
        params = {"sac_content": (certificate_pem(certificate) + key_pem(each)).decode(), "sac_passphrase": "correct horse"}
        assert_is(load(shipment_of(params, utc_now())[0]["sac_content"].encode(), passphrase="correct horse"), certificate, each)
        windows = windows_shipment_of(params, utc_now())
        own_key, own, _chain = pkcs12.load_key_and_certificates(base64.b64decode(windows["pkcs12"]), windows["passphrase"].encode())
        assert own == certificate and own_key.private_numbers() == each.private_numbers()
