# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A place to install a set of files in."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.tests.unit.support.file_sets import temporary_place


@pytest.fixture(name="place")
def fixture_place():
    with temporary_place() as place:
        yield place
