# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The inventory as a plan reads it: each host's variables with templates and vaults opened, or a clear word why they cannot be."""

from __future__ import annotations

import ast
import hashlib
import inspect
import pathlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import yaml
from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.loader import lookup_loader
from ansible.utils.vars import load_extra_vars

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.values import read_texts
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import plain

_ROLES = pathlib.Path(__file__).resolve().parents[2] / "roles"
ROLES_OF_POSITIONS = ("credential_report", "portal_launcher", "sac_certificate")


class HostVariables:
    """One host's variables: raw is what is written, get opens it, fact_names are what the host says of itself.

    The variables of the play, such as those of import_playbook, go before the inventory's and after extra vars.
    """

    def __init__(self, hostvars, name: str, templar, play_vars: dict, extra_names, role_vars: dict | None = None):
        self._hostvars, self._templar = hostvars, templar
        written = hostvars.raw_get(name)
        self.raw = {**(role_vars or {}), **written, **{key: value for key, value in play_vars.items() if key not in extra_names}}
        self.fact_names = frozenset(written.get("ansible_facts") or ())

    def get(self, name: str) -> Any:
        """Returns the value, made of plain Python types; raises InvalidInput where a template or a vault cannot be opened."""
        value = self.raw.get(name)
        if value is None or isinstance(value, (bool, int, float)) or (type(value) is str and "{" not in value):  # pylint: disable=unidiomatic-typecheck
            return value
        try:
            templar = self._templar.copy_with_new_env(available_variables={**self.raw, "hostvars": self._hostvars})
            return plain(templar.template(value))
        except AnsibleError as error:
            raise InvalidInput("%s cannot be read: %s" % (name, " ".join(str(error).split()))) from None


def read_hosts(
    names: Iterable[str], task_vars: dict, templar: Any, play_vars: dict, extra_names: Collection[str], role_vars: dict | None = None
) -> dict[str, HostVariables]:
    """Returns {host: its variables} in the order of names; role_vars are the defaults of roles, which all others outrank."""
    hostvars = task_vars["hostvars"]
    return {str(name): HostVariables(hostvars, str(name), templar, play_vars, extra_names, role_vars) for name in names}


def match_hosts(name: str, own: HostVariables, reachable: Collection[str], task_vars: dict, loader: Any) -> list[str]:
    """Returns those of the hosts reachable that a variable's patterns name; raises InvalidInput where one of them names none.

    The variable is text or a list of text, in Ansible's own pattern language. It must not come from a host's facts.
    """
    if name in own.fact_names:
        raise InvalidInput("Nothing was changed. A host's facts contain %s; set it with -e" % name, kind="fleet_invalid")
    value = own.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InvalidInput("Nothing was changed. %s is not set; set it to the positions that are meant" % name, kind="fleet_invalid")
    try:
        given = read_texts(name, [value] if not isinstance(value, (list, tuple)) and not str(value).lstrip().startswith("[") else value)
    except InvalidInput as error:
        raise InvalidInput("Nothing was changed. %s" % error.message, kind="fleet_invalid") from None
    lookup = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=loader)
    patterns = [part.strip() for each in given for part in split_host_pattern(each) if part.strip()]

    def find(wanted: list[str]) -> list[str]:
        return [str(each) for each in lookup.run(wanted, variables=task_vars) if each in set(reachable)]

    for pattern in patterns:
        if not pattern.startswith(("!", "&")) and not find([pattern]):
            raise InvalidInput(
                "Nothing was changed. '%s' of %s matches no host of the inventory that this run may use; see --limit and ansible-inventory --list"
                % (pattern, name), kind="fleet_invalid")
    found = find(patterns)
    if not found:
        raise InvalidInput("Nothing was changed. %s leaves no host: '%s'" % (name, ", ".join(patterns)), kind="fleet_invalid")
    return found


def validate_texts_stay_texts(plan: dict, templar: Any) -> None:
    """Raises InvalidInput where an id or a secret of a plan would become a number on its way: jinja2_native does that until ansible-core 2.18."""
    if getattr(templar, "jinja2_native", False):
        for name, value in _scalars_in(plan):
            if name.endswith(("_id", "_name", "password", "passphrase")) and _is_literal(value):
                raise InvalidInput(
                    "Nothing was changed. jinja2_native is set, by which this ansible-core makes numbers of ids and secrets that look like some, as the "
                    "%s here does; unset jinja2_native in ansible.cfg and ANSIBLE_JINJA2_NATIVE" % name, kind="fleet_invalid")


