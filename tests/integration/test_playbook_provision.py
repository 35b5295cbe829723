# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""provision_workstations as far as it touches nothing: check mode over real ssh, refusals before any position, waves that stop.

What it really does to a position is proved on real hosts (extensions/molecule).
"""

import grp
import os
import pathlib

import pytest
import yaml
from ansible_collections.eccops.rapid.plugins.module_utils.portal import ENVIRONMENTS
from harness import REPOSITORY
from ssh_host import SshHost

PLAYBOOK = "eccops.rapid.provision_workstations"
PASSWORD = "Planted-Password-55c1 'q\" \u00e9"
INSTALL = "eccops.rapid.portal_launcher : Have the launcher on the position: present"
PROGRAM = pathlib.Path("/usr/local/bin/portal-launcher")

pytestmark = pytest.mark.skipif(PROGRAM.exists(), reason="the launcher is installed on this machine: check mode would find nothing to do")


def launcher(**changed):
    """The variables of a position whose launcher would be installed."""
    return {
        "portal_launcher_environment": "sandbox", "portal_launcher_email": "north@example.org", "portal_launcher_password": PASSWORD,
        "portal_launcher_group": grp.getgrgid(os.getegid()).gr_name, "ansible_become": False, **changed}


def unreachable(**changed):
    return launcher(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=9, ansible_ssh_args="-F none -o ConnectTimeout=2", **changed)


def fleet(**hosts):
    """An inventory of the group that the playbook wants, from {name: variables}."""
    return {name.replace("_", "-"): dict(variables, provision_positions="all") for name, variables in hosts.items()}


def rows(run):
    """{position: its line of the report}."""
    (message,) = [report["result"]["msg"] for report in run.reports if report["task"] == "Show what was done"]
    return {line.split()[0]: line for line in message[1:] if line.split()[0] in line}


@pytest.fixture(name="ssh_host")
def fixture_ssh_host(tmp_path):
    with SshHost(tmp_path / "ssh") as host:
        yield host


def test_check_mode_over_ssh_shows_the_configuration_and_no_secret(run_playbook, ssh_host, tmp_path):
    shipped = launcher(**ssh_host.variables(), portal_launcher_number_pattern="ANI=([0-9]+)")
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=shipped), check=True, diff=True, verbosity=4)
    assert run.returncode == 0, run.output[-4000:]
    result = run.result(INSTALL)
    assert result["changed"] and str(PROGRAM) in result["changed_paths"] and not PROGRAM.exists()
    by_path = {each["after_header"]: each["after"] for each in result["diff"]}
    settings = by_path["/etc/portal-launcher/launcher.ini"]
    assert "api_url = https://api-sandbox.rapidsos.com\n" in settings and "pattern = ANI=([0-9]+)\n" in settings
    assert by_path["/etc/portal-launcher/account.json"] == "(secret: not shown)\n"
    assert "MimeType=x-scheme-handler/eccops-portal;" in by_path["/usr/local/share/applications/portal-launcher.desktop"]
    assert "would be changed" in rows(run)["north-01"]
    everything = run.output + ssh_host.log.read_text(encoding="utf-8")
    everything += "".join(path.read_text(errors="replace") for path in (tmp_path / "home").rglob("*") if path.is_file())
    for form in (PASSWORD, PASSWORD.encode().hex(), repr(PASSWORD)[1:-1], PASSWORD.replace('"', '\\"')):
        assert form not in everything


def test_a_setting_that_would_leave_the_account_on_the_positions_disk_is_refused(run_playbook, ssh_host):
    shipped = launcher(**ssh_host.variables())
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=shipped), env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert run.returncode != 0 and not PROGRAM.exists()
    assert "would lie in the temporary directory" in run.result(INSTALL)["msg"]
    assert PASSWORD not in run.output


@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "empty"])
@pytest.mark.parametrize("missing, sentence", [
    ("portal_launcher_email", "Nothing was touched. These positions lack portal_launcher_email"),
    ("portal_launcher_password", "or have it empty: north-02. Set them in the inventory"),
    ("portal_launcher_group", "Set them in the inventory"),
])
def test_nothing_begins_when_a_position_lacks_its_account(run_playbook, missing, sentence, is_there):
    lacking = launcher(**{missing: ""})
    if not is_there:
        del lacking[missing]
    local = {"ansible_connection": "local"}
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=launcher(**local), north_02=dict(lacking, **local)), check=True)
    assert run.returncode != 0 and sentence in run.output
    assert INSTALL not in [report["task"] for report in run.reports]


@pytest.mark.parametrize("changed, sentence", [
    ({"portal_launcher_environment": "staging"}, "staging"),
    ({"portal_launcher_group": "no-such-group"}, "there is no group 'no-such-group' on this position"),
    ({"portal_launcher_account_source": "guess"}, "guess"),
])
def test_a_mistake_is_reported_for_its_position_and_touches_nothing(run_playbook, changed, sentence):
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=launcher(ansible_connection="local", **changed)), check=True)
    assert run.returncode != 0
    row = rows(run)["north-01"]
    assert row.split()[1] == "failed" and sentence in row


def test_without_an_environment_it_says_what_to_set(run_playbook):
    lacking = launcher(ansible_connection="local")
    del lacking["portal_launcher_environment"]
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=lacking), check=True)
    assert run.returncode != 0
    assert "set portal_launcher_environment to production or sandbox" in rows(run)["north-01"]


def test_a_canary_that_cannot_be_reached_stops_the_waves_and_the_report_tells_all(run_playbook):
    hosts = fleet(north_01=unreachable(), north_02=launcher(ansible_connection="local"), north_03=launcher(ansible_connection="local"))
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, hosts, check=True)
    assert run.returncode != 0
    told = rows(run)
    assert told["north-01"].split()[1] == "unreachable" and "Connection refused" in told["north-01"]
    assert "not begun" in told["north-02"] and "not begun" in told["north-03"]
    assert run.recap["north-02"]["failures"] == 1


def test_some_failures_may_be_allowed_and_still_fail_the_run(run_playbook):
    hosts = fleet(north_01=launcher(ansible_connection="local"), north_02=unreachable(), north_03=launcher(ansible_connection="local"))
    extra = {"provision_positions": "all", "provision_waves": [1], "provision_max_fail_percentage": 50}
    run = run_playbook(PLAYBOOK, extra, hosts, check=True)
    assert run.returncode != 0
    told = rows(run)
    assert "would be changed" in told["north-01"] and "would be changed" in told["north-03"]
    assert told["north-02"].split()[1] == "unreachable"
    assert {host: counts["failures"] for host, counts in run.recap.items() if host != "localhost"} == {"north-01": 0, "north-02": 1, "north-03": 0}


def test_an_empty_fleet_is_told(run_playbook):
    run = run_playbook(PLAYBOOK, inventory=fleet(north_01=launcher()), check=True)
    assert run.returncode != 0 and "There is nothing to provision" in run.output


def test_the_environments_are_those_of_the_token_module():
    urls = yaml.safe_load((REPOSITORY / "roles/portal_launcher/vars/main.yml").read_text(encoding="utf-8"))["portal_launcher_urls"]
    assert {name: (each["api_url"], each["query_url"]) for name, each in urls.items()} == ENVIRONMENTS
