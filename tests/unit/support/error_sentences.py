# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads from the source of the plugins every error kind, and every sentence a failure can say, without running anything.

What varies in a sentence is shown as C(…), and so is a kind that only running tells. A sentence is found where an error of
the family of errors.py is made, where an action refuses its task, where a replacement is refused or left open, where there
is a reason against a SAC, where a process tells another why it failed, and where a number of the service's is given a meaning.
"""

from __future__ import annotations

import ast
import collections
import itertools
import pathlib
import re

VARIES = "…"
#: Stands for the kind of what has none, since Ansible itself fails the task.
BY_ACTIONS = "(an action's refusal)"
#: Made with (message, kind=...).
ROOT_CLASS = "RapidError"
#: How an action refuses its task: no kind of ours comes with it.
_REFUSING = "AnsibleActionFail"
#: Reasons against a SAC are tuples (kind, reason, what_to_do).
_KIND_OF_SAC = re.compile(r"sac_[a-z_]+\Z")
#: Functions that are called with a reason and a kind: {name: (place of the reason, place of the kind, kind where none is given)}.
TAKING = {"Decision": (1, 2, None), "_failed": (1, 2, None), "_leave_open": (0, 3, "unresolved")}
#: {number of the service's: (kind, what it means)}.
MEANINGS = "_MEANINGS"
_PLACEHOLDER = re.compile(r"%(?:\.?\d*[sdrxog])")
_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]")

Said = collections.namedtuple("Said", "kind sentence path line")


class Source:
    """One parsed file: its constants, its functions and, of each node, the function around it."""

    def __init__(self, path):
        self.path, self.tree = path, ast.parse(path.read_text(encoding="utf-8"))
        self.constants = {
            node.targets[0].id: node.value for node in self.tree.body
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)}
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        self.around = {}
        for function in self.functions.values():  # an inner function comes later, and wins
            self.around.update({inner: function for inner in ast.walk(function)})


class Plugins:
    """All sources below C(directory)."""

    def __init__(self, directory):
        self.sources = [Source(path) for path in sorted(pathlib.Path(directory).rglob("*.py"))]
        paths = {".".join(source.path.with_suffix("").parts[-2:]): source for source in self.sources}
        imports = (node for source in self.sources for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom) and node.module)
        self.imported = {name.asname or name.name: paths["%s.%s" % (node.module.split(".")[-1], name.name)]
                         for node in imports for name in node.names if "%s.%s" % (node.module.split(".")[-1], name.name) in paths}
        self.kinds_of_classes = self._classes()

    def _classes(self):
        """Returns {class: its kind} of the family, whose members inherit the kind."""
        classes = {node.name: node for source in self.sources for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)}

        def kind_of(name):
            if name not in classes:
                return None
            own = [each.value.value for each in classes[name].body
                   if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == "kind" and isinstance(each.value, ast.Constant)]
            return own[0] if own else next(filter(None, (kind_of(getattr(base, "id", "")) for base in classes[name].bases)), None)

        def is_of_family(name):
            return name == ROOT_CLASS or name in classes and any(is_of_family(getattr(base, "id", "")) for base in classes[name].bases)

        return {name: kind_of(name) for name in classes if is_of_family(name)}

    def texts(self, node, source, depth=0):
        """Returns every text an expression can be, as far as the source tells."""
        deeper = [source, depth + 1]
        if depth > 8 or node is None:
            return [VARIES]
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [VARIES]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return [_PLACEHOLDER.sub(VARIES, text).replace("%%", "%") for text in self.texts(node.left, *deeper)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return ["".join(pair) for pair in itertools.product(self.texts(node.left, *deeper), self.texts(node.right, *deeper))]
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, *deeper) + self.texts(node.orelse, *deeper)
        if isinstance(node, ast.Name):
            return [text for value in self._given(node, source) for text in self.texts(value, *deeper)] or [VARIES]
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in self.imported:
            other = self.imported[node.value.id]
            return self.texts(other.constants.get(node.attr), other, depth + 1)
        if isinstance(node, ast.Call) and _called(node) == "join":  # of a list that begins with a text
            first = next((each.elts[0] for each in self._given(node.args[0], source) if isinstance(each, ast.List)), None)
            return [text + "; " + VARIES for text in self.texts(first, *deeper)]
        if isinstance(node, ast.Call) and _called(node) in source.functions:
            returned = [each.value for each in ast.walk(source.functions[_called(node)]) if isinstance(each, ast.Return)]
            return [text for value in returned for text in self.texts(value, *deeper)]
        return [VARIES]

    def _given(self, node, source):
        """Returns the expressions that a name was given in the function around it, or at the top of the file."""
        function = source.around.get(node)
        given = []
        for each in ast.walk(function) if function and isinstance(node, ast.Name) else ():
            if isinstance(each, ast.Assign):
                target, value = each.targets[0], each.value
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Call) and _called(value) == "get":
                    # kind, meaning = MEANINGS.get(number, ("refused", None)): its other values are read where they are written
                    given += [part for name, part in zip(target.elts, value.args[-1].elts) if name.id == node.id]
                elif getattr(target, "id", "") == node.id:
                    given.append(value)
        return given or [source.constants[node.id]] if getattr(node, "id", "") in source.constants or given else []

    def said(self):
        """Returns a Said for each kind and sentence; the sentence is None where only running tells it."""
        found = []
        for source in self.sources:
            for node in ast.walk(source.tree):
                for kinds, nodes in self._at(node, source):
                    sentences = ["; ".join(parts) for parts in itertools.product(*(self.texts(each, source) for each in nodes))]
                    found += [
                        Said(kind, re.sub(VARIES + "+", VARIES, each) if _WORDS.search(each) else None, source.path, node.lineno)
                        for kind in kinds for each in sentences]
        return [each for each in found if each.kind != VARIES or each.sentence]

    def _at(self, node, source):
        """Yields (kinds, expressions that make the sentence) of what C(node) says."""
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            name = _called(node)
            if name in self.kinds_of_classes and node.args:
                yield self.texts(keywords["kind"], source) if "kind" in keywords else [self.kinds_of_classes[name]], [node.args[0]]
            if name == _REFUSING:
                yield [BY_ACTIONS], [node.args[0]]
            if name == "_replace" and {"reason", "kind"} <= set(keywords):
                yield self.texts(keywords["kind"], source), [keywords["reason"]]
            if name in TAKING:
                reason, kind, otherwise = TAKING[name]
                if len(node.args) > kind or otherwise:
                    yield self.texts(node.args[kind], source) if len(node.args) > kind else [otherwise], [node.args[reason]]
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and _KIND_OF_SAC.match(str(getattr(node.elts[0], "value", ""))):
            yield [node.elts[0].value], node.elts[1:]
        if isinstance(node, ast.Dict) and [getattr(key, "value", None) for key in node.keys] == ["kind", "msg"]:
            yield self.texts(node.values[0], source), [node.values[1]]
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == MEANINGS:
            for value in node.value.values:
                yield self.texts(value.elts[0], source), [ast.Constant(VARIES), value.elts[1]]


def _called(node):
    """Returns the last part of the name that is called."""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))
