# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""docs/playbook_variables.md has every variable that a playbook reads, and each may stand where the page says."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import plans, variables
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import role_options
from ansible_collections.eccops.rapid.tests.checks import variable_reference

USUAL = {"rapidauth_request_id": "00000000-0000-4000-8000-000000000000", "rotation_id": "2026q4", "rapidauth_sac_path": "/sac.p12",
         "rotation_collect_argv": ["/bin/true"], "check_portal": True, "check_launchers": True, "check_installed_sacs": True,
         "portal_launcher_account_source": "user", "sac_certificate_is_wanted_on_workstations": True}
#: Where one value holds for the run, and where each position may have its own; a mistaken value of an extra var is found by the plan too.
SCOPES = {variables.RUN: {"run"}, variables.EACH: {"position"}, variables.EXTRA: {"run"}}


class Host:
    fact_names = frozenset()
    raw = USUAL

    def get(self, name):
        return self.raw[name]


class RecordingReader(FleetReader):
    """Knows by which of its methods each variable was read."""

    def __init__(self):
        super().__init__({"north-01": Host()}, variables.known_names(name for options in role_options().values() for name in options))
        self.read = {}

    def own(self, position, variable):
        self.read.setdefault(variable.name, "position")
        return super().own(position, variable)

    def shared(self, position, variable):
        self.read.setdefault(variable.name, "position")
        return super().shared(position, variable)

    def of_run(self, variable):
        self.read[variable.name] = "run"
        return super().of_run(variable)


def read_by(job):
    """Returns {variable: run or position} of what the plan of a job reads."""
    reader = RecordingReader()
    params = {"job": job, "hosts": ["north-01"], "all_positions": [], "tags": ["all"], "skipped_tags": []}
    plans.make_plan(params, reader, {"linux": "aa" * 32, "windows": "bb" * 32}, role_options())
    return reader.read


def listed(job):
    """Returns {variable: where it may stand} of the page's sections for a job."""
    found = {}
    for section in variable_reference.SECTIONS:
        if job in section.jobs.split():
            found.update({row[0].strip("`"): row[3] for row in variable_reference.section_rows(section)})
    return found


def test_the_page_is_written_from_the_tables():
    page = variable_reference.PAGE.read_text(encoding="utf-8")
    assert variable_reference.reference(page) == page, "run make docs"


@pytest.mark.parametrize("job", sorted(variable_reference.PLAYBOOKS))
def test_every_variable_that_a_plan_reads_may_stand_where_the_page_says(job):
    shown = listed(job)
    for name, way in read_by(job).items():
        if job == "check" and name.startswith("portal_launcher_"):
            continue  # the page names them in a sentence
        scope = shown[name].replace(variables.EACH_OR_RUN, variables.RUN if job == "rotate" else variables.EACH)
        assert way in SCOPES[scope], name


def test_the_page_lists_nothing_that_no_plan_reads():
    read = {name for job in variable_reference.PLAYBOOKS for name in read_by(job)}
    report = {name for name in listed("check") if name.startswith("credential_report_")}
    assert {name for job in variable_reference.PLAYBOOKS for name in listed(job)} - read - report == set(variables.PATTERNS)


def test_extra_vars_are_what_ansible_reads_before_it_looks_at_hosts():
    early = set()
    for path in (variable_reference.ROOT / "playbooks").glob("*.yml"):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            keywords = " ".join(str(play.get(keyword, "")) for keyword in ("hosts", "serial", "max_fail_percentage"))
            early.update(re.findall(r"\b(?:rapidauth|rotation|provision|check)_\w+", keywords.replace("eccops_rapid_", "")))
    shown = {name for job in variable_reference.PLAYBOOKS for name, scope in listed(job).items() if scope == variables.EXTRA}
    assert {name for name in shown if not name.startswith("credential_report_")} == early & variables.known_names() | {"blocked_positions"}


@pytest.mark.parametrize("job, playbook", sorted(variable_reference.PLAYBOOKS.items()))
def test_a_playbook_leads_to_the_page(job, playbook):
    head = (variable_reference.ROOT / "playbooks" / (playbook + ".yml")).read_text(encoding="utf-8").partition("\n---\n")[0]
    assert "docs/playbook_variables.md" in head and "ansible-playbook eccops.rapid.%s" % playbook in head
    assert len(listed(job)) > 5


def test_what_the_roles_register_is_no_unknown_variable_of_a_later_play():
    tasks = "".join(path.read_text(encoding="utf-8") for role in role_options() for path in (variable_reference.ROOT / "roles" / role / "tasks").glob("*.yml"))
    assert set(variables.REGISTERED) == set(re.findall(r"^ *register: (\w+)$", tasks, re.MULTILINE))
