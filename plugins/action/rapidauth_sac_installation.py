# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Reads and judges the SAC on the controller, and ships it with the module: as PEM with an encrypted key, through pipelining only."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.installation import OPERATION
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import build_payload
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now
from ansible_collections.eccops.rapid.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.eccops.rapid.plugins.plugin_utils.secret_options import plain

FROM_THE_CONTROLLER = ("audit_log_path", "sac_path", "sac_content", "sac_key_path", "sac_key_content", "sac_passphrase")


class ActionModule(ControllerAction):
    operation = OPERATION
    returned_keys = frozenset({"is_proven", "outcome", "previous_sha256_fingerprint", "reason", "sha256_fingerprint", "version_path"})

    def _run(self, tmp, task_vars):
        self._position = str(self._task.delegate_to or task_vars["inventory_hostname"])
        return super()._run(tmp, task_vars)

    def run_operation(self, params, is_check_mode):
        return self._installed(params, lambda shipped: self.operation.run({**params, **shipped}, is_check_mode))

    def _ship(self, task_vars):
        def ship(params):
            # As they were given: a path is one of the position, whose home is another.
            arguments = {name: value for name, value in plain(self._task.args).items() if name not in FROM_THE_CONTROLLER}
            return self._installed(params, lambda shipped: self._ship_with(dict(arguments, **shipped), task_vars))

        return self._with_params(ship)

    def _installed(self, params, install):
        """Returns the result of ``install(shipped)``, recorded where it changed something or failed."""
        audit_log = AuditLog(None if self._task.check_mode else params["audit_log_path"], "rapidauth_sac_installation")
        audit_log.ensure_writable()
        shipped, about = self._payload(params)
        subject = {"position": self._position, "path": params["path"], "sac": about}
        event = "sac_installation" if params["state"] == "present" else "sac_removal"
        try:
            result = _build_result(install(shipped), about)
        except RapidError as error:
            audit_log.complete(event, "failed", subject, error.kind)
            raise
        except BaseException:
            audit_log.complete(event, "unknown", subject)
            raise
        if result.get("failed") or result.get("changed"):
            subject["outcome"] = result.get("outcome")
            audit_log.complete(event, "failed" if result.get("failed") else "succeeded", subject, result.get("error_kind"))
        return audit_log.with_warnings(result)

    def _payload(self, params):
        """Returns the options that take the place of those read here, and what may be said about the SAC."""
        return build_payload(params, utc_now()) if params["state"] == "present" else ({}, {})


def _build_result(result, about):
    """Adds to a module's result what only the controller can read in a certificate."""
    if not result.get("failed") and about:
        result["sac"] = about
        result.get("diff", {}).get("after", {}).update(subject=about["subject"], not_after=about["not_after"])
    return result