def _scalars_in(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yields (key, text) of all texts in a tree."""
    if isinstance(value, str):
        yield name, value
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _scalars_in(each, str(key))


def _is_literal(text: str) -> bool:
    """Returns whether Python would read something else than this text, as Jinja does then."""
    try:
        return ast.literal_eval(text) != text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def extra_variable_names(loader: Any) -> frozenset[str]:
    """Returns the names of the variables given with -e."""
    return frozenset(load_extra_vars(loader))


def _raw_variables(hostvars: Any, name: str) -> Mapping[str, Any]:
    """Returns the variables of a host as they are written; a slice of the inventory may lack the ledger's host."""
    own = hostvars.raw_get(name) if name in hostvars else None
    return own if isinstance(own, Mapping) else {}


def validate_controller(hostvars: Any, loader: Any) -> None:
    """Raises InvalidInput where a variable would make the controller's own tasks run elsewhere or as somebody else, with another ledger.

    The playbooks' own variables outrank the inventory's, and not those given with -e.
    """
    extra = load_extra_vars(loader)
    connection = str(_raw_variables(hostvars, "localhost").get("ansible_connection") or "local")
    if connection.rpartition(".")[2] != "local":
        raise InvalidInput("Nothing was changed. The controller's own tasks would use ansible_connection=%s; set ansible_connection: local for localhost, and "
                           "give no ansible_connection with -e" % connection, kind="fleet_invalid")
    for name, harmless in (("ansible_become", ("false", "no", "off", "0", "")), ("ansible_shell_type", ("sh", ""))):
        if str(extra.get(name, "")).lower() not in harmless:
            raise InvalidInput("Nothing was changed. %s was given with -e, which changes the controller's own tasks too; set it in the inventory, for the "
                               "positions" % name, kind="fleet_invalid")


def validate_ledger_host(host: str, hostvars: Any, positions: Collection[str]) -> None:
    """Raises InvalidInput where the host of the ledger is one of the positions under another name: whoever has that would be sent the SAC."""
    if host in C.LOCALHOST:
        return

    def find_address(name: str) -> tuple[str, str] | None:
        own = _raw_variables(hostvars, name)
        if str(own.get("ansible_connection")).rpartition(".")[2] == "local":
            return None  # the controller itself, whatever address all hosts of the inventory have
        return str(own.get("ansible_host") or name).lower(), str(own.get("ansible_port") or 22)

    wanted = find_address(host)
    for position in positions:
        if wanted is not None and find_address(position) == wanted:
            raise InvalidInput("Nothing was changed. rapidauth_ledger_host is %s, which has the address of %s, a position: whoever has that position would be "
                               "sent the SAC; keep the ledger on localhost or a server" % (host, position), kind="fleet_invalid")


def find_default_connection(host: str) -> str:
    """Returns by which connection a host is reached that has no ansible_connection: a delegated task would take that of its play instead."""
    return "local" if host in C.LOCALHOST else context.CLIARGS.get("connection") or C.DEFAULT_TRANSPORT


def role_options() -> dict[str, dict]:
    """Returns {role: {option: its specification}} of the roles that run for positions."""
    found = {}
    for role in ROLES_OF_POSITIONS:
        specs = yaml.safe_load((_ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        found[role] = specs["argument_specs"]["main"]["options"]
    return found


def role_variables(loader: Any) -> dict[str, Any]:
    """Returns the defaults and the variables of the roles that provision positions, as they are written."""
    trust = {"trusted_as_template": True} if "trusted_as_template" in inspect.signature(loader.load_from_file).parameters else {}
    found: dict[str, Any] = {}
    for place in ("defaults", "vars"):
        for role in ("portal_launcher", "sac_certificate"):
            found.update(loader.load_from_file(str(_ROLES / role / place / "main.yml"), **trust) or {})
    return found


def shipped_launchers() -> dict[str, str]:
    """Returns {platform: the SHA-256 of the launcher that this release installs on positions of that platform}."""
    programs = {"linux": "linux/portal-launcher", "windows": "windows/portal-launcher.ps1"}
    return {platform: hashlib.sha256((_ROLES / "portal_launcher" / "files" / path).read_bytes()).hexdigest() for platform, path in programs.items()}


def registered_results(hostvars: Any, names: Iterable[str], variable: str) -> dict[str, dict]:
    """Returns {host: what it registered as the variable}, for those that registered something."""
    found = {}
    for name in names:
        result = hostvars.raw_get(name).get(variable) if hasattr(hostvars, "raw_get") else hostvars[name].get(variable)
        if isinstance(result, dict) and not result.get("skipped"):
            found[str(name)] = dict(result)
    return found
