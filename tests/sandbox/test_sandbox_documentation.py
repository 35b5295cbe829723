# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""docs/sandbox.md names every switch with its default, every error, every fault and every option."""

from sandbox_process import REPOSITORY

from rapid_sandbox import command_line, faults, refusals, switches

TEXT = (REPOSITORY / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_switch_and_its_default():
    for name, switch in switches.SWITCHES.items():
        default = str(switch.default).lower() if isinstance(switch.default, bool) else switch.default
        if not name.startswith(("number_", "status_")):
            assert f"| `{name}` | `{default}` |" in TEXT, name


def test_every_refusal_fault_and_route():
    for name, kind in refusals.KINDS.items():
        assert f"| `{name}` | {kind.number} | {kind.http_status} |" in TEXT, name
    for name in (*faults.KINDS, *faults.ROUTES):
        assert f"`{name}`" in TEXT, name


def test_every_option():
    for action in command_line.parser()._actions:
        if action.dest not in ("help", "version"):
            assert f"`{action.option_strings[0]}" in TEXT, action.dest
