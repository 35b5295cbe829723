# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every example of a module, filter, test and lookup is run as it is written, against the sandbox; where it cannot be, its options are checked."""

import documented_examples as documented
import harness
import pytest
import yaml
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: F401  # pylint: disable=unused-import
    fixture_database, fixture_postgresql)
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import find_reason
from playbook_fleet import Fleet

EXAMPLES = documented.read_examples()
NOT_HERE = dict(documented.NOT_HERE, **dict.fromkeys(documented.NEEDS_POSTGRESQL, find_reason()) if find_reason() else {})


@pytest.fixture(scope="module", name="run")
def fixture_run(running_sandbox, tmp_path_factory, request):
    """Runs all examples, in one run of ansible-playbook."""
    place = tmp_path_factory.mktemp("examples")
    running_sandbox.reset()
    url = None if find_reason() else request.getfixturevalue("postgresql").url(request.getfixturevalue("database")).url
    plays = [documented.Stand(running_sandbox, place / name, url).play_of(name, tasks) for name, tasks in EXAMPLES.items() if name not in NOT_HERE]
    (place / "playbook.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    (place / "files").mkdir()
    (place / "files" / "example").write_text(documented.PROGRAMS["example"], encoding="utf-8")
    variables = {"rotation_id": "2026q4"}  # which a plan asks for
    return harness.Playbooks(running_sandbox, place)(place / "playbook.yml", variables, inventory=Fleet(running_sandbox, place / "fleet", size=2).write())


def results_of(run, name):
    """Returns {task: its report} of an example."""
    return {report["task"][len(name) + 2:]: report for report in run.reports if report["task"].startswith(name + ": ") and not report["is_item"]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_written(run, name):
    if name in NOT_HERE:
        pytest.skip("%s: %s" % (name, NOT_HERE[name]))
    results = results_of(run, name)
    assert results["end"]["status"] == "ok", run.output[-3000:]
    conditional = {task["name"] for task in EXAMPLES[name] if "ansible.builtin.meta" in task}
    bad = {task: each["result"].get("msg") for task, each in results.items() if each["status"] != "ok" and task not in conditional}
    assert not bad, bad


def test_an_example_calls_due_what_no_rotation_replaced(run):
    results = results_of(run, "modules/rapidauth_request_info")
    looked_up = results["Look up the credentials of the whole fleet"]
    (replaced,) = results["rotate"]["result"]["positions"].values()
    first, second = looked_up["arguments"]["request_ids"]
    assert looked_up["result"]["due"] == [first] and replaced["previous_request_id"] == second
