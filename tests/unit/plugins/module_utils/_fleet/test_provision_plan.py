# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Which roles a provisioning plans, by the run's tags."""

from __future__ import annotations

import types

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.provision_plan import plan_provision
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import role_options

OWN = {"portal_launcher_account_source": "user", "sac_certificate_is_wanted_on_workstations": True}


@pytest.mark.parametrize("tags, skipped, roles", [
    (["all"], [], "launcher sac"), (["tagged"], [], "launcher sac"), (["always"], [], "launcher sac"), (["portal_launcher", "other"], [], "launcher"),
    (["sac_certificate", "always"], [], "sac"), (["other"], [], ""), (["untagged"], [], ""), (["all"], ["portal_launcher"], "sac"),
    (["tagged"], ["sac_certificate"], "launcher")])
def test_what_a_run_with_these_tags_installs_is_planned(tags, skipped, roles):
    host = types.SimpleNamespace(raw=OWN, fact_names=frozenset(), get=OWN.get)
    made = plan_provision(FleetReader({"north-01": host}, set(OWN)), role_options(), tags, skipped, is_check_mode=False)
    own = made["positions"]["north-01"]
    assert " ".join(name for name in ("launcher", "sac") if own["is_%s_wanted" % name]) == roles
