# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter sac_for_windows."""

from __future__ import annotations

import json

from ansible.errors import AnsibleFilterError

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.payload import build_windows_payload
from ansible_collections.eccops.rapid.plugins.module_utils._time import utc_now


def sac_for_windows(options):
    """Returns JSON of {thumbprint, pkcs12, passphrase} for the options that name a SAC."""
    try:
        given = {str(name): value if isinstance(value, (bool, int, float)) else str(value) for name, value in options.items() if value}
        return json.dumps(build_windows_payload(given, utc_now()))
    except RapidError as error:
        raise AnsibleFilterError(error.message) from None


class FilterModule:
    def filters(self):
        return {"sac_for_windows": sac_for_windows}
