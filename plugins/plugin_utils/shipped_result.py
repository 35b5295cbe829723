# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the part of another host's answer that may reach the controller.

Whoever is root on a host decides what a module returns from there. Facts outrank the inventory, ``add_host`` changes it, and control
characters forge lines in terminals and logs: only known keys pass, bounded in length and printable.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.eccops.rapid.plugins.module_utils._text import printable

LONGEST_TEXT = 4000
LONGEST_DIFF = 100000
MOST_ENTRIES = 100000
MOST_DIFFS = 200
MOST_WARNINGS = 20
DEEPEST = 12
#: Ansible's own code goes through a result before filter_result does; what its errors and warnings consist of is deeper than DEEPEST.
DEEPEST_OUTPUT = 100

#: What every failure of this collection may say beside its message, and what Ansible's own code says of a module that broke.
DETAILS = frozenset({"error_kind", "http_status", "number", "service_message", "retry_after_seconds", "rc", "module_stdout", "module_stderr"})
#: What changes the inventory or its variables.
_INTERNAL_KEYS = frozenset({"add_host", "add_group", "ansible_facts"})
#: The texts that keep their line ends.
_OF_LINES = frozenset({"module_stdout", "module_stderr"})


def filter_result(result: Mapping[str, Any], allowed_keys: Collection[str], longest_text: int = LONGEST_TEXT) -> dict[str, Any]:
    """Returns a new dictionary with what may be known of ``result``, the answer of a module that ran on another host.

    It has ``changed`` (bool), ``failed`` where it failed (True), ``msg`` (text), DETAILS, ``diff``, ``warnings``, ``deprecations`` and
    ``exception`` where they are there, and the ``allowed_keys``. Texts are printable and have at most ``longest_text`` characters.
    Everything else is left out, among it facts, hosts and whatever Ansible's own code would take for its own.
    """
    found: dict[str, Any] = {"changed": bool(result.get("changed"))}
    if result.get("failed"):
        found["failed"] = True
    if isinstance(result.get("_ansible_parsed"), bool):
        found["_ansible_parsed"] = result["_ansible_parsed"]
    if "msg" in result:
        found["msg"] = _text(result["msg"], longest_text)
    for key in sorted(DETAILS | set(allowed_keys)):
        if key in result and key not in found and not key.startswith(("_ansible_", "ansible_")):
            found[key] = _lines(result[key], longest_text) if key in _OF_LINES else _harmless(result[key], longest_text)
    if "rc" in found and not isinstance(found["rc"], int):
        del found["rc"]
    for key, harmless in (("diff", _diff), ("warnings", _warnings), ("deprecations", _deprecations), ("exception", _exception)):
        kept = harmless(result.get(key))
        if kept:
            found[key] = kept
    return found


def filter_output(stdout: str) -> str:
    """Returns what a module wrote, without what Ansible warns of in the host's own words: its internal keys, and what stands around a result."""
    for line in reversed(stdout.split("\n")):
        if line.lstrip().startswith("{"):
            try:
                result = json.loads(line, strict=False)  # else a control character would be written out below, and then Ansible could read it
            except (ValueError, RecursionError):
                continue
            for key in {"warnings", "deprecations"} & set(result):  # ansible-core 2.21 shows them as soon as it has read them
                result[key] = _harmless(result[key][:MOST_WARNINGS] if isinstance(result[key], list) else [], LONGEST_TEXT)
            return json.dumps(_readable({key: value for key, value in result.items() if not key.startswith("_ansible_") and key not in _INTERNAL_KEYS}))
    return _lines(stdout, LONGEST_TEXT)


def _readable(value, depth=0):
    """Returns ``value`` without what is deeper than DEEPEST_OUTPUT, and without halves of characters: Ansible's own code breaks on both."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if not isinstance(value, (dict, list)):
        return value
    if depth == DEEPEST_OUTPUT:
        return "..."
    if isinstance(value, dict):
        return {_readable(key): _readable(each, depth + 1) for key, each in value.items()}
    return [_readable(each, depth + 1) for each in value]


def _text(value, longest):
    text = value if isinstance(value, str) else repr(value)
    return printable(str(text), longest)


def _lines(value, longest):
    """Returns a text whose lines are each printable."""
    text = str(value)
    shown = text if len(text) <= longest else text[:longest] + "..."
    return "\n".join(printable(line, longest + 3) for line in shown.split("\n"))


def _harmless(value, longest, depth=0):
    """Returns ``value`` made of Python's own types, without anything that cannot be shown or stored."""
    if isinstance(value, (list, tuple, Mapping)) and depth == DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        entries = itertools.islice(value.items(), MOST_ENTRIES)
        return {_text(key, longest): _harmless(each, longest, depth + 1) for key, each in entries}
    if isinstance(value, (list, tuple)):
        return [_harmless(each, longest, depth + 1) for each in value[:MOST_ENTRIES]]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return _text(value, longest)


def _diff(value):
    """Returns a diff, or a list of them, whose texts keep their line ends."""
    if isinstance(value, (list, tuple)):
        return [each for each in map(_diff, value[:MOST_DIFFS]) if each]
    if not isinstance(value, Mapping):
        return None
    diff = {}
    for key in ("before_header", "after_header"):
        if value.get(key) is not None:
            diff[key] = _text(value[key], LONGEST_TEXT)
    for key in ("before", "after", "prepared"):
        if value.get(key) is not None:
            is_tree = isinstance(value[key], (list, tuple, Mapping))
            diff[key] = _harmless(value[key], LONGEST_TEXT) if is_tree else _lines(value[key], LONGEST_DIFF)
    return diff


def _warnings(value):
    return [printable(_message(each)) for each in value[:MOST_WARNINGS]] if isinstance(value, (list, tuple)) else None


def _deprecations(value):
    """Returns deprecations as Ansible takes them from a module: version and date decide nothing and are left out."""
    return [{"msg": text} for text in _warnings(value) or []]


def _message(warning):
    """Returns the text of a warning or deprecation: a text, a dictionary, or since ansible-core 2.19 an object with an event."""
    if isinstance(warning, Mapping):
        warning = warning.get("msg")
    event = getattr(warning, "event", None)
    return str(warning if event is None else getattr(event, "msg", ""))


def _exception(value):
    """Returns the traceback of a module that broke, as text, which every ansible-core takes."""
    event = getattr(value, "event", None)
    if event is not None:
        value = getattr(event, "formatted_traceback", None)
    return _lines(value, LONGEST_TEXT) if isinstance(value, str) else None
