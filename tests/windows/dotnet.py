# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the pure functions of the Windows program use of .NET and of PowerShell's operators, with their rules. See powershell_subset."""

import base64
import json
import math
import urllib.parse

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


def text(value):
    """Returns the value as PowerShell turns it into text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "%d" % value if value.is_integer() else "%.15g" % value
    if isinstance(value, list):
        return " ".join(text(each) for each in value)
    return str(value)


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
    if kind == "double":
        return float(number(value))
    if kind == "bool":
        return is_true(value)
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
        return bool(pattern(right, does_case_count).search(text(left)))
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
    return names[type(value)]


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


def element(of, index):
    if of is None:
        raise NetError("cannot index into a null array")
    if isinstance(of, list):
        return of[index] if -len(of) <= index < len(of) else None
    if hasattr(of, "groups"):
        return of[index]
    return of[index]


class Match:
    """A System.Text.RegularExpressions.Match or one of its groups."""

    def __init__(self, match, group=0):
        self.Success = match is not None and match.group(group) is not None
        self.Value = match.group(group) if self.Success else ""
        if group == 0:
            self.Groups = Groups([self] + [Match(match, index + 1) for index in range(match.re.groups)] if match else [self])


class Groups(list):
    """Asked for a group that is not there, it gives one that failed."""

    def __getitem__(self, index):
        return super().__getitem__(index) if index < len(self) else Match(None, 1)

    @property
    def Count(self):
        return len(self)


def member(of, name):
    if isinstance(of, str) and of.startswith("[System.StringComparison]"):
        return name
    if of == "[System.StringComparison]":
        return name
    if isinstance(of, str) and name == "Length":
        return len(of.encode("utf-16-le")) // 2
    if isinstance(of, list) and not isinstance(of, Groups) and name in ("Length", "Count"):
        return len(of)
    if isinstance(of, Table):
        return list(of) if name == "Keys" and "Keys" not in of else of[name]
    if isinstance(of, (NetError, Match, Groups)):
        return getattr(of, name)
    raise NotImplementedError("%s of %r" % (name, of))


def invoke(of, name, arguments):
    known = STATIC.get((of, name)) if isinstance(of, str) else None
    if known:
        return known(*arguments)
    if type(of) in (str, Char) and name in TEXT:
        return TEXT[name](of, *arguments)
    if isinstance(of, int) and name == "ToString" and arguments == ["X2"]:
        return "%02X" % of
    if isinstance(of, Table) and name == "ContainsKey":
        return any(each.lower() == arguments[0].lower() for each in of)
    if isinstance(of, tuple) and (of[0], name) in INSTANCE:
        return INSTANCE[of[0], name](*arguments)
    raise NotImplementedError("%s.%s" % (of, name))


def starts_with(of, beginning, comparison):
    if comparison == "OrdinalIgnoreCase":
        return of[:len(beginning)].lower() == beginning.lower()
    if comparison != "Ordinal":
        raise NotImplementedError(comparison)
    return of.startswith(beginning)


def substring(of, start, length=None):
    end = len(of) if length is None else start + length
    if start > len(of) or end > len(of):
        raise NetError("out of range")
    return of[start:end]


def deserialized(source):
    def table(pairs):
        result = Table()
        for key, value in pairs:
            result[key] = value
        return result

    try:
        return json.loads(source, object_pairs_hook=table)
    except (ValueError, RecursionError):
        raise NetError("not JSON") from None


def from_base64(source):
    try:
        return base64.b64decode(source, validate=True)
    except ValueError:
        raise NetError("not base 64") from None


def replaced(of, by, new):
    """Regex.Replace, whose replacement knows $1 and no backslash."""
    return pattern(by, True).sub(lambda match: regex.sub(r"\$([0-9])", lambda each: match[int(each[1])], new), of)


REGEX = "[System.Text.RegularExpressions.Regex]"
STATIC = {
    (REGEX, "new"): lambda of: pattern(of, True),
    (REGEX, "Match"): lambda of, by: Match(pattern(by, True).search(of)),
    (REGEX, "Replace"): replaced,
    (REGEX, "Split"): lambda of, by: pattern(by, True).split(of),
    ("[System.InvalidOperationException]", "new"): NetError,
    ("[System.Web.HttpUtility]", "UrlDecode"): lambda of: urllib.parse.unquote(of.replace("+", " ")),
    ("[System.Web.Script.Serialization.JavaScriptSerializer]", "new"): lambda: ("serializer",),
    ("[System.Convert]", "FromBase64String"): from_base64,
    ("[System.Math]", "Floor"): math.floor,
    ("[System.String]", "Join"): lambda by, of, first=0, count=None: by.join(of[first:] if count is None else of[first:first + count]),
    ("[System.Text.UTF8Encoding]", "new"): lambda *_options: ("utf8",),
}
INSTANCE = {
    ("serializer", "DeserializeObject"): deserialized,
    ("utf8", "GetString"): lambda of: of.decode("utf-8", "replace"),
}
TEXT = {
    "StartsWith": starts_with,
    "Substring": substring,
    "Trim": lambda of, *characters: of.strip("".join(characters) or None),
    "TrimEnd": lambda of, *characters: of.rstrip("".join(characters) or None),
    "Replace": str.replace,
    "Split": lambda of, by: of.split(by),
    "IndexOf": lambda of, what, comparison="Ordinal": of.find(what),
    "Contains": lambda of, what: what in of,
    "ToLowerInvariant": str.lower,
    "ToCharArray": lambda of: [Char(each) for each in of],
}
