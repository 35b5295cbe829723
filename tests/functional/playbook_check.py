# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how tests of check_credentials make the seeded fleet be so, run the check, and read its report."""

import datetime
import json

from ansible_collections.eccops.rapid.plugins.module_utils._rotation import rotation
from playbook_fleet import Fleet
from rotation_params import rotation_params

PLAYBOOK = "eccops.rapid.check_credentials"


def days_ago(days):
    """As the service writes it; an hour more, so that no whole day begins while a test runs."""
    instant = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days, hours=1)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.1234567Z")


def change(sandbox, request_id, **changes):
    """Bends a credential at the service."""
    answer = sandbox.admin("PATCH", "/credentials/" + request_id, changes)
    assert answer.status_code == 200, answer.text


def young_fleet(sandbox, directory):
    """Returns the seeded fleet, every credential 20 days old, before anybody has called the service."""
    fleet = Fleet(sandbox, directory)
    for request_id in fleet.request_ids.values():
        change(sandbox, request_id, collected_date=days_ago(20))
    assert sandbox.admin("DELETE", "/stats").status_code == 200
    return fleet


def replace(sandbox, fleet, *names):
    """Replaces the credentials of these positions through the ledger; returns {position: its new RequestId}."""
    request_ids = {name: fleet.request_ids[name] for name in names}
    fleet.directory.mkdir(exist_ok=True)
    done = rotation.rotate(rotation_params(sandbox, request_ids, fleet.ledger_path), False)
    assert done["summary"]["replaced"] == len(names)
    return fleet.ledger()


class Check:
    """Runs the check and returns its report, whatever the verdict is; ``run`` is the run."""

    def __init__(self, fleet, run_playbook, directory):
        self._fleet, self._run_playbook, self._directory = fleet, run_playbook, directory
        self.run = None

    def __call__(self, extra_vars=None, **options):
        variables = {"check_fail_on": "never", "check_report_directory": str(self._directory), **(extra_vars or {})}
        self.run = self._run_playbook(PLAYBOOK, variables, inventory=self._fleet.write(), **options)
        assert self.run.returncode == 0, self.run.output
        return json.loads((self._directory / "report.json").read_text(encoding="utf-8"))


def found(report):
    """Returns [(severity, kind, subject)] of all findings."""
    return [(each["severity"], each["kind"], each["subject"]) for each in report["findings"]]
