# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that the playbooks work on a ledger in PostgreSQL: from a laptop, and as four slices on two workers, each in a place that keeps nothing."""

import concurrent.futures
import json
import pathlib

import pytest
import yaml
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.postgresql_schema import describe_schema
from ansible_collections.eccops.rapid.tests.unit.support.ledger_places import (  # noqa: F401  # pylint: disable=unused-import
    execute, exists, fixture_database, fixture_ledger_url, fixture_postgresql)
from ansible_collections.eccops.rapid.tests.unit.support.postgresql import PASSWORD
from playbook_fleet import Fleet, assert_rotated_once
from runner_job import Job

PLAYBOOK = "eccops.rapid.rotate_credentials"
Q4 = {"rotation_id": "2026q4", "rotation_waves": [12]}
AWX = pathlib.Path(__file__).resolve().parents[2] / "examples" / "awx"

pytestmark = pytest.mark.slow


class DatabaseFleet(Fleet):
    """A fleet whose ledger is a database."""

    url = None

    def ledger(self):
        with Ledger(self.url, is_read_only=True) as ledger:
            return {row["position"]: row["new_request_id"] for row in ledger.all_rows() if row["outcome"] in ("replaced", "adopted")}


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path, ledger_url):  # noqa: F811
    fleet = DatabaseFleet(sandbox, tmp_path / "fleet", size=4)
    fleet.url = ledger_url
    return fleet


def test_a_fleet_is_rotated_and_checked_with_a_url(sandbox, fleet, run_playbook, postgresql, database):  # noqa: F811
    """By a login that may create the schema, over TLS; its password shows nowhere at -vvvv."""
    place = postgresql.verified_url(database)
    execute(fleet.url, "GRANT CREATE ON DATABASE %s TO jobs" % database)
    inventory = fleet.write()
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    shared = content["dispatch_workstations"]["vars"]
    shared.update(rapidauth_ledger_url=place.url, rapidauth_ledger_password=PASSWORD)
    inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    refused = run_playbook(PLAYBOOK, Q4, inventory=inventory, verbosity=4)
    assert refused.returncode != 0 and "rapidauth_ledger_url and rapidauth_ledger_path are both set" in refused.output
    del shared["rapidauth_ledger_path"]
    inventory.write_text(yaml.safe_dump(content), encoding="utf-8")

    rehearsed = run_playbook(PLAYBOOK, Q4, inventory=inventory, check=True, verbosity=4)
    assert rehearsed.returncode == 0, rehearsed.output
    assert "NEW LEDGER: there is none at %s yet" % place in rehearsed.output and not exists(fleet.url)
    first = run_playbook(PLAYBOOK, Q4, inventory=inventory, verbosity=4)
    assert first.returncode == 0, first.output
    assert_rotated_once(sandbox, fleet)
    assert "The ledger %s has every RequestId" % place in first.result("Show the results")["msg"][-1]
    checked = run_playbook("eccops.rapid.check_credentials", {"check_fail_on": "never"}, inventory=inventory, verbosity=4)
    assert checked.returncode == 0 and "the RequestIds are from the ledger postgresql://" in checked.output, checked.output
    for run in (refused, rehearsed, first, checked):
        assert PASSWORD not in run.output and PASSWORD not in json.dumps(run.reports)
    execute(fleet.url, "DROP SCHEMA eccops_rapid CASCADE; REVOKE CREATE ON DATABASE %s FROM jobs" % database)


def test_four_slices_on_two_workers_share_a_database(sandbox, fleet, postgresql, database, tmp_path):  # noqa: F811
    """The login of the jobs has the rights that the printed SQL gives it, and its password comes from the credential."""
    execute(fleet.url, describe_schema() + "GRANT eccops_rapid_jobs TO jobs;")
    types = {each["name"]: each for each in yaml.safe_load((AWX / "credential_types.yml").read_text(encoding="utf-8"))["credential_types"]}
    given = [(types["RapidAuth ledger database"], {"url": postgresql.network_url(database, "jobs").url, "password": PASSWORD})]
    service = {name: sandbox.values[name] for name in ("rapidauth_api_url", "rapidauth_ca_path", "rapidauth_sac_path", "rapidauth_sac_passphrase",
                                                       "sandbox_device_url", "sandbox_collect_argv")}
    service["rotation_collect_argv"] = "{{ sandbox_collect_argv }}"
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    pasted = {name: value for name, value in yaml.safe_load((AWX / "group_vars" / "all.yml").read_text(encoding="utf-8")).items() if "ledger" in name}
    groups = {"all": {"vars": {**pasted, "ansible_pipelining": True}},
              "dispatch_workstations": {"vars": {**service, **local}, "hosts": fleet.positions}}

    def work(numbers):
        return [Job(tmp_path / ("slice-%d" % number)).start(PLAYBOOK, groups, Q4, given, part=(number, 4)).wait() for number in numbers]

    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        jobs = sum(workers.map(work, [(1, 2), (3, 4)]), [])
    for job in jobs:
        assert job.rc == 0, job.stdout
        assert PASSWORD not in job.stdout and not list(job.directory.rglob("ledger.sqlite*"))
    assert_rotated_once(sandbox, fleet)
