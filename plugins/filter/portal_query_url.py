# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The filter portal_query_url."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._portal import client


def portal_query_url(
    token: str, caller_id: object, query_url: str = client.ENVIRONMENTS["production"][1], token_parameter: str = client.QUERY_TOKEN_PARAMETER
) -> str:
    try:
        return client.portal_query_url(str(token), str(caller_id), str(query_url), str(token_parameter))
    except RapidError as error:
        raise AnsibleFilterError(error.message) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"portal_query_url": portal_query_url}
