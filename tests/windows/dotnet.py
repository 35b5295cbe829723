# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the pure functions of the Windows program use of .NET and of PowerShell's operators, with their rules. See powershell_subset."""

import math

import pytest

regex = pytest.importorskip("regex", reason="the package regex is not installed: it knows .NET's classes such as \\p{L}")

VOID = object()


class NetError(Exception):
    """A .NET exception: ``Data`` and ``Message``."""

    def __init__(self, message=""):
        super().__init__(message)
        self.Data, self.Message = Table(), message


class Char(str):
    """A System.Char."""


class Table(dict):
    """A hash table as @{} makes it: keys are compared without regard to case, what is missing is null."""

    def __init__(self, **entries):
        super().__init__()
        for key, value in entries.items():
            self[key] = value

    def __setitem__(self, key, value):
        super().__setitem__(next((each for each in self if each.lower() == key.lower()), key), value)

    def __getitem__(self, key):
        return next((value for each, value in self.items() if each.lower() == key.lower()), None)


class OrdinalTable(Table):
    """A hash table whose keys are compared character by character."""

    __setitem__, __getitem__ = dict.__setitem__, dict.get


def text(value):
    """Returns the value as PowerShell turns it into text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "%d" % value if value.is_integer() else "%.15g" % value
    if isinstance(value, list):
        return " ".join(text(each) for each in value)
    return str(value)


def units(of):
    """Returns a text as .NET has it: a character beyond U+FFFF is two."""
    return "".join(each if each <= "\uffff" else chr(0xD7C0 + (ord(each) >> 10)) + chr(0xDC00 + (ord(each) & 0x3FF)) for each in of)


def number(value):
    if isinstance(value, (bool, Char)):
        raise NotImplementedError("a number of %r" % value)
    if isinstance(value, (int, float)):
        return value
    try:
        return int(value) if value else 0
    except ValueError:
        try:
            return float(value)
        except ValueError:
            raise NetError("not a number") from None


def is_true(value):
    if isinstance(value, list):
        return bool(value) if len(value) != 1 else is_true(value[0])
    return True if isinstance(value, (Table, NetError)) else bool(value)


def cast(kind, value):
    if kind.endswith("[]]"):
        return value if isinstance(value, list) else [value]
    kind = kind.strip("[]").lower()
    if kind == "string":
        return text(value)
    if kind in ("int", "long"):
        return ord(value) if isinstance(value, Char) else round(number(value))
    if kind == "bool":
        return is_true(value)
    if kind == "double":
        return float(number(value))
    if kind == "void":
        return VOID
    if kind in ("hashtable", "system.exception"):
        return value
    raise NotImplementedError("[%s]" % kind)


def is_same(left, right, does_case_count):
    """-eq and -ceq: the right side is turned into what the left side is."""
    if left is None or right is None:
        return left is None and right is None
    if isinstance(left, list):
        raise NotImplementedError("-eq filters an array")
    if isinstance(left, bool):
        return left == is_true(right)
    if isinstance(left, (int, float)):
        return left == number(right)
    return left == text(right) if does_case_count else text(left).lower() == text(right).lower()


def pattern(of, does_case_count):
    """Returns a .NET regular expression; class subtraction and \\z are written differently by the package regex."""
    of = of.replace("-[ ]]", "--[ ]]").replace("\\z", "\\Z")
    try:
        return regex.compile(of, regex.V1 | (0 if does_case_count else regex.IGNORECASE))
    except regex.error as error:
        raise NetError(str(error)) from None


def compare(operator, left, right):
    name = operator.lower().lstrip("-")
    does_case_count = name[0] == "c" and name not in ("contains",)
    name = name[1:] if does_case_count else name
    if name in ("eq", "ne"):
        return is_same(left, right, does_case_count) == (name == "eq")
    if name in ("gt", "ge", "lt", "le"):
        left, right = (number(each) if each is not None else 0 for each in (left, right))
        return {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[name]
    if name == "match":
        return bool(pattern(right, does_case_count).search(units(text(left))))
    if name == "like":
        whole = "".join(".*" if each == "*" else regex.escape(each) for each in right)
        return bool(regex.fullmatch(whole, text(left), 0 if does_case_count else regex.IGNORECASE))
    if name == "contains":
        return any(is_same(each, right, does_case_count) for each in left)
    if name == "is":
        return right.strip("[]").lower() in kinds(left)
    raise NotImplementedError(operator)


def kinds(value):
    if isinstance(value, bool) or value is None:
        return ("bool",) if value is not None else ()
    names = {str: ("string",), int: ("int", "long"), float: ("double",), Table: ("hashtable", "system.collections.idictionary"), list: ("array",)}
    return names[Table if isinstance(value, Table) else type(value)]


def add(left, right):
    if isinstance(left, list):
        return left + (right if isinstance(right, list) else [right])
    if isinstance(left, str):
        return left + text(right)
    return right if left is None else left + number(right)


def multiply(operator, left, right):
    if operator == "%":
        return math.fmod(left, right)
    if operator == "/":
        return left // right if isinstance(left, int) and isinstance(right, int) and left % right == 0 else left / right
    raise NotImplementedError(operator)


def formatted(template, values):
    for index, value in enumerate(values):
        template = template.replace("{%d}" % index, text(value))
    return template


def unescaped(literal):
    for escape, character in (("`r", "\r"), ("`n", "\n"), ("`t", "\t"), ('`"', '"')):
        literal = literal.replace(escape, character)
    return literal
