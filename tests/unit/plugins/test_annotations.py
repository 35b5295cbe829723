# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every public function of the plugins says what it takes and what it returns."""

from __future__ import annotations

import ast
import pathlib

from ansible_collections.eccops.rapid.plugins import module_utils

PLUGINS = pathlib.Path(next(iter(module_utils.__path__))).parent


def find_unannotated(path):
    """Yields the public functions of a file in which a type is missing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            if node.returns is None or [each for each in given if each and each.annotation is None and each.arg not in ("self", "cls")]:
                yield "%s: %s" % (path.relative_to(PLUGINS), node.name)


def test_every_public_function_is_annotated():
    paths = list(PLUGINS.rglob("*.py"))
    assert len(paths) > 100 and [each for path in paths for each in find_unannotated(path)] == []
