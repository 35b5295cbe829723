# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The files of one installed SAC: what they should hold, and whether they do. Standard library of Python 3.8 only.

No certificate is parsed here: OpenSSL says whether key, certificate and passphrase belong together.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import stat

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, SacUnusable

CERTIFICATE, CHAIN, KEY, COMBINED, PASSPHRASE = "certificate.pem", "chain.pem", "key.pem", "sac.pem", "passphrase"
FILE_NAMES = (CERTIFICATE, CHAIN, KEY, COMBINED)

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----\r?\n?", re.DOTALL)
_LONGEST_FILE_BYTES = 1024 * 1024


class WantedSac:
    """A SAC to be installed, from PEM that begins with its certificate, then has its chain and its encrypted key."""

    def __init__(self, pem: str, passphrase: str) -> None:
        blocks = [(match.group(1), match.group(0)) for match in _BLOCK.finditer(pem)]
        certificates = [text for label, text in blocks if label == "CERTIFICATE"]
        keys = [text for label, text in blocks if label == "ENCRYPTED PRIVATE KEY"]
        if not certificates or len(keys) != 1 or len(blocks) != len(certificates) + 1:
            raise SacUnusable("the position did not receive a certificate with one encrypted key; run the task under its own name", kind="sac_malformed")
        if not passphrase or any(ord(character) < 32 for character in passphrase):
            raise InvalidInput("sac_passphrase is empty, or has line breaks or control characters, and cannot be kept in a file; export the SAC with another")
        self.passphrase = passphrase.encode("utf-8")
        self.sha256_fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificates[0])).hexdigest()
        texts = {CERTIFICATE: certificates[0], CHAIN: "".join(certificates[1:]), KEY: keys[0]}
        texts[COMBINED] = texts[CERTIFICATE] + texts[CHAIN] + texts[KEY]
        self.contents = {name: text.encode("ascii") for name, text in texts.items()}

    def describe(self) -> str:
        return "SAC with the SHA-256 fingerprint %s" % self.sha256_fingerprint

    def difference_from(self, version: Version) -> str | None:
        """Returns why the whole Version ``version`` is not this SAC, or None."""
        if version.contents[CERTIFICATE] != self.contents[CERTIFICATE]:
            return "another SAC is wanted"
        if version.contents[CHAIN] != self.contents[CHAIN]:
            return "its chain differs"
        if version.passphrase != self.passphrase:
            return "its passphrase differs"
        return None


class Version:
    """What is found in a version's directory: ``contents`` by file name, ``passphrase``, and ``damage`` in words or None."""

    def __init__(self, path: str, passphrase_path: str) -> None:
        self.path, self.passphrase_path = path, passphrase_path
        self.contents: dict[str, bytes] = {}
        self.passphrase = b""
        self.damage = self._read() or self._inconsistency()

    @property
    def sha256_fingerprint(self) -> str | None:
        """Returns that of the certificate, or None where there is no whole one."""
        try:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.contents[CERTIFICATE].decode("ascii"))).hexdigest()
        except (KeyError, ValueError):
            return None

    def _read(self) -> str | None:
        try:
            names = set() if os.path.islink(self.path) else set(os.listdir(self.path))
            if names != {*FILE_NAMES, PASSPHRASE}:
                return "files are missing or too many in %s" % self.path
            for name in FILE_NAMES:
                self.contents[name] = read_plain_file(os.path.join(self.path, name))
            if os.path.realpath(os.path.join(self.path, PASSPHRASE)) != os.path.realpath(self.passphrase_path):
                return "%s does not lead to its passphrase" % os.path.join(self.path, PASSPHRASE)
            self.passphrase = read_plain_file(self.passphrase_path)[:-1]
        except (OSError, ValueError) as error:
            return "%s cannot be read (%s)" % (self.path, getattr(error, "strerror", None) or error)
        return None

    def _inconsistency(self) -> str | None:
        if self.contents[COMBINED] != b"".join(self.contents[name] for name in (CERTIFICATE, CHAIN, KEY)):
            return "the files in %s do not belong together" % self.path
        if not self.contents[KEY].startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"):
            return "the key in %s is not encrypted" % self.path
        return openssl_refusal(os.path.join(self.path, COMBINED), self.passphrase)


def openssl_refusal(path: str, passphrase: bytes) -> str | None:
    """Returns why OpenSSL does not take certificate and key in ``path``, or None where it does."""
    try:
        # A function, since a passphrase that is given as a value must not be empty.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password=lambda: passphrase)
    except ssl.SSLError as error:
        return "OpenSSL does not accept certificate, key and passphrase in %s together (%s)" % (path, error.reason or "wrong passphrase")
    except (OSError, ValueError) as error:
        return "%s cannot be read (%s)" % (path, error)
    return None


def read_plain_file(path: str) -> bytes:
    """Returns the content of a regular file that has no other name; raises OSError or ValueError for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise ValueError("not a regular file with one name")
        return os.read(descriptor, _LONGEST_FILE_BYTES)
    finally:
        os.close(descriptor)
