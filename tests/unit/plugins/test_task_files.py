# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Playbooks and roles leave decisions to Python: no long expression, and in playbooks no status and no id pattern."""

from __future__ import annotations

import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).parents[3]
DECISION = re.compile(r"'(Requested|Collected|Expired|Blocked|(already_|not_)?replaced|adopted|unresolved|not_started|(un)?changed)'|\[0-9a-f")


def test_no_expression_takes_more_than_two_lines():
    for path in [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/[!m]*/*.yml")]:
        for token in yaml.scan(path.read_text(encoding="utf-8")):
            if isinstance(token, yaml.ScalarToken) and token.style != "|":
                lines = token.start_mark.buffer[token.start_mark.pointer:token.end_mark.pointer].strip().splitlines()
                assert len(lines) - (token.style == ">") <= 2, "%s:%d" % (path, token.start_mark.line + 1)


def test_no_playbook_decides_by_a_status_or_an_id():
    assert [str(path) for path in ROOT.glob("playbooks/**/*.*") if DECISION.search(path.read_text(encoding="utf-8"))] == []
