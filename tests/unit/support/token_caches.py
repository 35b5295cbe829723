# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""How tests enter a token cache, and read why one is refused."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError

ACCOUNT = ("https://api.example", "irpv1", "dispatch@ecc.example")


def enter(cache):
    with cache.locked():
        pass


def trouble(call):
    with pytest.raises(RapidError) as caught:
        call()
    assert caught.value.kind == "cache_unusable" and "password" not in caught.value.message
    return caught.value.message
