# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves how a shipped module ends: with the operation's result, its warnings passed on as Ansible's, or with its error."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = b'{"ANSIBLE_MODULE_ARGS": {}}'
basic._ANSIBLE_PROFILE = "legacy"
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation, run_module
run_module(Operation({"argument_spec": {}}, lambda params, is_check_mode: {"changed": True, "warnings": ["it is not recorded"]}))
"""


def test_warnings_of_the_operation_are_shown_as_warnings_and_nothing_is_deprecated():
    done = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(sys.path)], capture_output=True, text=True, check=False, timeout=60)
    result = json.loads(done.stdout)
    assert result["changed"] and "it is not recorded" in str(result["warnings"]) and not result.get("deprecations")
