# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: text of others made harmless for every place it is shown in, before anything is counted or rendered.

Every error message and everything read from a service passes through here, since a terminal or a log would obey an
escape sequence, and a carriage return forges a line. Python 3.8 and its standard library only.
"""

from __future__ import annotations

import re
import typing

_GUID = re.compile(r"\b([0-9a-fA-F]{8})(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_SHOWN = 8
_LONGEST = 600
_LONGEST_CAUSE = 100


def printable(text: str, longest: int | None = _LONGEST) -> str:
    """Returns ``text`` on one line with everything invisible written out, such as \\u202e: no line ends, control or bidi characters.

    It is cut after ``longest`` characters; None leaves it whole.
    """
    text = text if longest is None or len(text) <= longest else text[:longest] + "..."
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _written_out(each) for each in text)


def _written_out(character: str) -> str:
    code = ord(character)
    return ("\\u%04x" if code < 0x10000 else "\\U%08x") % code


def printable_tree(value: typing.Any, longest: int | None = _LONGEST) -> typing.Any:
    """Returns ``value`` with every text in its lists and dictionaries made printable; keys too."""
    if isinstance(value, str):
        return printable(value, longest)
    if isinstance(value, dict):
        return {printable_tree(key, longest): printable_tree(each, longest) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_tree(each, longest) for each in value]
    return value


def describe_unreachable(message: typing.Any) -> str:
    """Returns why a host cannot be reached, and what to do: of Ansible's own message, which it has shown already, only the innermost cause."""
    last_line = (str(message or "").strip() or ":").splitlines()[-1]
    cause = printable(last_line.rsplit(": ", 1)[-1].strip(" :.'\")>"))[:_LONGEST_CAUSE]
    cause += ")" * (cause.count("(") - cause.count(")"))
    return "it cannot be reached (%s); switch it on, or correct how Ansible connects to it" % (cause or "no reason was given")


def join_reasons(reasons: typing.Mapping[str, str], most_reasons: int | None = None, most_names: int | None = None) -> str:
    """Returns {position: what is wrong with it} in one line: a reason that several have once, with the first of them, or all, by name."""
    having: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        having.setdefault(reason, []).append(name)
    lines = ["%s: %s" % (name_first(names, most_names or len(names)), reason) for reason, names in having.items()]
    further = len(reasons) - sum(len(names) for names in list(having.values())[:most_reasons])
    return " | ".join(lines[:most_reasons] + (["and %d more positions" % further] if further else []))


def name_first(names: typing.Sequence[str], most: int) -> str:
    """Returns the first names of many, and how many more there are."""
    further = len(names) - most
    return ", ".join(names[:most]) + (" and %s more" % format(further, ",") if further > 0 else "")


def shortened(identifier: str | None) -> str | None:
    """Returns enough of an id to recognize it, and too little to use it."""
    if not identifier:
        return None
    return identifier[: min(_SHOWN, (len(identifier) + 1) // 2)] + "..."


def without_ids(text: str, anon_ids: typing.Iterable[str | None]) -> str:
    """Returns ``text`` with all RequestIds and these AnonIds shortened."""
    for each in sorted(filter(None, anon_ids), key=len, reverse=True):
        text = re.sub(r"(?<![\w-])%s(?![\w-])" % re.escape(each), shortened(each) or "", text)
    return _GUID.sub(r"\1...", text)
