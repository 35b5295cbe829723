# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What opening a key file would cost, read from its structure before anything is decrypted.

A key file names how often its passphrase is hashed. A number of 2147483647 would keep a task busy for days, and no library
can be interrupted while it counts. So the numbers are added up first: of the seal over a PKCS#12 file, of each encrypted part
in it, and of a key in PKCS#8.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import INTEGER, OCTET_STRING, SEQUENCE, BerError, Element, parse

#: OpenSSL 3 writes 2048 for each part, careful sites 1,000,000. One second is about 2,000,000.
MOST_ROUNDS = 10_000_000
#: N * r * p of scrypt: one second is about 2,500,000. OpenSSL writes 16384 * 8 * 1.
MOST_SCRYPT_WORK = 4_194_304
#: 128 * r * (N + p) bytes of memory: OpenSSL writes 16 MiB, and takes no more than 32 MiB itself.
MOST_SCRYPT_BYTES = 256 * 1024 * 1024
#: Loading proves that a key's primes are primes, which takes minutes for a long one. RSA with 8192 bits has 4,700 bytes.
LONGEST_KEY_BYTES = 5120
#: The key of a PKCS#12 file's seal by PBMAC1; a longer one overruns OpenSSL before 3.4.4.
LONGEST_SEAL_KEY_BYTES = 64

_DATA = bytes.fromhex("2a864886f70d010701")
_ENCRYPTED_DATA = bytes.fromhex("2a864886f70d010706")
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_BAG = bytes.fromhex("2a864886f70d010c0a01")
_KEY_BAG, _SHROUDED_KEY_BAG, _NESTED_BAGS = (_BAG + bytes([number]) for number in (1, 2, 6))


class Cost:
    """What a file asks for, added up: rounds, scrypt's work (N * r * p) and bytes; the keys that can be seen, the longest in bytes."""

    def __init__(self) -> None:
        self.rounds = self.scrypt_work = self.scrypt_bytes = self.keys = self.longest_key_bytes = 0

    def reason_against(self) -> typing.Optional[str]:
        """Returns what is too much, in words that continue "the file asks for", or None."""
        if self.rounds > MOST_ROUNDS:
            return "%s rounds of key derivation, more than the %d that are allowed" % (_shorten(self.rounds), MOST_ROUNDS)
        if self.scrypt_work > MOST_SCRYPT_WORK or self.scrypt_bytes > MOST_SCRYPT_BYTES:
            return "scrypt with N * r * p of %s and %s bytes of memory, more than the %d and %d that are allowed" % (
                _shorten(self.scrypt_work), _shorten(self.scrypt_bytes), MOST_SCRYPT_WORK, MOST_SCRYPT_BYTES)
        if self.longest_key_bytes > LONGEST_KEY_BYTES:
            return "a private key of %d bytes, more than the %d that RSA with 8192 bits needs" % (self.longest_key_bytes, LONGEST_KEY_BYTES)
        return None

    def add_key(self, length_bytes: int) -> None:
        self.keys += 1
        self.longest_key_bytes = max(self.longest_key_bytes, length_bytes)

    def add_encrypted_key(self, key: Element) -> None:
        """Adds an EncryptedPrivateKeyInfo (RFC 5958)."""
        self.add_algorithm(key.child(0, SEQUENCE))
        self.add_key(len(key.child(1).octets()))

    def add_algorithm(self, algorithm: Element) -> None:
        """Adds an AlgorithmIdentifier, with those inside it: every number in its parameters counts, and those of scrypt as scrypt's."""
        if algorithm.identifier() == _SCRYPT:
            parameters = algorithm.child(1, SEQUENCE)
            work, block, lanes = (parameters.child(index).number() for index in (1, 2, 3))
            self.scrypt_work += work * block * lanes
            self.scrypt_bytes += 128 * block * (work + lanes)
            return
        for each in algorithm.children:
            if each.children:
                self.add_algorithm(each)
            elif each.is_a(INTEGER):
                self.rounds += each.number()

    def add_pkcs12(self, file: Element) -> None:
        """Adds a PFX (RFC 7292)."""
        contents = parse(file.child(1, SEQUENCE).explicit(1).octets())
        for content in contents.children:
            if content.identifier() == _DATA:
                self._add_bags(parse(content.explicit(1).octets()))
            elif content.identifier() == _ENCRYPTED_DATA:
                self.add_algorithm(content.explicit(1).child(1, SEQUENCE).child(1, SEQUENCE))
        if len(file.children) > 2:
            self._add_seal(file.child(2, SEQUENCE))

    def _add_bags(self, bags: Element) -> None:
        for bag in bags.children:
            kind = bag.identifier()
            if kind == _KEY_BAG:
                self.add_key(_size(bag.explicit(1)))
            elif kind == _SHROUDED_KEY_BAG:
                self.add_encrypted_key(bag.explicit(1))
            elif kind == _NESTED_BAGS:
                self._add_bags(bag.explicit(1))

    def _add_seal(self, seal: Element) -> None:
        algorithm = seal.child(0, SEQUENCE).child(0, SEQUENCE)
        self.add_algorithm(algorithm)
        self.rounds += seal.child(2).number() if len(seal.children) > 2 else 1
        if _longest_key_length(algorithm) > LONGEST_SEAL_KEY_BYTES:
            raise BerError("the key of the seal is too long")


def _longest_key_length(algorithm: Element) -> int:
    """Returns the largest keyLength of the PBKDF2-params in an algorithm: the number that follows salt and rounds."""
    own = [each.number() for each in algorithm.children[2:] if each.is_a(INTEGER)] if algorithm.children and algorithm.children[0].is_a(OCTET_STRING) else []
    return max(own + [_longest_key_length(each) for each in algorithm.children] + [0])


def _size(element: Element) -> int:
    return len(element.content) + sum(_size(each) for each in element.children)


def _shorten(number: int) -> str:
    return str(number) if number < 10**20 else "more than 10^20"
