# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""An operation, which a module and its action plugin share, and the one place that knows AnsibleModule."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError


class Operation(typing.NamedTuple):
    """What a module and its action plugin do.

    spec is what AnsibleModule takes. run(params, is_check_mode) returns the result or raises RapidError; an action may pass it further keywords.
    """

    spec: typing.Dict[str, typing.Any]
    run: typing.Callable[..., dict]


def run_module(operation: Operation) -> None:
    """Ends this process with the operation's result as the module's, or with its RapidError as a failure."""
    from ansible.module_utils.basic import AnsibleModule  # controllers and tests use an Operation without it

    module = AnsibleModule(supports_check_mode=True, **operation.spec)
    try:
        result = operation.run(module.params, module.check_mode)
    except RapidError as error:
        module.fail_json(**error.as_result())
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)
