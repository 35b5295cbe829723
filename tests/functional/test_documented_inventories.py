# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every inventory of docs/windows_connections.md is one that Ansible reads, with variables that its plugins know."""

import json
import pathlib
import re
import subprocess
import sys

import documented_commands as documented
import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

PAGE = documented.ROOT / "docs" / "windows_connections.md"
SHOWN = {lines[0].split()[1].rstrip(":"): "\n".join(lines) for unused_first, language, lines in documented.blocks_of(PAGE.read_text(encoding="utf-8"))
         if language == "yaml"}
#: What the library pywinrm takes under its own names.
OF_PYWINRM = {"ansible_winrm_" + name for name in ("ca_trust_path", "kerberos_delegation", "operation_timeout_sec", "proxy", "read_timeout_sec")}
OF_EVERYTHING = {"ansible_connection", "ansible_host", "ansible_shell_type"}


@pytest.fixture(scope="module", name="known")
def fixture_known():
    """Returns the variables that the plugins of these connections read."""
    known = OF_PYWINRM | OF_EVERYTHING
    program = str(pathlib.Path(sys.executable).with_name("ansible-doc"))
    for kind, names in (("connection", ("winrm", "psrp", "ssh")), ("become", ("runas",))):
        done = subprocess.run([program, "-t", kind, "--json", *names], check=True, capture_output=True, text=True, timeout=120)
        known |= set(re.findall(r'"name": "(ansible_\w+)"', json.dumps(json.loads(done.stdout))))
    return known | {"ansible_become", "ansible_become_method"}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_ansible_reads_a_shown_inventory(known, tmp_path, name):
    path = tmp_path / name
    path.write_text(SHOWN[name], encoding="utf-8")
    inventory = InventoryManager(loader=DataLoader(), sources=[str(path)])
    (host,) = inventory.get_hosts("dispatch_workstations")
    variables = {**inventory.groups["dispatch_workstations"].get_vars(), **host.get_vars()}
    given = {each for each in variables if each.startswith("ansible_")}
    assert given - known == set()
    is_ssh = variables["ansible_connection"] == "ssh"
    assert variables.get("ansible_shell_type") in (("powershell", "cmd") if is_ssh else (None,)) and bool(variables.get("ansible_pipelining")) == is_ssh


def test_each_way_has_an_inventory():
    assert set(SHOWN) == {"psrp.yml", "winrm.yml", "ssh_powershell.yml", "ssh_cmd.yml", "domain.yml", "local_system.yml"}
    assert set(re.findall(r"ansible_\w+_proxy\b|ProxyJump", "".join(SHOWN.values()))) == {"ansible_psrp_proxy", "ansible_winrm_proxy", "ProxyJump"}
