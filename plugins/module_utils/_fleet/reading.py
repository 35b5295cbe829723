# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the fleet's variables read once, with every problem noted at the position that has it.

A host's variables come as an object with raw (a mapping of what is written), get(name) (the value, templates and vaults
opened; raises InvalidInput) and fact_names (what a host, not the inventory, says of itself).
"""

from __future__ import annotations

import re
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.values import read_text_or_nothing
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.variables import CONNECTION, Variable, describe_unknown
from ansible_collections.eccops.rapid.plugins.module_utils._text import join_reasons, printable

#: What is wrong with an inventory is often wrong for all: how much of it is listed.
MOST_REASONS, MOST_NAMES = 20, 12
#: Templates that refer to templates are followed so far; beyond it each host's are opened for themselves.
DEEPEST_TEMPLATE = 6
_NAME = re.compile(r"[A-Za-z_]\w*")


class FleetReader:
    """Reads variables of hosts, {name: its variables}. Problems are kept by position; those of the run under the empty name."""

    def __init__(
        self, hosts: typing.Mapping[str, typing.Any], known: typing.Set[str], extra_names: typing.Collection[str] = (), play_names: typing.Collection[str] = ()
    ):
        self.hosts, self.problems = hosts, {}  # type: typing.Mapping, typing.Dict[str, typing.List[str]]
        #: The positions whose facts do not outrank the inventory: only they have a say in what holds for the run.
        self._in_time = {*extra_names, *play_names}
        self._names: typing.Dict[str, typing.Tuple[str, ...]] = {}
        said = {position: self._find_overridden(own, known) for position, own in hosts.items() if own.fact_names}
        self.trusted = {position for position in hosts if not said.get(position)}
        self._opened: typing.Dict[tuple, typing.Tuple[typing.Any, typing.Optional[str]]] = {}
        self._note_unknown(known, extra_names)
        self._note_facts(said)

    def note(self, position: str, problem: str) -> None:
        """Notes what is wrong with a position, or with the run (the empty name), once."""
        own, shown = self.problems.setdefault(position, []), printable(problem)
        if shown not in own:
            own.append(shown)

    def own(self, position: str, variable: Variable) -> typing.Any:
        """Returns the value of a position's own variable, the default where it is not set, or None where there is a problem with it."""
        if position not in self.trusted:
            return None
        try:
            return self._value(position, variable)
        except InvalidInput as error:
            self.note(position, error.message)
            return None

    def shared(self, position: str, variable: Variable) -> typing.Any:
        """Returns the same as own(); what is written alike for several positions, with all that it refers to, is opened once."""
        if position not in self.trusted:
            return None
        own = self.hosts[position]
        key = (variable.name, self._trace(own.raw, own.raw.get(variable.name)))
        if key not in self._opened:
            try:
                self._opened[key] = (self._value(position, variable), None)
            except InvalidInput as error:
                self._opened[key] = (None, error.message)
        value, problem = self._opened[key]
        if problem:
            self.note(position, problem)
        return value

    def _trace(self, raw, value, depth=0):
        """Returns what distinguishes one written value from another: itself, and the written values of all variables that its templates name."""
        text = _as_written(value)
        if text is None or "{" not in text:
            return text if text is not None else id(value)
        if depth == DEEPEST_TEMPLATE:
            return id(raw)
        return text, tuple(self._trace(raw, raw[name], depth + 1) for name in self._find_names(text) if name in raw)

    def _find_names(self, text):
        if text not in self._names:
            self._names[text] = tuple(dict.fromkeys(_NAME.findall(text)))
        return self._names[text]

    def _find_overridden(self, own, known):
        """Returns which variables of ours, and of those that their templates name, a host's facts outrank."""
        used, pending = set(known), [own.raw[name] for name in known if name in own.raw]
        while pending:
            text = _as_written(pending.pop())
            for name in self._find_names(text) if text and "{" in text else ():
                if name in own.raw and name not in used:
                    used.add(name)
                    pending.append(own.raw[name])
        return sorted(used.intersection(own.fact_names))

    def of_run(self, variable: Variable) -> typing.Any:
        """Returns the one value that all positions have, or None after noting that they have several."""
        found: typing.Dict[str, typing.Any] = {}
        for position in filter(self.trusted.__contains__, self.hosts):
            value = self.shared(position, variable)
            found.setdefault(repr(value), value)
        if len(found) > 1:
            shown = "" if variable.is_secret else ": " + ", ".join(sorted(found)[:3])
            self.note("", "the positions have more than one %s%s; set the same for all, or run each center separately with --limit" % (variable.name, shown))
        return next(iter(found.values()), None)

    def is_windows(self, position: str) -> bool:
        """Returns whether Ansible speaks PowerShell to the position, as far as its variables say."""
        connection, shell = (self.own(position, CONNECTION[name]) or "" for name in ("ansible_connection", "ansible_shell_type"))
        return shell.rpartition(".")[2] in ("powershell", "cmd") or connection.rpartition(".")[2] in ("winrm", "psrp")

    def _value(self, position, variable):
        own = self.hosts[position]
        if own.raw.get(variable.name) is None:
            return variable.default
        value = own.get(variable.name)
        is_empty = isinstance(value, str) and not value.strip()
        if value is None or (is_empty and variable.read is not read_text_or_nothing):
            return variable.default
        return variable.read(variable.name, value)

    def _note_unknown(self, known, extra_names):
        for name in sorted(extra_names):
            problem = describe_unknown(name, known, True)
            if problem:
                self.note("", problem)
        seen: typing.Dict[str, str] = {}
        for position, own in self.hosts.items():
            for name in own.raw if position in self.trusted else ():
                if name not in seen and name not in extra_names:
                    seen[name] = position
                    problem = describe_unknown(name, known, False)
                    if problem:
                        self.note(position, problem)

    def note_too_late(self, *names: str) -> None:
        """Notes which of the variables that Ansible reads before it looks at a host only the inventory has."""
        for name in names:
            if name not in self._in_time and any(name in own.raw for position, own in self.hosts.items() if position in self.trusted):
                self.note("", "%s stands in the inventory, which the playbook cannot read so early; give it with -e" % name)

    def _note_facts(self, said):
        for position, names in said.items():
            if names:
                self.note(position, "its facts contain %s, which only the inventory may set; find out who set them, then run with --flush-cache"
                          % ", ".join(names))

    def describe_problems(self) -> str:
        """Returns all problems in one line, those of the run first, then by position in the inventory's order."""
        of_the_run = self.problems.get("", [])
        own = {position: "; ".join(self.problems[position]) for position in self.hosts if self.problems.get(position)}
        return " | ".join(filter(None, ["; ".join(of_the_run), join_reasons(own, MOST_REASONS, MOST_NAMES)]))


def _as_written(value):
    """Returns the text in which the templates of a value stand, or None where it can have none."""
    return value if isinstance(value, str) else repr(value) if isinstance(value, (dict, list, tuple)) else None
