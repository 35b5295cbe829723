# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Opens the parts that a SAC was given in: certificates and the one key, decrypted only once it is known what that costs."""

from __future__ import annotations

import warnings

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac import identification, parts
from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import BerError
from ansible_collections.eccops.rapid.plugins.module_utils._sac.derivation_cost import Cost
from ansible_collections.eccops.rapid.plugins.module_utils._sac.parts import Part, SacSource

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
except ImportError:
    pass  # read_sac says so

#: More than any chain has; each pair of them may have to be compared.
MOST_CERTIFICATES = 200
KEY_OPTIONS = "the content of sac_key_path or sac_key_content"


def open_parts(source: SacSource) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    """Returns (private key, certificates) of a SacSource; raises SacUnusable, and ValueError for what cryptography cannot parse."""
    found = _split(source.certificate, source.name) + (_split(source.key, KEY_OPTIONS) if source.key else [])
    keys = _count_affordable_keys(found, source)
    certificates = [_load_certificate(source, each) for each in found if each.kind == identification.CERTIFICATE]
    for each in found:
        if each.kind == identification.PKCS7:
            certificates += _load_pkcs7(source, each)
    bundles = [each for each in found if each.kind == identification.PKCS12]
    if not certificates and not bundles:
        raise SacUnusable(_explain_missing_certificate(source, found), kind="sac_malformed")
    if keys > 1 or not keys and not bundles:
        raise SacUnusable(_explain_key_count(source, found, keys), kind="sac_malformed")
    key = None
    for each in bundles:
        own_key, own_certificates = _load_pkcs12(source, each)
        key, certificates = own_key or key, own_certificates + certificates
    key = next((_load_key(source, each) for each in found if each.is_private_key), key)
    if len(certificates) > MOST_CERTIFICATES:
        raise SacUnusable(
            "%s holds more than %d certificates; give the SAC with its own chain only" % (source.name, MOST_CERTIFICATES), kind="sac_malformed")
    if key is None or not certificates:
        missing = "private key" if key is None else "certificate"
        raise SacUnusable("%s holds no %s; export the SAC again with certificate and key" % (source.name, missing), kind="sac_malformed")
    return key, certificates


def _split(content: bytes | None, name: str) -> list[Part]:
    """Returns the parts of one input, at least one; raises SacUnusable, saying what it is where it has none."""
    found, inner = parts.split(content or b"", name)
    if not found:
        raise SacUnusable(_explain_foreign(name, inner), kind="sac_malformed")
    return found


def _explain_foreign(name: str, content: bytes) -> str:
    """Returns the sentence about what is neither PEM nor DER of a key or certificate."""
    what = identification.recognise(content)
    if what == identification.EMPTY:
        return "%s is empty" % name
    if what == identification.VAULT:
        return (
            "%s is still encrypted with Ansible Vault; read it with the lookup ansible.builtin.file and give what that returns in "
            "sac_content (vault a PKCS#12 file as base64)" % name
        )
    if what == identification.JAVA_KEY_STORE:
        return "%s is a Java key store (JKS); convert it with keytool -importkeystore -deststoretype PKCS12" % name
    missing_bytes = _count_missing_bytes(content)
    if missing_bytes:
        return "%s is cut off: %d bytes are missing at its end; download the SAC again" % (name, missing_bytes)
    if what:
        return _describe(name, what)
    return "%s is neither PEM nor a whole PKCS#12 file; download the SAC again" % name


def _describe(name: str, what: str) -> str:
    return "%s is %s; give the PKCS#12 file (.p12, .pfx) that the SAC came in, or PEM" % (name, what)


def _explain_missing_certificate(source: SacSource, found: list[Part]) -> str:
    if len(found) == 1:
        if found[0].kind in identification.DESCRIPTIONS:
            return _describe(source.name, identification.DESCRIPTIONS[found[0].kind])
        if found[0].is_private_key and not found[0].is_pem:
            return _describe(source.name, "a private key in DER without its certificate")
    return "%s holds no certificate" % source.name


def _explain_key_count(source: SacSource, found: list[Part], keys: int) -> str:
    if len(found) == 1 and not found[0].is_pem and found[0].kind == identification.CERTIFICATE:
        return _describe(source.name, "a certificate in DER without its private key")
    if found[0].kind == identification.PKCS7 and not keys:
        return _describe(source.name, "a PKCS#7 file (.p7b), which never holds a private key")
    return "%s comes with %s private keys, and needs one; give it in the same file or by sac_key_path or sac_key_content" % (source.name, keys or "no")


def _count_missing_bytes(der: bytes) -> int:
    """Returns how many bytes the outer SEQUENCE announces beyond the end; 0 where it is none or whole."""
    if len(der) < 2 or der[0] != 0x30 or der[1] == 0x80:
        return 0
    length_bytes = der[1] & 0x7F if der[1] & 0x80 else 0
    length = int.from_bytes(der[2:2 + length_bytes], "big") if length_bytes else der[1]
    return max(0, 2 + length_bytes + length - len(der)) if length_bytes <= 4 else 0


