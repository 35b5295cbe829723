# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the tests of all scenarios share: the fleet of hosts, and runs of ansible-playbook against it."""

import pytest
from host_fleet import Fleet
from host_playbooks import Playbooks


@pytest.fixture(scope="session")
def fleet():
    return Fleet("molecule")


@pytest.fixture
def run_playbook(fleet, tmp_path):
    """Runs plays against the hosts of the inventory; the task results are read as in the functional tests."""
    return Playbooks(fleet, tmp_path)
