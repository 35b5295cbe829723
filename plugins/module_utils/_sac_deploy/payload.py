# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What leaves the controller for a position: a SAC that was judged usable, its key encrypted anew with AES-256."""

from __future__ import annotations

import base64
import datetime
import secrets

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.certificate import Sac, build_path
from ansible_collections.eccops.rapid.plugins.module_utils._sac.key_encoding import read_pss_algorithm
from ansible_collections.eccops.rapid.plugins.module_utils._sac.loading import read_sac, sac_source
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import find_problems

try:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
except ImportError:
    pass  # read_sac says so

LONGEST_PASSPHRASE_BYTES = 1023  # OpenSSL's limit
#: Rounds for a passphrase of 256 random bits, which no guessing finds: more would only cost time.
KEY_DERIVATION_ROUNDS = 20000


def build_payload(params: dict, now: datetime.datetime) -> tuple[dict[str, str], dict]:
    """Returns ({sac_content, sac_passphrase}, summary) for the options that name a SAC; raises RapidError.

    ``sac_content`` is PEM: the certificate, its chain in order, the encrypted key.
    """
    sac = _usable_sac(params, now)
    passphrase = params["sac_passphrase"]
    if not passphrase or len(passphrase.encode("utf-8")) > LONGEST_PASSPHRASE_BYTES:
        raise InvalidInput("sac_passphrase must have 1 to %d bytes: the installed key is encrypted with it" % LONGEST_PASSPHRASE_BYTES)
    pem = sac.encrypted_pem(passphrase.encode("utf-8")).decode("ascii")
    return {"sac_content": pem, "sac_passphrase": passphrase}, sac.summary(now)


def build_windows_payload(params: dict, now: datetime.datetime) -> dict[str, str]:
    """Returns {thumbprint, pkcs12, passphrase} for Windows; raises RapidError.

    ``pkcs12`` is base64 of a PKCS#12 sealed with AES-256 (PBES2) under ``passphrase``, which is new each time and known to
    nobody else; ``thumbprint`` is what Windows calls the certificate by.
    """
    sac = _usable_sac(params, now)
    if read_pss_algorithm(sac.certificate):
        raise SacUnusable(
            "%s from %s has a key for RSASSA-PSS only, which cannot be sent to Windows unchanged; ask the service's operator for a SAC "
            "with a plain RSA or an EC key" % (sac.describe(), sac.name),
            kind="sac_malformed",
        )
    passphrase = secrets.token_urlsafe(32)
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KEY_DERIVATION_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode("ascii"))
    )
    bundle = pkcs12.serialize_key_and_certificates(b"SAC", sac.key, sac.certificate, sac.chain, protection)  # type: ignore[arg-type]  # other kinds raise
    return {
        "thumbprint": sac.certificate.fingerprint(hashes.SHA1()).hex().upper(),
        "pkcs12": base64.b64encode(bundle).decode("ascii"),
        "passphrase": passphrase,
    }


def _usable_sac(params: dict, now: datetime.datetime) -> Sac:
    """Returns the Sac of the options, its chain in order and of its own; raises RapidError where it cannot be used."""
    sac = read_sac(sac_source(params), now)
    for kind, reason, what_to_do in find_problems(sac, now):
        raise SacUnusable("%s; %s" % (reason, what_to_do), kind=kind)
    return Sac(sac.certificate, sac.key, build_path(sac), sac.name)
