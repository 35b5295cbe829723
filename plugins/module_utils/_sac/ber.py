# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads the structure of BER and DER, bounded in depth and elements, and writes DER.

It knows nothing of what the elements mean. Key files of Windows and of older programs are BER: their lengths may be
indefinite and their octet strings come in pieces.
"""

from __future__ import annotations

import typing

INTEGER, BIT_STRING, OCTET_STRING, OBJECT_IDENTIFIER, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
_CONSTRUCTED = 0x20
_OCTET_STRING_IN_PIECES = OCTET_STRING | _CONSTRUCTED
CONTEXT = 0xA0
MOST_ELEMENTS = 20000
DEEPEST = 40


class BerError(ValueError):
    """The bytes are not BER, or more of it than a key file has."""


class Element:
    """One element: its tag (first byte), its content if primitive, else its children, and the offsets of its start and behind its end."""

    __slots__ = ("tag", "content", "children", "start", "end")

    def __init__(self, tag: int, content: bytes, children: list, start: int, end: int):
        self.tag, self.content, self.children, self.start, self.end = tag, content, children, start, end

    def is_a(self, tag: int) -> bool:
        return self.tag == tag

    def child(self, index: int, tag: int | None = None) -> Element:
        """Returns a child; raises BerError where it is missing or has another tag."""
        if index >= len(self.children) or tag is not None and self.children[index].tag != tag:
            raise BerError("an element is missing")
        return self.children[index]

    def explicit(self, index: int) -> Element:
        """Returns what the child [0] at this place wraps."""
        return self.child(index, CONTEXT).child(0)

    def octets(self) -> bytes:
        """Returns the bytes of an octet string, which may come in pieces; raises BerError where it is none."""
        if self.tag == OCTET_STRING:
            return self.content
        if self.tag not in (_OCTET_STRING_IN_PIECES, CONTEXT):  # the second one is IMPLICIT [0]
            raise BerError("an octet string is missing")
        return b"".join(each.octets() for each in self.children)

    def number(self) -> int:
        """Returns an INTEGER read without a sign, so that what is negative counts as large."""
        if self.tag != INTEGER or not self.content:
            raise BerError("an integer is missing")
        return int.from_bytes(self.content, "big")

    def identifier(self) -> bytes:
        """Returns the content of the OBJECT IDENTIFIER that a SEQUENCE begins with, or nothing."""
        first = self.children[0] if self.tag == SEQUENCE and self.children else None
        return first.content if first is not None and first.tag == OBJECT_IDENTIFIER else b""


def encode(tag: int, *contents: bytes) -> bytes:
    """Returns one element in DER."""
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(size)]) + size + content


def parse(data: bytes) -> Element:
    """Returns the first element of the data, whatever follows it; raises BerError."""
    return _Reader(data).read(0, len(data), 0)


class _Reader:
    def __init__(self, data: bytes):
        self._data, self._count = data, 0

    def read(self, offset: int, limit: int, depth: int) -> Element:
        self._count += 1
        if self._count > MOST_ELEMENTS or depth > DEEPEST:
            raise BerError("there are too many elements")
        tag, start = self._read_tag(offset, limit)
        length, start = self._read_length(start, limit)
        if length is None:
            if not tag & _CONSTRUCTED:
                raise BerError("a primitive element has no length")
            return Element(tag, b"", *self._read_pieces(start, limit, depth, offset))
        end = start + length
        if end > limit:
            raise BerError("an element is cut off")
        if not tag & _CONSTRUCTED:
            return Element(tag, self._data[start:end], [], offset, end)
        children = []
        while start < end:
            children.append(self.read(start, end, depth + 1))
            start = children[-1].end
        return Element(tag, b"", children, offset, end)

    def _read_pieces(self, start: int, limit: int, depth: int, offset: int) -> tuple:
        """Returns (children, offset, end) of an element of indefinite length."""
        children: list = []
        while self._data[start:start + 2] != b"\0\0":
            children.append(self.read(start, limit, depth + 1))
            start = children[-1].end
        if start + 2 > limit:
            raise BerError("an element is cut off")
        return children, offset, start + 2

    def _read_tag(self, offset: int, limit: int) -> tuple[int, int]:
        if offset >= limit:
            raise BerError("an element is cut off")
        tag = self._data[offset]
        offset += 1
        if tag & 0x1F == 0x1F:  # its number follows; no structure that is read here has one
            while offset < limit and self._data[offset] & 0x80:
                offset += 1
            offset += 1
        return tag, offset

    def _read_length(self, offset: int, limit: int) -> tuple[typing.Optional[int], int]:
        """Returns (length, offset behind it); the length is None where it is indefinite."""
        if offset >= limit:
            raise BerError("an element is cut off")
        first = self._data[offset]
        offset += 1
        if first < 0x80:
            return first, offset
        count = first & 0x7F
        if count == 0:
            return None, offset
        if count > 8 or offset + count > limit:
            raise BerError("a length is malformed")
        return int.from_bytes(self._data[offset:offset + count], "big"), offset + count
