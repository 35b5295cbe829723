# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads from the playbooks and the roles every sentence that a task of their own fails with, without running anything.

Such a task is an assert, a fail, or a script for PowerShell that throws. The job that says it, a playbook or a role, takes the
place of the kind; what varies is shown as in error_sentences.py.
"""

from __future__ import annotations

import itertools
import re

import jinja2
import yaml
from jinja2 import nodes

from ansible_collections.eccops.rapid.tests.unit.support.error_sentences import VARIES, Said

_MESSAGES = (("ansible.builtin.assert", "fail_msg"), ("ansible.builtin.fail", "msg"))
#: What Ansible says of an assert that has no sentence of its own.
WITHOUT_SENTENCE = "Assertion failed"
#: Of a sentence, and not of a name, a number or "it failed" alone.
_SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]+){2}")
_LINE = "line of the mapping"
_THROWN = re.compile(r"""throw (?:"(?P<varying>[^"]+)"|'(?P<fixed>(?:[^']|'')+)')""")
_POWERSHELL_VALUE = re.compile(r"\$\([^)]*\)|\$\{\w+\}|\$\w+")


class _Loader(yaml.SafeLoader):
    """Keeps of each mapping the line where it begins."""


def _mapping(loader, node):
    return dict(loader.construct_mapping(node, deep=True), **{_LINE: node.start_mark.line + 1})


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class Jobs:
    """The playbooks and roles of the collection at C(root)."""

    def __init__(self, root):
        self.root = root
        self._playbooks = {path: path.read_text(encoding="utf-8") for path in sorted([*root.glob("playbooks/*.yml"), *root.glob("playbooks/tasks/*.yml")])}

    def said(self):
        """Returns a Said for each job and sentence."""
        found = []
        for path in [*self._playbooks, *sorted(self.root.glob("roles/*/tasks/*.yml"))]:
            for line, template, variables in _failures(_load(path), self._variables(path)):
                texts = [WITHOUT_SENTENCE] if template is None else filter(_SENTENCE.search, self._texts(template, variables))
                found += [Said(job, _plain(text), path, line) for text in texts for job in self._jobs_of(path)]
        return found

    def _jobs_of(self, path):
        """Returns the names of the playbooks that a file belongs to, or of its role."""
        if path.parent.name == "playbooks":
            return [path.stem]
        if path not in self._playbooks:
            return [path.parents[1].name]
        users = [other for other, text in self._playbooks.items() if re.search(r"\b%s\b" % re.escape(path.name), text)]
        return sorted({job for other in users for job in self._jobs_of(other)})

    def _variables(self, path):
        """Returns what a role says in vars/main.yml."""
        place = path.parents[1] / "vars" / "main.yml"
        return _load(place) if path not in self._playbooks and place.exists() else {}

    def _texts(self, template, variables):
        """Returns every text that a template can be, as far as it tells."""
        return self._joined(jinja2.Environment().parse(template).body, variables)  # nothing is rendered

    def _joined(self, parts, variables):
        return ["".join(texts) for texts in itertools.product(*(self._alternatives(each, variables) for each in parts))]

    def _alternatives(self, node, variables):
        texts = self._told(node, variables)
        return texts if len(texts) == 1 or any(map(_SENTENCE.search, texts)) else [VARIES]

    def _told(self, node, variables):
        """Returns the texts of one part of a template."""
        if isinstance(node, nodes.TemplateData):
            return [node.data]
        if isinstance(node, nodes.Const):
            return [str(node.value)]
        if isinstance(node, (nodes.Output, nodes.Concat)):
            return self._joined(node.nodes, variables)
        if isinstance(node, nodes.CondExpr):
            return self._alternatives(node.expr1, variables) + (self._alternatives(node.expr2, variables) if node.expr2 else [""])
        if isinstance(node, (nodes.Add, nodes.Or)):
            sides = [self._alternatives(each, variables) for each in (node.left, node.right)]
            return ["".join(pair) for pair in itertools.product(*sides)] if isinstance(node, nodes.Add) else sides[0] + sides[1]
        if isinstance(node, nodes.Filter) and node.name == "default":
            return self._alternatives(node.node, variables) + self._alternatives(node.args[0], variables)
        if isinstance(node, nodes.Filter) and node.name == "trim":
            return self._alternatives(node.node, variables)
        if isinstance(node, nodes.Getitem) and isinstance(variables.get(getattr(node.node, "name", None)), dict):
            return [text for text in variables[node.node.name].values() if isinstance(text, str)]
        if isinstance(node, nodes.Name) and isinstance(variables.get(node.name), str):
            return self._texts(variables[node.name], variables)
        if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "lookup" and node.args[0].value == "ansible.builtin.template":
            return self._texts((self.root / "playbooks" / "templates" / node.args[1].value).read_text(encoding="utf-8"), variables)
        return [VARIES]


def _load(path):
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # a SafeLoader


def _failures(node, variables):
    """Yields (line, template or None, the variables around it) of each way to fail below C(node) of a file."""
    if isinstance(node, list):
        for each in node:
            yield from _failures(each, variables)
    elif isinstance(node, dict):
        variables = {**variables, **(node.get("vars") or {})}
        for module, option in _MESSAGES:
            if module in node:
                yield node[module][_LINE], node[module].get(option), variables
        if isinstance(node.get("script"), str):
            for thrown in _THROWN.finditer(node["script"]):
                text = _POWERSHELL_VALUE.sub(VARIES, thrown.group("varying") or "") or thrown.group("fixed").replace("''", "'")
                yield node[_LINE], text, variables
        for each in node.values():
            yield from _failures(each, variables)


def _plain(text):
    """Returns a text in one line, with one sign for neighbours that vary."""
    return re.sub(VARIES + "+", VARIES, " ".join(text.split()))
