# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""What a check looks at on a position depends on its platform, and an answer decides its own line alone."""

from __future__ import annotations

import types

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check_plan import LAUNCHER_FILES, gather_looks, plan_check
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.variables import known_names

SHIPPED = {"linux": "aa" * 32, "windows": "bb" * 32}
BOTH = {"check_launchers": True, "check_installed_sacs": True}
SAC = "cd" * 32


def plan(run=None, **positions):
    hosts = {}
    for name, variables in positions.items():
        raw = {"rapidauth_sac_path": "/sac.p12", "ecc": "north", **(run or {}), **variables}
        hosts[name] = types.SimpleNamespace(raw=raw, get=raw.get, fact_names=frozenset())
    return plan_check(FleetReader(hosts, known_names()), list(hosts), SHIPPED)


@pytest.mark.parametrize(("variables", "platform"), [
    ({}, "linux"), ({"ansible_connection": "ssh"}, "linux"), ({"ansible_connection": "ssh", "ansible_shell_type": "sh"}, "linux"),
    ({"ansible_connection": "winrm"}, "windows"), ({"ansible_connection": "ansible.builtin.psrp"}, "windows"),
    ({"ansible_connection": "ssh", "ansible_shell_type": "cmd"}, "windows"), ({"ansible_shell_type": "powershell"}, "windows"),
    ({"ansible_shell_type": "ansible.builtin.powershell"}, "windows"),
])
def test_each_platform_has_its_own_paths_and_program(variables, platform):
    look = plan(BOTH, position=variables)["positions"]["position"]
    assert look["files"] == list(LAUNCHER_FILES[platform].values()) and look["is_inspected"] and look["has_sac"]
    assert look["links"] == (["/etc/rapidauth-sac/current"] if platform == "linux" else [])
    assert look["expected"] == {"program": SHIPPED[platform], "configuration": None}


def test_each_position_may_have_hashes_of_its_own():
    made = plan(BOTH, one={"check_launcher_sha256": "01"}, other={"check_launcher_configuration_sha256": "02", "ansible_connection": "winrm"})
    assert {name: look["expected"] for name, look in made["positions"].items()} == {
        "one": {"program": "01", "configuration": None}, "other": {"program": SHIPPED["windows"], "configuration": "02"}}


def test_nothing_is_inspected_unless_wanted_or_where_variables_are_wrong():
    assert not plan(position={"ansible_connection": 5})["positions"]["position"]["is_inspected"]
    made = plan(BOTH, wrong={"check_launcher_sha256": 5}, right={})
    assert list(made["unreadable"]) == ["wrong"]
    assert {name: (look["is_inspected"], bool(look["files"]), look["has_sac"]) for name, look in made["positions"].items()} == {
        "wrong": (False, False, False), "right": (True, True, True)}
    assert not plan({"check_installed_sacs": True}, position={"ansible_connection": "winrm"})["positions"]["position"]["is_inspected"]


def test_answers_are_gathered_with_what_the_launcher_must_be():
    answers = {
        "linux": {"files": dict(zip(LAUNCHER_FILES["linux"].values(), ("01", "02"))), "links": {"/etc/rapidauth-sac/current": "versions/0001-" + SAC}},
        "windows": {"files": dict(zip(LAUNCHER_FILES["windows"].values(), ("03", ""))), "links": {"/etc/rapidauth-sac/current": "versions/0001-" + SAC}},
        "failed": {"files": {}, "links": {}, "failed": True},
    }
    windows = {"ansible_connection": "winrm"}
    looks = gather_looks(plan(BOTH, linux={}, windows=windows, failed=windows, silent={}), answers)
    assert {name: (each["is_reachable"], each["program_sha256"], each["configuration_sha256"], each["expected_program_sha256"])
            for name, each in looks["launchers"].items()} == {
        "linux": (True, "01", "02", SHIPPED["linux"]), "windows": (True, "03", "", SHIPPED["windows"]),
        "failed": (False, "", "", SHIPPED["windows"]), "silent": (False, "", "", SHIPPED["linux"])}
    assert {name: tuple(each.values()) for name, each in looks["installed_sacs"].items()} == {
        "linux": (True, True, SAC), "windows": (False, False, ""), "failed": (False, False, ""), "silent": (False, True, "")}
