# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Takes apart what was given as a SAC: PEM, DER, or base64 of either, however an editor, a mail or a variable has changed it.

It decodes; it neither decrypts nor parses certificates. What a part is, its structure says, and only then the label around it:
certutil -encode puts a PKCS#12 file between the lines of a certificate.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import SacUnusable
from ansible_collections.eccops.rapid.plugins.module_utils._sac.ber import BerError, Element, parse
from ansible_collections.eccops.rapid.plugins.module_utils._sac.identification import SYNONYMS, identify_der

MOST_PARTS = 200

_MARKER = re.compile(rb"-----\s?(BEGIN|END) ([A-Z0-9#][A-Z0-9# ]{0,60}?)\s?-----")
_LITERAL_LINE_BREAK = re.compile(rb"\\+[rnt]")
_CIPHER = re.compile(rb"DEK-Info:\s*([A-Za-z0-9-]+)\s*,\s*([0-9A-Fa-f]+)")
_ENCRYPTED = re.compile(rb"Proc-Type:\s*4\s*,\s*ENCRYPTED")
_HEADER = re.compile(rb"(?m)^[ \t]*[A-Za-z][A-Za-z0-9-]*:.*$")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}\Z")
#: White space, also that of web pages, and what surrounds lines that were copied from code.
_BETWEEN_LETTERS = re.compile(rb"[\s\"',]|\xc2\xa0|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf")
_MOST_LAYERS = 3


class SacSource(typing.NamedTuple):
    """What was given: ``certificate`` and ``key`` (None when it is in ``certificate``) as they came; ``name`` says where from."""

    certificate: typing.Optional[bytes]
    key: typing.Optional[bytes]
    passphrase: typing.Optional[str]
    name: str


class Part(typing.NamedTuple):
    """kind is a PEM label; der is what it holds, cut off behind its end; cipher is (name, salt) of an old encrypted PEM key."""

    kind: str
    der: bytes
    element: typing.Optional[Element]
    is_pem: bool
    cipher: typing.Optional[tuple]

    @property
    def is_private_key(self) -> bool:
        return self.kind.endswith("PRIVATE KEY")

    def whole_element(self) -> Element:
        """Returns the structure of the part; raises BerError where it has none."""
        if self.element is None:
            raise BerError("the label does not fit the content")
        return self.element

    def as_pem(self) -> bytes:
        """Returns the part as a well-formed PEM block."""
        headers = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: %s,%s\n\n" % self.cipher if self.cipher else b""
        label = self.kind.encode("ascii")
        return b"-----BEGIN %s-----\n%s%s-----END %s-----\n" % (label, headers, encode_lines(self.der), label)


def split(content: bytes, name: str) -> tuple[list[Part], bytes]:
    """Returns (Parts, what is left without base64) of a file or an option; no Part where it is something else.

    Raises SacUnusable where PEM is cut off.
    """
    for _unused_layer in range(_MOST_LAYERS):
        part = _read_der(content)
        if part is not None:
            return [part], content
        text = _decode(content)
        if _MARKER.search(text):
            return _split_pem(text, name), text
        decoded = decode_base64(text)
        if not decoded:
            return [], text
        content = decoded
    return [], content


def decode_base64(text: bytes) -> bytes:
    """Returns what a text of nothing but base64 stands for, or nothing."""
    letters = _BETWEEN_LETTERS.sub(b"", text)
    return _decode_letters(letters) if _BASE64.match(letters) else b""


def encode_lines(der: bytes) -> bytes:
    """Returns the base64 of PEM, in lines of 64: with headers before them an older OpenSSL takes no longer ones."""
    letters = base64.b64encode(der)
    return b"".join(letters[start:start + 64] + b"\n" for start in range(0, len(letters), 64))


def has_pem(text: bytes) -> bool:
    """Says whether there is a line that begins or ends a PEM block."""
    return _MARKER.search(_decode(text)) is not None


def _decode(content: bytes) -> bytes:
    """Returns text as UTF-8, also that which Windows saved as "Unicode"."""
    encoding = None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif content[:1] == b"\0" and content[1:2].isalnum() or content[:2] == b"\0-":
        encoding = "utf-16-be"
    elif content[1:2] == b"\0" and (content[:1].isalnum() or content[:1] == b"-"):
        encoding = "utf-16-le"
    return content.decode(encoding, "replace").encode("utf-8", "replace") if encoding else content


def _split_pem(text: bytes, name: str) -> list[Part]:
    text = _LITERAL_LINE_BREAK.sub(b"\n", text)
    parts, opened, start = [], b"", 0
    for marker in _MARKER.finditer(text):
        label = marker.group(2)
        if marker.group(1) == b"BEGIN" and not opened:
            opened, start = label, marker.end()
            continue
        if label != opened or marker.group(1) == b"BEGIN":
            raise _cut_off(name)
        parts.append(_read_block(label.decode("ascii"), text[start:marker.start()]))
        opened = b""
        if len(parts) > MOST_PARTS:
            raise SacUnusable("%s holds more than %d PEM blocks; give the SAC with its own chain only" % (name, MOST_PARTS), kind="sac_malformed")
    if opened:
        raise _cut_off(name)
    return parts


def _cut_off(name: str) -> SacUnusable:
    return SacUnusable("%s is cut off inside a PEM block; download the SAC again" % name, kind="sac_malformed")


def _read_block(label: str, body: bytes) -> Part:
    cipher = _CIPHER.search(body)
    for pattern in (_CIPHER, _ENCRYPTED, _HEADER):
        body = pattern.sub(b"", body)
    der = _decode_letters(_BETWEEN_LETTERS.sub(b"", body))
    if cipher:
        return Part(label, der, None, True, cipher.groups())
    part = _read_der(der)
    return part._replace(is_pem=True) if part else Part(SYNONYMS.get(label, label), der, None, True, None)


def _read_der(content: bytes) -> typing.Optional[Part]:
    try:
        element = parse(content)
        kind = identify_der(element)
    except BerError:
        return None
    return Part(kind, content[:element.end], element, False, None) if kind else None


def _decode_letters(letters: bytes) -> bytes:
    """Returns what base64 stands for, nothing if it is none; the padding at its end may have been lost."""
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
