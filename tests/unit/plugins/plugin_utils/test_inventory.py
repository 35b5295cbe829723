# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the controller's own settings do to a plan."""

from __future__ import annotations

import types

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import validate_texts_stay_texts

NATIVE, USUAL = types.SimpleNamespace(jinja2_native=True), types.SimpleNamespace()


@pytest.mark.parametrize("plan, name", [
    ({"rotation_id": "2026_10"}, "rotation_id"), ({"positions": {"a": {"anon_id": "71"}}}, "anon_id"), ({"service": {"sac_passphrase": "'MARKER'"}}, "sac_passphrase"),
    ({"services": [{"options": {"ledger_password": "1e5"}}]}, "ledger_password"), ({"rotation_id": "2026q4", "positions": {"a": {"anon_id": "0071"}}}, None),
    ({"waves": [1, "25%"], "positions": {"1": {"argv": ["1"], "is_root": True, "anon_id": None}}}, None)])
def test_jinja_makes_no_number_of_an_id_or_a_secret(plan, name):
    validate_texts_stay_texts(plan, USUAL)
    if name is None:
        validate_texts_stay_texts(plan, NATIVE)
        return
    with pytest.raises(InvalidInput, match="as the %s here does; unset jinja2_native" % name) as caught:
        validate_texts_stay_texts(plan, NATIVE)
    assert "MARKER" not in caught.value.message
