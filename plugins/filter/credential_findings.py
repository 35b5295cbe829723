# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter credential_findings."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.eccops.rapid.plugins.module_utils.errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils.findings import check_positions
from ansible_collections.eccops.rapid.plugins.module_utils.instants import given_now


def credential_findings(positions, credentials, warning_days=300, critical_days=345, now=None):
    try:
        return check_positions(positions, credentials, given_now(now), float(warning_days), float(critical_days))
    except RapidError as error:
        raise AnsibleFilterError(error.message) from None


class FilterModule:
    def filters(self):
        return {"credential_findings": credential_findings}
