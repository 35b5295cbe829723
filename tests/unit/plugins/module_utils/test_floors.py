# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A package of module_utils imports only from floors below its own, and what runs on a position imports the standard library only."""

from __future__ import annotations

import ast
import pathlib
import sys

import pytest

from ansible_collections.eccops.rapid.plugins import module_utils

ROOT = pathlib.Path(next(iter(module_utils.__path__)))
OURS = "ansible_collections.eccops.rapid.plugins.module_utils."

#: From the ground to the roof.
FLOORS = [
    {"_text", "_version"},
    {"_errors"},
    {"_files", "_module", "_options", "_thresholds", "_time"},
    {"_http", "_workstation"},
    {"_audit_log", "_report", "_sac"},
    {"_portal", "_rapidauth"},
    {"_ledger", "_sac_deploy"},
    {"_rotation"},
    {"_credentials"},
    {"_fleet"},
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
ON_POSITIONS = ["_http.connection", "_sac_deploy.installation", *("_workstation." + path.stem for path in ROOT.glob("_workstation/[!_]*.py"))]


def find_imports(name):
    """Returns what the module called name in module_utils imports, wherever in its text: full names of modules."""
    path = ROOT / (name.replace(".", "/") + ".py")
    names = set()
    for node in ast.walk(ast.parse((path if path.exists() else path.with_suffix("") / "__init__.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            is_package = (ROOT / (node.module + ".").replace(OURS, "", 1).replace(".", "/")).is_dir()
            names |= {"%s.%s" % (node.module, each.name) for each in node.names} if is_package else {node.module}
    return names


def test_every_package_and_file_has_its_floor():
    assert set(FLOOR) == {path.stem for path in ROOT.iterdir() if path.name not in ("__init__.py", "__pycache__")}


@pytest.mark.parametrize("name", sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.rglob("_*/*.py")) + sorted(
    path.stem for path in ROOT.glob("_[!_]*.py")))
def test_imports_only_from_floors_below(name):
    own = name.split(".")[0]
    others = {each.replace(OURS, "", 1).split(".")[0] for each in find_imports(name) if each.startswith(OURS)} - {own}
    assert [each for each in sorted(others) if FLOOR[each] >= FLOOR[own]] == []


@pytest.mark.skipif(not hasattr(sys, "stdlib_module_names"), reason="this Python does not list its standard library")
@pytest.mark.parametrize("name", ON_POSITIONS)
def test_position_code_needs_only_the_standard_library(name):
    pending, seen, foreign = [name], set(), set()
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            for each in find_imports(current):
                if each.startswith(OURS):
                    pending.append(each.replace(OURS, "", 1))
                elif each.split(".")[0] not in sys.stdlib_module_names:
                    foreign.add(each)
    assert foreign <= {"ansible.module_utils.basic"}  # which is wherever a module runs
    assert not [each for each in seen if each.startswith("_sac.")]
