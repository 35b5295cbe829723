# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter rotation_plan."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.eccops.rapid.plugins.module_utils.errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils.fleet import plan_rotation


def rotation_plan(positions, credentials):
    try:
        return plan_rotation(positions, credentials)
    except RapidError as error:
        raise AnsibleFilterError(error.message) from None


class FilterModule:
    def filters(self):
        return {"rotation_plan": rotation_plan}
