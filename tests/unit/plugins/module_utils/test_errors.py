# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The table of error kinds has every kind that the plugins name, and no other; docs/errors.md is written from it."""

from __future__ import annotations

import ast
import pathlib

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils import _errors as errors
from ansible_collections.eccops.rapid.tests.checks import error_handbook

PLUGINS = pathlib.Path(errors.__file__).parents[1]
#: The kinds of base classes: each of their errors names its own.
FAMILIES = {"error", "sac_unusable", "not_sent", "answer_lost"}
#: Functions that take a kind by its place.
PLACES = {"Decision": 2, "_failed": 2, "_leave_open": 3}


def _expressions_of_kinds(node):
    """Returns the expressions of C(node) that name an error kind."""
    if isinstance(node, ast.Call):
        place = PLACES.get(getattr(node.func, "id", getattr(node.func, "attr", "")), len(node.args))
        return [each.value for each in node.keywords if each.arg == "kind"] + node.args[place:place + 1]
    if isinstance(node, ast.Assign):
        name = getattr(node.targets[0], "id", "")
        return [value.elts[0] for value in node.value.values] if name == "_MEANINGS" else [node.value] if name == "kind" else []
    if isinstance(node, ast.Dict):
        return node.values[:1] if [getattr(key, "value", None) for key in node.keys] == ["kind", "msg"] else []
    if isinstance(node, ast.arguments):
        return [value for argument, value in zip(node.args[::-1], node.defaults[::-1]) if argument.arg == "kind"]
    is_reason = isinstance(node, ast.Tuple) and len(node.elts) == 3 and str(getattr(node.elts[0], "value", "")).startswith("sac_")
    return node.elts[:1] if is_reason else []


def test_the_table_has_the_kinds_that_the_source_names_and_no_other():
    nodes = [node for path in PLUGINS.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    named = {found.value for node in nodes for found in _expressions_of_kinds(node) if isinstance(getattr(found, "value", None), str)}
    assert named == set(errors.KINDS) | FAMILIES


def test_an_error_has_a_kind_of_the_table():
    with pytest.raises(ValueError, match="no error kind 'unheard_of'"):
        raise errors.RapidError("it failed", kind="unheard_of")


def test_the_handbook_is_written_from_the_table():
    page = error_handbook.PAGE.read_text(encoding="utf-8")
    assert error_handbook.handbook(page) == page and page.count("### `") == len(errors.KINDS), "run make docs"
