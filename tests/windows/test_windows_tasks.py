# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the role's task for Windows positions and the program agree. What the task does is proved by tests/functional."""

import re

import jinja2
import powershell
import pytest
import yaml

(TASK,) = yaml.safe_load((powershell.ROLES / "portal_launcher" / "tasks" / "windows.yml").read_text(encoding="utf-8"))
OPTIONS = TASK["eccops.rapid.workstation_files"]
VARIABLES = yaml.safe_load((powershell.ROLES / "portal_launcher" / "vars" / "main.yml").read_text(encoding="utf-8"))


def test_role_and_program_agree():
    program = powershell.PROGRAM.read_text(encoding="ascii")
    entropy = set(re.findall(r"GetBytes\('([^']*)'\)", program))
    (sealed_for,) = [each["sealed_for"] for each in OPTIONS["files"] if "sealed_for" in each]
    assert entropy == {"eccops.rapid portal-launcher"} and sealed_for.startswith("{{ 'eccops.rapid portal-launcher' if ")
    handler = TASK["vars"]["portal_launcher_windows_handler"]
    words = "".join(re.findall(r"'([^']*)'", re.search(r"function Get-HandlerCommand \{(.*?)\n\}", program, re.DOTALL).group(1)))
    for part in ("-NoProfile", "-NonInteractive", "-ExecutionPolicy RemoteSigned", "-WindowStyle Hidden", '--number "%1"'):
        assert part in handler and part in words
    assert handler.endswith('"{{ portal_launcher_windows_program }}\\portal-launcher.ps1" --number "%1"')
    assert OPTIONS["user_registry_keys"] == [re.search(r"\$StatePath = '([^']*)'", program).group(1)]
    configuration = re.search(r"\$ConfigurationPath = '([^']*)'", program).group(1)
    assert configuration == VARIABLES["portal_launcher_windows_data"] + "\\launcher.ini"


@pytest.mark.parametrize("reached, platform", (
    ({}, "linux"), ({"ansible_connection": "ssh"}, "linux"), ({"ansible_connection": "winrm"}, "windows"),
    ({"ansible_connection": "ansible.builtin.psrp"}, "windows"), ({"ansible_connection": "ssh", "ansible_shell_type": "powershell"}, "windows")))
def test_the_platform_is_derived_from_how_a_position_is_reached(reached, platform):
    defaults = yaml.safe_load((powershell.ROLES / "portal_launcher" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert jinja2.Template(defaults["portal_launcher_platform"]).render(reached) == platform
