# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the sandbox's own secrets: random per data directory, made at the first start, kept after."""

import secrets
import string

FILE_NAME = "secrets.json"
ECCS = ("north", "river", "harbor")
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


def random_text(length):
    """Letters and digits only, a letter first: safe on any command line."""
    return secrets.choice(string.ascii_letters) + "".join(
        secrets.choice(_LETTERS_AND_DIGITS) for _position in range(length - 1))


def load_or_create(directory):
    """The secrets of this data directory."""
    stored = directory.read_json(FILE_NAME)
    if stored is None:
        stored = _create()
        directory.write_json(FILE_NAME, stored)
    return stored


def _create():
    return {
        "token_signing_key": secrets.token_hex(64),
        "client_id": f"sandbox-integration-{secrets.token_hex(4)}",
        "client_secret": random_text(43),
        "sac_passphrases": {
            name: random_text(24)
            for name in ("valid", "expired", "not_yet_valid", "foreign_authority")
        },
        "accounts": _accounts(),
    }


def _accounts():
    """One launcher account (Agent) per ECC and one administrator.

    The CJIS Security Policy allows every printable character in a password, so some have spaces,
    quotes and letters outside ASCII.
    """
    endings = {"north": "", "river": " 'q\" $x", "harbor": " \u00e9\u00df\u0416"}
    accounts = [
        {
            "email": f"launcher.{ecc}@ecc.example",
            "password": random_text(20) + endings[ecc],
            "ecc": f"ecc_{ecc}",
            "role": "Agent",
            "user_id": str(10_000 + secrets.randbelow(80_000)),
        }
        for ecc in ECCS
    ]
    accounts.append({
        "email": "admin.north@ecc.example",
        "password": random_text(20),
        "ecc": "ecc_north",
        "role": "Admin",
        "user_id": str(10_000 + secrets.randbelow(80_000)),
    })
    return accounts
