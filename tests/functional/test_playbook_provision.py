# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""provision_workstations as far as it touches nothing: check mode over real ssh, refusals before any position, waves that stop.

What it really does to a position is proved on real hosts (extensions/molecule).
"""

import grp
import os
import pathlib
import re

import pytest
import yaml
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import ENVIRONMENTS
from harness import REPOSITORY
from hostile_programs import HostilePosition
from ssh_host import SshHost

PLAYBOOK = "eccops.rapid.provision_workstations"
PASSWORD = "Planted-Password-55c1 'q\" \u00e9"
INSTALL = "eccops.rapid.portal_launcher : Ensure the launcher is present"
PLAN = "Read and validate the fleet's variables"
PROGRAM = pathlib.Path("/usr/local/bin/portal-launcher")

pytestmark = [
    pytest.mark.slow, pytest.mark.skipif(PROGRAM.exists(), reason="the launcher is installed on this machine: check mode would find nothing to do")]


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
    (message,) = [report["result"]["msg"] for report in run.reports if report["task"] == "Show the results"]
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
    assert re.fullmatch("version [0-9.]+, sha256 [0-9a-f]{64}\n", by_path[str(PROGRAM)])
    assert "would be changed" in rows(run)["north-01"]
    everything = run.output + ssh_host.log.read_text(encoding="utf-8")
    everything += "".join(path.read_text(errors="replace") for path in (tmp_path / "home").rglob("*") if path.is_file())
    for form in (PASSWORD, PASSWORD.encode().hex(), repr(PASSWORD)[1:-1], PASSWORD.replace('"', '\\"')):
        assert form not in everything


def test_a_setting_that_would_leave_the_account_on_the_positions_disk_is_refused(run_playbook, ssh_host):
    shipped = launcher(**ssh_host.variables())
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=shipped), env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert run.returncode != 0 and not PROGRAM.exists()
    assert "would be written to the temporary directory" in run.result(INSTALL)["msg"]
    assert PASSWORD not in run.output


@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "empty"])
@pytest.mark.parametrize("missing", ["portal_launcher_email", "portal_launcher_password", "portal_launcher_group"])
def test_nothing_begins_when_a_position_lacks_its_account(run_playbook, missing, is_there):
    lacking = launcher(**{missing: ""})
    if not is_there:
        del lacking[missing]
    local = {"ansible_connection": "local"}
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(north_01=launcher(**local), north_02=dict(lacking, **local)), check=True)
    assert run.returncode != 0
    assert run.result(PLAN)["msg"].startswith("Nothing was touched. north-02: it has no %s; set the Portal account of the position" % missing)
    assert INSTALL not in [report["task"] for report in run.reports]


@pytest.mark.parametrize("changed, sentence", [
    ({"portal_launcher_environment": "staging"}, "portal_launcher_environment is 'staging'; set it to production or sandbox"),
    ({"portal_launcher_account_source": "guess"}, "portal_launcher_account_source is 'guess'; set it to position or user or command"),
    ({"portal_launcher_environment": None}, "set portal_launcher_environment to production or sandbox"),
    ({"portal_launcher_password": 12345}, "portal_launcher_password is not text, since YAML reads it as a number; put it in quotes"),
    ({"portal_launcher_password": "planted-1\n"}, "portal_launcher_password ends with a line break"),
    ({"portal_launcher_is_verified": "perhaps"}, "portal_launcher_is_verified is 'perhaps'; set it to true or false"),
    ({"portal_launcher_account_command": "/bin/x"}, "portal_launcher_account_command is '/bin/x'; give a list"),
    ({"portal_launcher_email": "{{ no_such_variable }}"}, "portal_launcher_email cannot be read: "),
    ({"portal_launcher_ca_path": "/x", "portal_launcher_platform": "windows"}, "portal_launcher_ca_path cannot be used on Windows"),
    ({"portal_launcher_emial": "x"}, "there is no variable portal_launcher_emial; did you mean portal_launcher_email?"),
])
def test_a_mistake_is_named_with_its_position_before_any_is_touched(run_playbook, changed, sentence):
    mistaken = {name: value for name, value in launcher(ansible_connection="local", **changed).items() if value is not None}
    hosts = fleet(north_01=launcher(ansible_connection="local"), north_02=mistaken)
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, hosts, check=True)
    assert run.returncode != 0
    reported = run.result(PLAN)["msg"]
    assert reported.startswith("Nothing was touched. north-02: ") and sentence in reported and "planted-1" not in run.output
    assert INSTALL not in [report["task"] for report in run.reports]


def test_a_group_that_a_position_does_not_know_is_its_own_failure(run_playbook):
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, fleet(
        north_01=launcher(ansible_connection="local", portal_launcher_group="no-such-group")), check=True)
    assert run.returncode != 0
    row = rows(run)["north-01"]
    assert row.split()[1] == "failed" and "there is no group 'no-such-group' on this position" in row


@pytest.mark.parametrize("value", ["false", False, "no"])
def test_a_false_of_any_spelling_makes_no_login(run_playbook, value):
    variables = {"provision_positions": "all", "portal_launcher_is_login_checked": value, "portal_launcher_is_verified": "true"}
    run = run_playbook(PLAYBOOK, variables, fleet(north_01=launcher(ansible_connection="local")), check=True)
    assert run.returncode == 0, run.output
    (given,) = [report["arguments"] for report in run.reports if report["task"] == INSTALL]
    assert given["verify_command"] == [str(PROGRAM), "--check"]


def test_every_option_of_the_roles_comes_from_the_plan():
    plays = yaml.safe_load((REPOSITORY / "playbooks" / "provision_workstations.yml").read_text(encoding="utf-8"))
    options = set()
    for role in ("portal_launcher", "sac_certificate"):
        options |= set(yaml.safe_load((REPOSITORY / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"])
    options.remove("portal_launcher_environment")  # the URLs that it stands for come from the plan
    for play in plays:
        if play["name"] in ("Preflight", "Provision in waves"):
            assert play["vars"] == {name: "{{ eccops_rapid_plan.positions[inventory_hostname].options.%s }}" % name for name in options}


def test_a_position_that_was_taken_over_gets_nothing_but_its_own_account(run_playbook, tmp_path):
    """It says that it wants the SAC, another account and other files; and that the next position is itself."""
    theirs = {"sac_certificate_is_wanted_on_workstations": True, "sac_certificate_sac_path": "/etc/passwd", "sac_certificate_state": "absent",
              "portal_launcher_password": "theirs", "portal_launcher_email": "theirs@example.org", "sac_certificate_audit_log_path": str(tmp_path / "theirs"),
              "rapidauth_audit_log_path": str(tmp_path / "theirs"), "portal_launcher_state": "absent", "eccops_rapid_plan": {}}
    hostile = HostilePosition(tmp_path / "hostile", {
        "ansible_facts": theirs, "add_host": {"host_name": "north-02", "host_vars": {"ansible_connection": "talkative"}}})
    secret = "Planted-Passphrase-7d"
    hosts = fleet(
        north_01=launcher(**hostile.variables, portal_launcher_password="Planted-Own-1"),
        north_02=launcher(ansible_connection="local", portal_launcher_password="Planted-Other-2"))
    variables = {"provision_positions": "all", "rapidauth_sac_content": "Planted-SAC-9", "rapidauth_sac_passphrase": secret}
    run = run_playbook(PLAYBOOK, variables, hosts, check=True, verbosity=1)
    assert run.returncode == 0, run.output
    assert {name: row.split()[1:3] for name, row in rows(run).items()} == {name: ["would", "be"] for name in ("north-01", "north-02")}
    sent = hostile.sent()
    assert "Planted-Own-1" in sent and not [each for each in (secret, "Planted-SAC-9", "Planted-Other-2") if each in sent]
    assert not (tmp_path / "theirs").exists() and "Planted-Own-1" not in run.output


def test_a_canary_that_cannot_be_reached_stops_the_waves_and_all_is_reported(run_playbook):
    hosts = fleet(north_01=unreachable(), north_02=launcher(ansible_connection="local"), north_03=launcher(ansible_connection="local"))
    run = run_playbook(PLAYBOOK, {"provision_positions": "all"}, hosts, check=True)
    assert run.returncode != 0
    reported = rows(run)
    assert reported["north-01"].split()[1] == "unreachable" and "Connection refused" in reported["north-01"]
    assert "not begun" in reported["north-02"] and "not begun" in reported["north-03"]
    assert run.recap["north-02"]["failures"] == 1
    assert run.stdout.count("ssh: connect to host") <= 2  # in Ansible's own [ERROR] line and in its result
    assert re.findall(r"^fatal: \[(.+?)\]: FAILED!", run.stdout, re.MULTILINE) == ["north-01", "north-02", "north-03"]
    (lines,) = [report["result"]["msg"] for report in run.reports if report["task"] == "Show the results"]
    assert lines[0].startswith("3 of 3 positions are not provisioned. ")
    assert [line.split()[0] for line in lines[2:5]] == ["north-01", "north-02", "north-03"]


def test_some_failures_may_be_allowed_and_still_fail_the_run(run_playbook):
    hosts = fleet(north_01=launcher(ansible_connection="local"), north_02=unreachable(), north_03=launcher(ansible_connection="local"))
    extra = {"provision_positions": "all", "provision_waves": [1], "provision_max_fail_percentage": 50}
    run = run_playbook(PLAYBOOK, extra, hosts, check=True)
    assert run.returncode != 0
    reported = rows(run)
    assert "would be changed" in reported["north-01"] and "would be changed" in reported["north-03"]
    assert reported["north-02"].split()[1] == "unreachable"
    assert {host: counts["failures"] for host, counts in run.recap.items() if host != "localhost"} == {"north-01": 0, "north-02": 1, "north-03": 0}


def test_an_empty_fleet_is_reported(run_playbook):
    run = run_playbook(PLAYBOOK, inventory=fleet(north_01=launcher()), check=True)
    assert run.returncode != 0 and "There is nothing to provision" in run.output


def test_the_environments_are_those_of_the_token_module():
    urls = yaml.safe_load((REPOSITORY / "roles/portal_launcher/vars/main.yml").read_text(encoding="utf-8"))["portal_launcher_urls"]
    assert {name: (each["api_url"], each["query_url"]) for name, each in urls.items()} == ENVIRONMENTS
