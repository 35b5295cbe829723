# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A place to install a SAC in."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.tests.unit.support.sac_places import Place


@pytest.fixture(name="place")
def fixture_place(tmp_path):
    return Place(tmp_path / "place")
