# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What the controller's own settings do to a plan."""

from __future__ import annotations

import types

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.plugin_utils import inventory
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import validate_controller, validate_ledger_host, validate_texts_stay_texts


class RawVariables(dict):
    """{host: its variables}, as Ansible's hostvars have them."""

    raw_get = dict.__getitem__


NATIVE, USUAL = types.SimpleNamespace(jinja2_native=True), types.SimpleNamespace()


@pytest.mark.parametrize("plan, name", [
    ({"rotation_id": "2026_10"}, "rotation_id"), ({"positions": {"a": {"anon_id": "71"}}}, "anon_id"),
    ({"service": {"sac_passphrase": "'MARKER'"}}, "sac_passphrase"),
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


@pytest.mark.parametrize("own, extra, reported", [
    ({}, {}, None), ({"ansible_connection": "local", "ansible_become": True}, {"ansible_become": "false"}, None), (None, {"ansible_shell_type": "sh"}, None),
    ({"ansible_connection": "ansible.builtin.local"}, {"ansible_user": "x"}, None),
    ({"ansible_connection": "winrm"}, {}, "would use ansible_connection=winrm; set ansible_connection: local for localhost"),
    ({}, {"ansible_become": "yes"}, "ansible_become was given with -e"), ({}, {"ansible_shell_type": "powershell"}, "ansible_shell_type was given with -e")])
def test_nothing_that_is_meant_for_positions_reaches_the_controller(monkeypatch, own, extra, reported):
    monkeypatch.setattr(inventory, "load_extra_vars", lambda loader: extra)
    hostvars = RawVariables({"localhost": own})
    if reported is None:
        validate_controller(hostvars, DataLoader())
        return
    with pytest.raises(InvalidInput, match="Nothing was changed. .*" + reported):
        validate_controller(hostvars, DataLoader())


@pytest.mark.parametrize("host, is_position", [
    ("localhost", False), ("keeper", False), ("10.0.0.7", True), ("alias", True), ("other_port", False), ("NORTH-02", True), ("unknown", False),
    ("here", False)])
def test_a_position_under_another_name_keeps_no_ledger(host, is_position):
    hosts = {"north-01": {"ansible_host": "10.0.0.7"}, "north-02": {}, "alias": {"ansible_host": "10.0.0.7"}, "keeper": {"ansible_host": "10.0.0.8"},
             "other_port": {"ansible_host": "10.0.0.7", "ansible_port": 2222}, "here": {"ansible_host": "10.0.0.7", "ansible_connection": "local"}}
    hostvars = RawVariables(hosts)
    if not is_position:
        validate_ledger_host(host, hostvars, ["north-01", "north-02"])
        return
    with pytest.raises(InvalidInput, match="rapidauth_ledger_host is %s, which has the address of north-0" % host):
        validate_ledger_host(host, hostvars, ["north-01", "north-02"])
