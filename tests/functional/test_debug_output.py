# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves what ANSIBLE_DEBUG shows of a task with secrets: nothing where the task runs, is shipped or is refused."""

import pytest
from harness import task
from leak_search import leaks_in, markers_of
from leak_tasks import LOGIN_OF_ITEM, REQUEST, TOKEN, WAYS

pytestmark = pytest.mark.slow


def test_debug_output_holds_no_secret(sandbox, run_playbook, tmp_path):
    becoming = tmp_path / "becoming"
    becoming.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n')
    becoming.chmod(0o755)
    markers = markers_of(sandbox)
    tasks = []
    for way, keywords in WAYS.items():
        tasks += [
            task(way + " log in", TOKEN, {**keywords, "register": "portal"}),
            task(way + " wrong", TOKEN, keywords, password="{{ planted_password }}"),
            task(way + " look", REQUEST, keywords, request_id=sandbox.fleet[0]["request_id"]),
            task(way + " loop", TOKEN, {**keywords, "loop": "{{ sandbox_accounts[1:3] }}"}, **LOGIN_OF_ITEM),
        ]
    run = run_playbook(tasks, extra_vars={**markers, "become_path": str(becoming)}, verbosity=4, env={"ANSIBLE_DEBUG": "1"})
    for way in WAYS:
        assert run.result(way + " log in")["_status"] == run.result(way + " look")["_status"] == "ok", run.output[-3000:]
    assert "starting attempt loop" in run.output, "the run shows Ansible's debug output"
    assert leaks_in(run.output.encode(), markers) == []
