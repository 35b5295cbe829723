# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads PowerShell by a real grammar (tree-sitter's): trees, the scripts of the roles' win_powershell tasks, and walks over them."""

import pathlib

import pytest
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROLES = REPOSITORY / "roles"
FILES = ROLES / "portal_launcher" / "files" / "windows"
PROGRAM = FILES / "portal-launcher.ps1"


def parse(text):
    """Returns the root node of a script's syntax tree; skips the test where the grammar is not installed."""
    tree_sitter = pytest.importorskip("tree_sitter", reason="tree-sitter is not installed: no PowerShell is parsed")
    grammar = pytest.importorskip("tree_sitter_powershell", reason="tree-sitter's PowerShell grammar is not installed")
    return tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(text.encode("utf-8")).root_node


def nodes(root, *kinds):
    """Yields the nodes of these kinds, or all, in the order of the text."""
    if not kinds or root.type in kinds:
        yield root
    for child in root.children:
        yield from nodes(child, *kinds)


def text_of(node):
    return node.text.decode("utf-8")


def task_scripts():
    """Returns {"file: task": script} of every win_powershell task of every role."""
    found = {}

    def look(value, path):
        if isinstance(value, dict):
            module = value.get("ansible.windows.win_powershell")
            if module:
                found["%s: %s" % (path.relative_to(ROLES), value.get("name"))] = module["script"]
            for each in value.values():
                look(each, path)
        elif isinstance(value, list):
            for each in value:
                look(each, path)

    for path in sorted(ROLES.glob("*/tasks/*.yml")) + sorted(ROLES.glob("*/handlers/*.yml")):
        look(yaml.safe_load(path.read_text(encoding="utf-8")), path)
    return found
