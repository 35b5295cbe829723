# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""docs/sandbox.md names every switch with its default, every error, every fault and every option."""

import re

from sandbox_process import REPOSITORY

from rapid_sandbox import command_line, faults, refusals, switches

TEXT = (REPOSITORY / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_switch_and_its_default():
    for name, switch in switches.SWITCHES.items():
        default = str(switch.default).lower() if isinstance(switch.default, bool) else switch.default
        if not name.startswith(("number_", "status_")):
            assert f"| `{name}` | `{default}` |" in TEXT, name


def test_no_switch_fault_or_refusal_that_is_not_there():
    """Each table's first column names what the program has."""
    for heading, known in (("| switch |", switches.SWITCHES), ("| kind |", faults.KINDS), ("| kind of refusal |", refusals.KINDS)):
        table = re.split(r"\n(?!\|)", TEXT[TEXT.index(heading):])[0]
        named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
        assert named and set(named) <= set(known), set(named) - set(known)


def test_every_refusal_fault_and_route():
    for name, kind in refusals.KINDS.items():
        assert f"| `{name}` | {kind.number} | {kind.http_status} |" in TEXT, name
    for name in (*faults.KINDS, *faults.ROUTES):
        assert f"`{name}`" in TEXT, name


def test_every_option():
    for action in command_line.parser()._actions:
        if action.dest not in ("help", "version"):
            assert f"`{action.option_strings[0]}" in TEXT, action.dest
