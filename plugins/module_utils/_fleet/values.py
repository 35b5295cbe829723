# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: one value of a variable, as people write it in YAML or on a command line, turned into its type or refused.

YAML makes a number of 2026_10, and of 0071 the number 57: what names something must be text. Extra vars given as
name=value are always text: numbers, booleans and lists are read from text too.
"""

from __future__ import annotations

import json
import math
import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_secret

_TRUE, _FALSE = ("yes", "true", "on", "1", "y", "t"), ("no", "false", "off", "0", "n", "f")
#: One pair of quotes on the line of a host is lost there.
_IN_INI = ", in an INI inventory in two pairs: '\"...\"'"
_WAVE = re.compile(r"[1-9]\d{0,5}\Z|(?:100|[1-9]\d?)(?:\.\d+)?%\Z")


def read_text(name: str, value: typing.Any) -> str:
    """Returns the text. Raises InvalidInput for a number, a date or a boolean that YAML made of it."""
    if isinstance(value, str):
        return str(value)
    raise InvalidInput("%s is not text, since YAML reads it as %s; put it in quotes%s" % (name, _describe(value), _IN_INI))


def read_text_or_nothing(name: str, value: typing.Any) -> str:
    """Returns the text, which may be empty: that switches off what has a default."""
    return read_text(name, value)


def read_secret(name: str, value: typing.Any) -> str:
    """Returns the text. Raises InvalidInput, without the value, where it is none that somebody can have chosen."""
    text = read_text(name, value)
    validate_secret(name, text)
    return text


def read_boolean(name: str, value: typing.Any) -> bool:
    """Returns the boolean; text as Ansible takes it, such as yes and false."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise InvalidInput("%s is %s; set it to true or false" % (name, _quote(value)))


def read_integer(name: str, value: typing.Any) -> int:
    """Returns the whole number, 0 or more."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return int(value)
    if isinstance(value, str) and re.match(r"\d{1,9}\Z", value.strip()):
        return int(value)
    raise InvalidInput("%s is %s; set it to a whole number" % (name, _quote(value)))


def read_number(name: str, value: typing.Any) -> float:
    """Returns the number, 0 or more."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise InvalidInput("%s is %s; set it to a number" % (name, _quote(value)))
    return number


def read_texts(name: str, value: typing.Any) -> typing.List[str]:
    """Returns the list of texts. A single text is refused: where it would be cut into parts is a guess."""
    value = _from_json(value)
    if not isinstance(value, (list, tuple)):
        raise InvalidInput("%s is %s; give a list, such as [/opt/vendor/collect, --once]" % (name, _quote(value)))
    return [read_text("%s[%d]" % (name, number), each) for number, each in enumerate(value)]


def read_mapping(name: str, value: typing.Any) -> typing.Dict[str, str]:
    """Returns the mapping from text to text."""
    value = _from_json(value)
    if not hasattr(value, "items"):
        raise InvalidInput("%s is %s; give a mapping" % (name, _quote(value)))
    return {read_text("a key of " + name, key): read_text("%s.%s" % (name, key), each) for key, each in value.items()}


def read_waves(name: str, value: typing.Any) -> typing.List[typing.Union[int, str]]:
    """Returns the sizes of waves, as the keyword serial takes them: whole numbers and percentages."""
    value = _from_json(value)
    sizes = value if isinstance(value, (list, tuple)) else [value]
    if not sizes or any(isinstance(each, bool) or not _WAVE.match(str(each).strip()) for each in sizes):
        raise InvalidInput("%s is %s; give a list of whole numbers or percentages above 0, such as [1, 5, '25%%']" % (name, _quote(value)))
    return [str(each).strip() if "%" in str(each) else int(each) for each in sizes]


def _from_json(value):
    """Returns what a text with a JSON list or object holds, as -e name=[1,5] gives it; anything else as it is."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return value


def _describe(value):
    kinds = {bool: "true or false", int: "a number", float: "a number", dict: "a mapping", list: "a list"}
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), "a date" if hasattr(value, "isoformat") else "something else")


def _quote(value):
    text = str(value)
    return "'%s'" % (text if len(text) <= 60 else text[:60] + "...")
