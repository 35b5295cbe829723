# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads the fleet from the inventory, then runs credential_check_info's core as any action of this collection does."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.eccops.rapid.plugins.module_utils.argspec import credential_check_info_spec
from ansible_collections.eccops.rapid.plugins.module_utils.fleet import fleet_of
from ansible_collections.eccops.rapid.plugins.module_utils.fleet_check import check_fleet
from ansible_collections.eccops.rapid.plugins.plugin_utils.core_action import CoreAction


class ActionModule(CoreAction):
    returned_keys = frozenset({"counts", "lines", "report", "verdict"})

    def spec(self):
        return credential_check_info_spec()

    def core(self, params, is_check_mode):
        return check_fleet(params, is_check_mode, self.run_directory())

    def _run(self, tmp, task_vars):
        given = self._task.args
        try:
            self._task.args = self._with_fleet(dict(given), task_vars)
            return super()._run(tmp, task_vars)
        finally:
            self._task.args = given

    def _with_fleet(self, arguments, task_vars):
        """Returns C(arguments) with what the inventory says of its C(hosts), which then need not travel: one look at each."""
        names = [str(name) for name in arguments.pop("hosts", None) or []]
        if not names:
            return arguments
        if arguments.get("services") or arguments.get("accounts") or arguments.get("launchers"):
            raise AnsibleActionFail("give hosts, or services, accounts and launchers, but not both")
        fleet = fleet_of(Variables(task_vars["hostvars"]), names, _variables_of_play(self._templar, self._task.get_play()))
        if not boolean(arguments.get("is_portal_checked", False), strict=False):
            fleet["accounts"] = []
        arguments.update(fleet)
        return arguments


def _variables_of_play(templar, play):
    """Returns the variables of the play itself, such as those of import_playbook: for hosts that do not say."""
    return {name: templar.template(value) for name, value in play.get_vars().items() if name.startswith(("rapidauth_", "rapidsos_"))}


class Variables:
    """{host: its OwnVariables}"""

    def __init__(self, hostvars):
        self._hostvars = hostvars

    def __getitem__(self, name):
        return OwnVariables(self._hostvars, name)


class OwnVariables:
    """One host's variables: C(raw) are those as written, and only what may be a template or a vault is opened."""

    def __init__(self, hostvars, name):
        self._hostvars, self._name = hostvars, name
        self.raw = hostvars.raw_get(name)

    def get(self, name):
        value = self.raw.get(name)
        if value is None or (isinstance(value, str) and "{" not in value):
            return value
        return self._hostvars[self._name].get(name)
