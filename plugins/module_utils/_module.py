# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The one place that knows AnsibleModule: runs a core and ends the module with its result."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError


def run_module(module, core):
    """Ends C(module) with what C(core(params, is_check_mode)) returns, or with its RapidError as a failure."""
    try:
        result = core(module.params, module.check_mode)
    except RapidError as error:
        module.fail_json(**error.as_result())
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)