def _count_affordable_keys(found: list[Part], source: SacSource) -> int:
    """Returns how many private keys can be seen; raises SacUnusable where opening the parts would take too long."""
    cost = Cost()
    for each in found:
        try:
            if each.kind == identification.PKCS12:
                cost.add_pkcs12(each.whole_element())
            elif each.kind == identification.ENCRYPTED_PRIVATE_KEY:
                cost.add_encrypted_key(each.whole_element())
            elif each.is_private_key:
                cost.add_key(len(each.der))
        except BerError:  # then nobody knows what opening it costs
            what = "PKCS#12 file" if each.kind == identification.PKCS12 else "private key"
            raise SacUnusable("the %s of %s cannot be parsed; download the SAC again" % (what, source.name), kind="sac_malformed") from None
    reason = cost.reason_against()
    if reason:
        raise SacUnusable(
            "%s asks for %s; export it again: openssl pkcs12 -in FILE -aes256 -out sac.pem, or for a key in PEM "
            "openssl pkey -in FILE -aes256 -out key.pem" % (source.name, reason),
            kind="sac_malformed",
        )
    return cost.keys


def _load_pkcs12(source: SacSource, part: Part) -> tuple[PrivateKeyTypes | None, list[x509.Certificate]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a file of Windows or Firefox is BER, about which nobody can do anything
            key, certificate, chain = pkcs12.load_key_and_certificates(part.der, _passphrase_bytes(source))
    except ValueError as error:
        # cryptography says "Invalid password" when the file was read and its seal did not fit the passphrase.
        if "password" in str(error).lower():
            if len(part.whole_element().children) < 3:
                raise SacUnusable(
                    "%s is a PKCS#12 file without a MAC, which this version of cryptography cannot open; export the SAC again with one" % source.name,
                    kind="sac_malformed",
                ) from None
            raise (_wrong_passphrase if source.passphrase else _missing_passphrase)(source) from None
        raise SacUnusable("%s is neither PEM nor a whole PKCS#12 file; download the SAC again" % source.name, kind="sac_malformed") from None
    return key, ([certificate] if certificate else []) + list(chain)


def _load_pkcs7(source: SacSource, part: Part) -> list[x509.Certificate]:
    try:
        return list(pkcs7.load_der_pkcs7_certificates(part.der))
    except Exception:  # ValueError, UnsupportedAlgorithm or what a damaged one brings an older cryptography to
        raise _unparsable_certificate(source) from None


def _load_certificate(source: SacSource, part: Part) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(part.der)
    except ValueError:
        raise _unparsable_certificate(source) from None


def _unparsable_certificate(source: SacSource) -> SacUnusable:
    return SacUnusable("a certificate in %s cannot be parsed; download the SAC again" % source.name, kind="sac_malformed")


def _load_key(source: SacSource, part: Part) -> PrivateKeyTypes:
    if part.kind == identification.OPENSSH_PRIVATE_KEY:
        raise SacUnusable("%s comes with an OpenSSH private key; convert a copy of it with ssh-keygen -p -m PKCS8 -f COPY" % source.name, kind="sac_malformed")
    is_encrypted = part.kind == identification.ENCRYPTED_PRIVATE_KEY or part.cipher is not None
    if is_encrypted and not source.passphrase:
        raise _missing_passphrase(source)
    if part.cipher and len(part.cipher[1]) != (32 if part.cipher[0].startswith(b"AES-") else 16):  # hexadecimal digits: fewer make cryptography panic
        raise SacUnusable("the private key of %s cannot be parsed; download the SAC again" % source.name, kind="sac_malformed")
    try:
        return serialization.load_pem_private_key(part.as_pem(), _passphrase_bytes(source) if is_encrypted else None)
    except (ValueError, TypeError):
        # About one wrong passphrase in 200 leaves valid padding, and cryptography then says that it read garbage.
        if is_encrypted:
            raise _wrong_passphrase(source) from None
        raise SacUnusable(
            "the private key of %s cannot be parsed; download the SAC again" % source.name, kind="sac_malformed"
        ) from None
    except Exception as error:  # cryptography raises its own UnsupportedAlgorithm for ciphers it no longer knows
        raise SacUnusable(
            "the private key of %s uses an algorithm that is not supported (%s); export it again with AES"
            % (source.name, type(error).__name__),
            kind="sac_malformed",
        ) from None


def _missing_passphrase(source: SacSource) -> SacUnusable:
    return SacUnusable(
        "the private key of %s is encrypted; set sac_passphrase" % source.name, kind="sac_passphrase_missing"
    )


def _wrong_passphrase(source: SacSource) -> SacUnusable:
    return SacUnusable(
        "the passphrase does not open the private key of %s; check sac_passphrase, and whether the file is whole" % source.name,
        kind="sac_wrong_passphrase",
    )


def _passphrase_bytes(source: SacSource) -> bytes | None:
    return source.passphrase.encode("utf-8") if source.passphrase else None
