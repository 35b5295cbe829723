# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The two positions of the scenario."""

import pytest
from host_positions import Positions


@pytest.fixture
def positions(fleet, run_playbook, tmp_path):
    return Positions(fleet, run_playbook, tmp_path)


@pytest.fixture
def provisioned(positions):
    """Both positions as converge.yml leaves them, whatever an earlier test left."""
    run = positions.provision()
    assert run.returncode == 0, run.output
    return positions
