# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the SACs the sandbox hands out: one that works and one for each way of being refused.

The documentation's curl examples take PEM with a passphrase; the vendor's clients are handed
PKCS#12. Both are written, the key encrypted with AES-256 in each.
"""

import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from rapid_sandbox import authority as certificates

# name: (days from now it begins, days from now it ends, does a foreign authority sign it)
KINDS = {
    "valid": (-30, 700, False),
    "expired": (-400, -30, False),
    "not_yet_valid": (365, 730, False),
    "foreign_authority": (-30, 700, True),
}


def load_or_create(directory, passphrases, own_authority, foreign_authority):
    """Paths and passphrase of every SAC, made where they are missing."""
    described = {}
    for kind, (begins, ends, is_foreign) in KINDS.items():
        files = {
            "certificate_path": directory.file(f"sacs/{kind}.certificate.pem"),
            "key_path": directory.file(f"sacs/{kind}.key.pem"),
            "combined_path": directory.file(f"sacs/{kind}.pem"),
            "pkcs12_path": directory.file(f"sacs/{kind}.p12"),
        }
        if not all(path.exists() for path in files.values()):
            signer = foreign_authority if is_foreign else own_authority
            _create(directory, kind, signer, begins, ends, passphrases[kind].encode())
        described[kind] = {name: str(path) for name, path in files.items()}
        described[kind]["passphrase"] = passphrases[kind]
    return described


def _create(directory, kind, signer, begins, ends, passphrase):
    key = certificates.new_key()
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = certificates.sign_client(
        signer, f"sandbox-sac-{kind.replace('_', '-')}", key.public_key(),
        now + begins * certificates.ONE_DAY, now + ends * certificates.ONE_DAY)
    certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase))
    protection = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(20_000)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    bundle = pkcs12.serialize_key_and_certificates(b"sac", key, certificate, None, protection)
    directory.write(f"sacs/{kind}.certificate.pem", certificate_pem)
    directory.write(f"sacs/{kind}.key.pem", key_pem)
    directory.write(f"sacs/{kind}.pem", certificate_pem + key_pem)
    directory.write(f"sacs/{kind}.p12", bundle)
