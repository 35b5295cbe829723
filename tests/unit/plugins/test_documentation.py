# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What is written about modules and variables in several places is the same everywhere."""

from __future__ import annotations

import ast
import importlib
import itertools
import pathlib
import re

import pytest
import yaml

from ansible_collections.eccops.rapid.plugins.module_utils import _version as version
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.plans import fleet_plan_spec

PLUGINS = pathlib.Path(version.__file__).parents[1]
ROOT = PLUGINS.parent
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
PACKAGE = "ansible_collections.eccops.rapid.plugins."


#: Modules that run on the controller only: their files are documentation.
WITHOUT_CODE = ("credential_report", "fleet_plan")
SHIPPED = [module for module in MODULES if module not in WITHOUT_CODE]


def _action(module):
    return importlib.import_module(PACKAGE + "action." + module).ActionModule


#: The groups give one service's address and SAC, which these do not take.
WITHOUT_GROUP = ["credential_check_info", "credential_report", "fleet_plan", "rapidauth_collection", "rapidauth_ledger_import", "rapidauth_ledger_info",
                 "rapidauth_sac_installation", "workstation_files", "workstation_info"]
SPECS = {module: fleet_plan_spec() if module == "fleet_plan" else _action(module).operation.spec for module in MODULES}


def constants(path):
    """Returns the string constants of a module file without importing it."""
    tree = ast.parse(path.read_text())
    return {node.targets[0].id: node.value.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)}


@pytest.mark.parametrize("module", WITHOUT_CODE)
def test_options_of_a_module_without_code_are_documented_as_they_are(module):
    """ansible-test's validate-modules compares those of the others."""
    documented = yaml.safe_load(constants(PLUGINS / "modules" / (module + ".py"))["DOCUMENTATION"])["options"]
    assert {name: facts(option) for name, option in documented.items()} == {
        name: facts(option) for name, option in SPECS[module]["argument_spec"].items()}


def facts(option):
    """Returns what a documentation and an argument specification both say of an option."""
    return {name: option.get(name) or None for name in ("type", "default", "choices", "elements", "required")}


@pytest.mark.parametrize("module", MODULES)
def test_every_secret_option_is_kept_out_of_logs(module):
    """Whatever is named like a secret says whether it is one, and the rules name no option that does not exist."""
    spec = SPECS[module]
    options = spec["argument_spec"]
    secrets = {name for name, option in options.items() if option.get("no_log")}
    assert {name for name in options if name.endswith(("password", "passphrase", "secret", "secrets", "content"))} == secrets
    named = {name for rule in ("mutually_exclusive", "required_one_of") for names in spec.get(rule, []) for name in names}
    for condition in spec.get("required_if", []):
        named |= {condition[0], *condition[2]}
        assert condition[1] in options[condition[0]]["choices"]
    assert named <= set(options)


def test_every_module_has_an_action_and_an_action_group():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted(path.stem for path in (PLUGINS / "action").glob("*.py")) == MODULES
    assert sorted([name for names in groups.values() for name in names] + WITHOUT_GROUP) == MODULES


@pytest.mark.parametrize("module", SHIPPED)
def test_module_and_action_run_the_same_operation(module):
    assert importlib.import_module(PACKAGE + "modules." + module).OPERATION is _action(module).operation


@pytest.mark.parametrize("module", MODULES)
def test_samples_show_every_key_of_a_credential(module):
    returned = yaml.safe_load(constants(PLUGINS / "modules" / (module + ".py"))["RETURN"])
    reserved = {"items", "keys", "values", "get", "copy", "pop", "update"}
    assert not reserved & set(returned)
    for name in {"credential", "credentials"} & set(returned):
        assert {"anon_id", "request_id", "prevent_collection", "status", "requested_date", "collected_date"} <= set(returned[name]["contains"])


def test_the_version_is_the_one_of_galaxy_yml():
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == version.COLLECTION_VERSION


@pytest.mark.parametrize("path", sorted((PLUGINS / "filter").glob("*.yml")), ids=lambda path: path.stem)
def test_every_filter_has_the_name_it_is_documented_under(path):
    documentation = yaml.safe_load(path.read_text())["DOCUMENTATION"]
    filters = importlib.import_module(PACKAGE + "filter." + path.stem).FilterModule().filters()
    assert documentation["name"] == path.stem
    assert path.stem in filters


#: How the variables of playbooks and roles begin.
VARIABLE = re.compile(r"`((?:blocked|check|credential_report|demo|portal_launcher|provision|rapidauth|rapidsos|rotation|sac_certificate|sandbox)_\w*[a-z0-9])`")


def test_every_variable_that_a_page_names_is_read():
    known = set()
    for path in itertools.chain.from_iterable((ROOT / place).rglob("*.*") for place in ("playbooks", "roles", "plugins")):
        if path.suffix in (".yml", ".py", ".j2"):
            known |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    pages = [path for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "roles").glob("*/README.md")]
             if path.name != "performance.md"]  # its tables name measurements
    named = {(name, path.name) for path in pages for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    renamed = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "changelogs").rglob("*.y*ml")))))
    assert len(named) > 60
    assert not [(name, page) for name, page in named if name not in known and not (page == "upgrades.md" and name in renamed)]


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/meta/argument_specs.yml")), ids=lambda path: path.parts[-3])
def test_a_secret_option_of_a_role_is_marked(path):
    """A plan shows the values of options in its errors, unless they are marked."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values()
    options = {name: rules for entry in entries for name, rules in (entry.get("options") or {}).items()}
    assert not [name for name, rules in options.items() if re.search(r"(password|passphrase|secret|_content)$", name) and not rules.get("no_log")]
