# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the tasks, roles and variables of shown YAML: whether their options are those of the module or role, and which variables they use."""

import functools
import importlib
import json
import re
import subprocess

import documented_commands
import harness
import jinja2
import jinja2.meta
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.variables import known_names

OWN = "eccops.rapid."
ROLES = {path.name: yaml.safe_load((path / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
         for path in sorted((harness.REPOSITORY / "roles").iterdir())}
#: What takes any option, or a text instead of options.
FREE = ("ansible.builtin.meta", "ansible.builtin.set_fact")
EXPRESSIONS = ("when", "that", "until", "failed_when", "changed_when")
#: What Ansible itself defines.
MAGIC = {"ansible_forks", "ansible_play_batch", "ansible_play_hosts_all", "groups", "hostvars", "inventory_dir", "inventory_hostname", "item", "lookup",
         "omit", "playbook_dir", "query"}
CONSTRAINTS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
_NEUTRAL = {"bool": True, "dict": {}, "float": 1.0, "int": 1, "list": []}


def pages():
    """Returns {page: [what each YAML block holds]} of the pages that show Ansible's YAML."""
    found = {}
    for page, content in documented_commands.yaml_blocks():
        if page.name != "ci_examples.md":  # those are jobs of other systems
            found.setdefault(page, []).append(content)
    return found


def tasks_of(content, defaults=None):
    """Yields (module, its options with the module_defaults) of all tasks in a block of plays or tasks."""
    for entry in content if isinstance(content, list) else ():
        given = dict(defaults or {}, **entry.get("module_defaults", {}))
        for name in ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from tasks_of(entry.get(name), given)
        for module in (key for key in entry if re.fullmatch(r"\w+\.\w+\.\w+", key)):
            options = entry[module] or {}
            yield module, options if isinstance(options, str) else {**_defaults_for(module, given), **options}


def _defaults_for(module, given):
    """Returns what module_defaults, of the module itself or its action groups, give a module that knows these options."""
    found = {}
    for name, options in given.items():
        is_of_group = name.startswith("group/") and module.rpartition(".")[2] in _groups().get(name.rpartition(".")[2], ())
        found.update(options if is_of_group or name == module else {})
    return found


@functools.lru_cache(None)
def _groups():
    return yaml.safe_load((harness.REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]


def roles_of(content):
    """Yields (role, its variables) of all roles in a block."""
    for entry in content if isinstance(content, list) else ():
        for role in entry.get("roles", ()):
            yield role["role"], role.get("vars", {})
        for name in ("tasks", "block"):
            yield from roles_of(entry.get(name))
        for module in ("ansible.builtin.include_role", "ansible.builtin.import_role"):
            if module in entry:
                yield entry[module]["name"], entry.get("vars", {})


def read_documentation(modules, home):
    """Returns {module: its documented options}, of one ansible-doc for all."""
    done = subprocess.run([str(harness.BIN / "ansible-doc"), "--json", *sorted(modules)], env=harness.ansible_environment(home), check=True,
                          capture_output=True, text=True, timeout=120)
    return {name: each["doc"].get("options", {}) for name, each in json.loads(done.stdout).items()}


def problems_of(module, options, documentation):
    """Returns what is wrong with the options of a task."""
    if isinstance(options, str) or module in FREE:
        return []
    constraints = {}
    if module.startswith(OWN):
        action = importlib.import_module("ansible_collections.eccops.rapid.plugins.action." + module[len(OWN):].replace("win_", "")).ActionModule
        constraints = {name: rules for name, rules in getattr(getattr(action, "operation", None), "spec", {}).items() if name in CONSTRAINTS}
    return check_options(options, documentation[module], constraints)


def check_options(options, described, constraints=None):
    """Returns what is wrong with options of which ``described`` is the documentation, in the words of Ansible."""
    spec = _specification(described)
    return ArgumentSpecValidator(spec, **(constraints or {})).validate(_without_templates(options, spec)).error_messages


def _specification(described):
    return {name: {
        "type": rules.get("type", "str"), "elements": rules.get("elements"), "required": rules.get("required", False),
        "aliases": rules.get("aliases", []), **({"choices": list(rules["choices"])} if "choices" in rules else {}),
        **({"options": _specification(rules[key]) for key in ("suboptions", "options") if key in rules})} for name, rules in described.items()}


def _without_templates(options, spec):
    """Returns options with a value of the right type where a template stands."""
    filled = {}
    for name, value in options.items():
        rules = spec.get(name, {})
        if isinstance(value, str) and "{{" in value:
            value = rules["choices"][0] if "choices" in rules else _NEUTRAL.get(rules.get("type"), value)
        elif isinstance(value, list) and "options" in rules:
            value = [_without_templates(each, rules["options"]) for each in value]
        elif isinstance(value, dict) and "options" in rules:
            value = _without_templates(value, rules["options"])
        filled[name] = value
    return filled


class _AnyName(dict):
    """The filters or tests of a template: those of Ansible are no concern here."""

    def get(self, name, default=None):
        return super().get(name, default or str)


def _parse(text):
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.filters, environment.tests = _AnyName(environment.filters), _AnyName(environment.tests)
    return environment.parse(text)


def variables_used(content):
    """Returns the names of the variables that the templates and expressions of YAML use and do not set themselves."""
    used = set()
    for key, text in _texts(content):
        if key in EXPRESSIONS:
            text = "{{ %s }}" % text
        used |= jinja2.meta.find_undeclared_variables(_parse(text))
    return used


def variables_set(content):
    """Returns the names that YAML sets: variables of plays, tasks, groups and hosts, registered results and facts."""
    names = set()
    if isinstance(content, list):
        names = names.union(*map(variables_set, content))
    elif isinstance(content, dict):
        names = set(content.get("vars") or {}) | set(content.get("ansible.builtin.set_fact") or {}) | {content.get("register")} - {None}
        names = names.union(*map(variables_set, content.values()))
    return names


def _texts(content, key=None):
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _texts(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value, key)
    elif isinstance(content, str):
        yield key, content


def undefined_in(contents):
    """Returns the variables of a page's YAML that neither it, nor Ansible, nor a vault, nor docs/playbook_variables.md has."""
    known = known_names(name for options in ROLES.values() for name in options) | MAGIC
    used = set().union(*map(variables_used, contents)) - set().union(*map(variables_set, contents)) - known
    return sorted(name for name in used if not name.startswith("vault_"))
