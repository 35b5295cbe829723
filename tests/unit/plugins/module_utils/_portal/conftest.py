# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A token cache, and the file of the token in it."""

from __future__ import annotations

import os

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._portal.cache import TokenCache
from ansible_collections.eccops.rapid.tests.unit.support.token_caches import ACCOUNT, enter


@pytest.fixture(name="directory")
def fixture_directory(tmp_path):
    return str(tmp_path / "cache")


@pytest.fixture(name="cache")
def fixture_cache(directory):
    enter(TokenCache(directory, *ACCOUNT))
    return TokenCache(directory, *ACCOUNT)


@pytest.fixture(name="token_file")
def fixture_token_file(cache, directory):
    cache.write("token", "password", {"token": "MARKER"})
    (name,) = [name for name in os.listdir(directory) if name.endswith(".token")]
    return os.path.join(directory, name)
