# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: which values of a task's options are secret, and how anything is shown without them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_PART = "********"
_SHORTEST_PART = 6


def plain(value: Any) -> Any:
    """Returns ``value`` made of Python's own types only: no tags, no vault objects, no templates' leftovers."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def secrets_in(arguments: Mapping[str, Any], argument_spec: Mapping[str, Any]) -> Iterator[str]:
    """Yields the values of all secret options in plain ``arguments``, also of options inside other options."""
    for name, rules in argument_spec.items():
        value = arguments.get(name)
        if rules.get("no_log"):
            yield from _texts(value)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from secrets_in(each, rules.get("options") or {})


def _texts(value):
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)


def hide(value: Any, secrets: Collection[str]) -> Any:
    """Returns ``value`` without ``secrets``; a text of some length that is itself a part of a secret is hidden too."""
    if isinstance(value, Mapping):
        return {hide(key, secrets): hide(each, secrets) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(each, secrets) for each in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    if any(text == secret or (len(text) >= _SHORTEST_PART and text in secret) for secret in secrets):
        return HIDDEN
    shown = text
    for secret in sorted(secrets, key=len, reverse=True):
        shown = shown.replace(secret, _PART)
    return value if shown == text else shown


def censor(arguments: Mapping[str, Any], argument_spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a task's ``arguments`` as they may be shown."""
    given = plain(arguments)
    censored = hide(given, set(secrets_in(given, argument_spec)))
    return {name: HIDDEN if argument_spec.get(name, {}).get("no_log") and value else value for name, value in censored.items()}
