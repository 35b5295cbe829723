# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the action makes of the inventory, and what it does not let travel."""

from __future__ import annotations

import types

import pytest

from ansible_collections.eccops.rapid.plugins.action.credential_check_info import ActionModule


def action_of(**arguments):
    action = ActionModule.__new__(ActionModule)  # without a task executor's connection, loader and templar
    action._templar = None
    action._task = types.SimpleNamespace(args=arguments, get_play=lambda: types.SimpleNamespace(get_vars=dict))
    return action


def test_no_secret_of_a_service_or_an_account_stays_in_the_task_that_callbacks_are_shown():
    services = [{"sac_passphrase": "MARKER1", "sac_path": "/x/MARKER1.pem", "positions": {}}]
    action = action_of(services=services, accounts=[{"password": "MARKER2", "email": "a@b"}])
    given = dict(action._task.args)
    action._run = lambda tmp, task_vars: {"args": action._task.args}
    assert action.run() == {"args": given}
    shown = action._task.args
    assert "MARKER" not in str(shown) and (shown["accounts"][0]["email"], shown["services"][0]["positions"]) == ("a@b", {})
    assert action.run() == {"args": given}  # a retry starts with what was given


@pytest.mark.parametrize("arguments, is_secret", [
    ({}, False), ({"services": [{"sac_path": "/x", "positions": {}}], "accounts": []}, False),
    ({"services": [{}, {"sac_key_content": "x"}]}, True), ({"services": [{"sac_passphrase": 1}]}, True), ({"accounts": [{"password": "x"}]}, True)])
def test_a_secret_of_any_service_or_account_needs_pipelining(arguments, is_secret):
    assert action_of().must_pipeline(arguments) is is_secret
