# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads and judges the SAC on the controller, and ships it with the module: as PEM with an encrypted key, through pipelining only."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.instants import utc_now
from ansible_collections.eccops.rapid.plugins.module_utils.sac_installation import have_sac, sac_installation_spec
from ansible_collections.eccops.rapid.plugins.module_utils.sac_shipment import shipment_of
from ansible_collections.eccops.rapid.plugins.plugin_utils.core_action import CoreAction, plain

FROM_THE_CONTROLLER = ("sac_path", "sac_content", "sac_key_path", "sac_key_content", "sac_passphrase")


class ActionModule(CoreAction):
    # The answer of a polled job does not come through this plugin, and its arguments lie in a file.
    _supports_async = False

    @property
    def must_pipeline(self):  # type: ignore[override]
        return str(self._task.args.get("state", "present")) != "absent"

    def spec(self):
        return sac_installation_spec()

    def core(self, params, is_check_mode):
        shipped, about = self._shipment(params)
        params = dict(params, **shipped)
        return _tell(have_sac(params, is_check_mode), about)

    def _ship(self, task_vars):
        def ship(params):
            shipped, about = self._shipment(params)
            # As they were given: a path is one of the position, whose home is another.
            arguments = {name: value for name, value in plain(self._task.args).items() if name not in FROM_THE_CONTROLLER}
            return _tell(self._ship_with(dict(arguments, **shipped), task_vars), about)

        return self._with_params(ship)

    def _shipment(self, params):
        """Returns the options that take the place of those read here, and what may be said about the SAC."""
        return shipment_of(params, utc_now()) if params["state"] == "present" else ({}, {})


def _tell(result, about):
    """Adds to a module's result what only the controller can read in a certificate."""
    if not result.get("failed") and about:
        result["sac"] = about
        result.get("diff", {}).get("after", {}).update(subject=about["subject"], not_after=about["not_after"])
    return result
