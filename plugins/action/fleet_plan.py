# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads and validates the fleet's variables on the controller, once, before any position is touched."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.plans import fleet_plan_spec, make_plan
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.variables import known_names
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import plain
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import (
    extra_variable_names, find_default_connection, match_hosts, read_hosts, role_options, role_variables, shipped_launchers, validate_controller,
    validate_ledger_host, validate_texts_stay_texts)


class ActionModule(ActionBase):
    """Runs on the controller whatever the task's host is: it connects to nothing."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Any = None) -> dict:
        result = super().run(tmp, task_vars)
        validated = ArgumentSpecValidator(**fleet_plan_spec()).validate(plain(self._task.args))
        if validated.error_messages:
            raise AnsibleActionFail("; ".join(validated.error_messages))
        params = validated.validated_parameters
        extra_names = extra_variable_names(self._loader)
        play_vars = self._task.get_play().get_vars()
        try:
            validate_controller(task_vars["hostvars"], self._loader)
            if params["pattern_variable"]:
                (own,) = read_hosts([task_vars["inventory_hostname"]], task_vars, self._templar, play_vars, extra_names).values()
                params["hosts"] = match_hosts(params["pattern_variable"], own, params["hosts"], task_vars, self._loader)
            roles = role_options()
            defaults = role_variables(self._loader) if params["job"] == "provision" else None
            hosts = read_hosts(params["hosts"], task_vars, self._templar, play_vars, extra_names, defaults)
            known = known_names(name for options in roles.values() for name in options).union(defaults or ())
            reader = FleetReader(hosts, known, extra_names, play_vars)
            plan = make_plan(params, reader, shipped_launchers(), roles, self._task.check_mode)
            validate_texts_stay_texts(plan, self._templar)
            if "ledger_host" in plan:
                validate_ledger_host(plan["ledger_host"], task_vars["hostvars"], {*params["all_positions"], *params["hosts"]})
                plan["ledger_connection"] = find_default_connection(plan["ledger_host"])
            # The plan holds the SAC's passphrase: no part of it is in the result of a failure, which names variables and no value of a secret.
            result.update(plan, changed=False, _ansible_no_log=True)
        except RapidError as error:
            result.update(error.as_result(), failed=True)
        return result
