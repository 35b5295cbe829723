# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the pure functions of the Windows program use of .NET: properties, methods, static methods. See powershell_subset."""

import math
import urllib.parse

from dotnet import Char, NetError, OrdinalTable, Table, pattern, regex


def element(of, index):
    if of is None:
        raise NetError("cannot index into a null array")
    if isinstance(of, list) and not isinstance(of, Groups):
        return of[index] if -len(of) <= index < len(of) else None
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
    if of in ("[System.StringComparison]", "[System.StringComparer]"):
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
    if isinstance(of, OrdinalTable) and name == "ContainsKey":
        return arguments[0] in of
    if isinstance(of, Table) and name == "ContainsKey":
        return any(each.lower() == arguments[0].lower() for each in of)
    if isinstance(of, tuple) and (of[0], name) in INSTANCE:
        return INSTANCE[of[0], name](*arguments)
    raise NotImplementedError("%s.%s" % (of, name))


def starts_with(of, beginning, comparison):
    if comparison == "OrdinalIgnoreCase":
        return bool(regex.match(regex.escape(beginning), of, regex.IGNORECASE | regex.ASCII))
    if comparison != "Ordinal":
        raise NotImplementedError(comparison)
    return of.startswith(beginning)


def substring(of, start, length=None):
    end = len(of) if length is None else start + length
    if start > len(of) or end > len(of):
        raise NetError("out of range")
    return of[start:end]


def replaced(of, by, new):
    """Regex.Replace, whose replacement knows $1 and no backslash."""
    return pattern(by, True).sub(lambda match: regex.sub(r"\$([0-9])", lambda each: match[int(each[1])], new), of)


#: What Char.IsWhiteSpace knows.
BLANKS = "".join(chr(each) for each in range(0x3001) if chr(each).isspace() and not 0x1c <= each <= 0x1f)
REGEX = "[System.Text.RegularExpressions.Regex]"
STATIC = {
    (REGEX, "new"): lambda of: pattern(of, True),
    (REGEX, "Match"): lambda of, by: Match(pattern(by, True).search(of)),
    (REGEX, "Matches"): lambda of, by: [Match(each) for each in pattern(by, True).finditer(of)],
    (REGEX, "Replace"): replaced,
    (REGEX, "Split"): lambda of, by: pattern(by, True).split(of),
    ("[System.InvalidOperationException]", "new"): NetError,
    ("[System.Net.WebUtility]", "UrlDecode"): lambda of: urllib.parse.unquote(of.replace("+", " ")),
    ("[System.Collections.Hashtable]", "new"): lambda of: {"Ordinal": OrdinalTable}[of](),
    ("[System.Math]", "Floor"): math.floor,
    ("[System.String]", "Equals"): lambda left, right, by: {"Ordinal": left == right}[by],
    ("[System.String]", "Join"): lambda by, of, first=0, count=None: by.join(of[first:] if count is None else of[first:first + count]),
    ("[System.Text.UTF8Encoding]", "new"): lambda *_options: ("utf8",),
}
INSTANCE = {
    ("utf8", "GetString"): lambda of: of.decode("utf-8", "replace"),
}
TEXT = {
    "StartsWith": starts_with,
    "Substring": substring,
    "Trim": lambda of, *characters: of.strip("".join(characters) or BLANKS),
    "TrimEnd": lambda of, *characters: of.rstrip("".join(characters) or BLANKS),
    "Replace": str.replace,
    "Split": lambda of, by: of.split(by),
    "IndexOf": lambda of, what, comparison="Ordinal": of.find(what),
    "Contains": lambda of, what: what in of,
    "ToLowerInvariant": str.lower,
    "ToCharArray": lambda of: [Char(each) for each in of],
}
