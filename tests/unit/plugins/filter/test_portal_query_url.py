# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.eccops.rapid.plugins.filter.portal_query_url import FilterModule
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import portal_query_url


def test_the_filter_gives_the_same_url_and_readable_errors():
    query_url = FilterModule().filters()["portal_query_url"]
    assert query_url("t+/=", 15555555555) == portal_query_url("t+/=", "15555555555")
    assert "https://x.example/q?" in query_url("t", "15555555555", query_url="https://x.example/q", token_parameter="access")
    with pytest.raises(AnsibleFilterError, match="country code"):
        query_url("t", "911")
