# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that root on one position gets nothing but what is that position's: not the SAC, not another one's credential, no say in the run."""

import json
import sys

import pytest
from hostile_programs import HostilePosition, HostileWindowsPosition
from playbook_check import found
from playbook_fleet import OWN_COMMANDS, Fleet, assert_rotated_once

ROTATE, CHECK, BLOCK = "eccops.rapid.rotate_credentials", "eccops.rapid.check_credentials", "eccops.rapid.block_credentials"
ONE_WAVE = {"rotation_id": "2026q4", "rotation_waves": [20]}

pytestmark = pytest.mark.slow
on_both_platforms = pytest.mark.parametrize("platform", ["linux", "windows"])


class TakenOver:
    """A fleet whose position at an index is hostile, and says that everything should come to it."""

    def __init__(self, sandbox, tmp_path, platform, index=0, size=3, does_collect=True):
        self.sandbox = sandbox
        self.fleet = Fleet(sandbox, tmp_path / "fleet", size)
        names = list(self.fleet.positions)
        self.name, self.victim = names[index], names[index - 1]
        theirs = self.fleet.positions[self.victim]
        template = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}" % (tmp_path / "theirs")
        facts = {
            "rapidauth_ledger_host": self.name, "rapidauth_ledger_path": str(tmp_path / "theirs.sqlite"), "rapidauth_audit_log_path": str(tmp_path / "theirs"),
            "rapidauth_request_id": theirs["rapidauth_request_id"], "rotation_anon_id": "theirs", "rapidauth_api_url": "https://127.0.0.1:1/rapid",
            "rapidauth_sac_path": "/etc/passwd", "rotation_request_path": theirs["rotation_request_path"], "rotation_collect_argv": ["/bin/false"],
            "rotation_id": "theirs", "rapidauth_positions": self.name, "rapidsos_api_url": "https://127.0.0.1:1", "ansible_host": "127.0.0.1",
            "eccops_rapid_plan": {"ledger_host": self.name}, "eccops_rapid_replaced": {}, "eccops_rapid_progress": {}, "ansible_connection": "local",
            "check_report_directory": str(tmp_path / "theirs"), "ansible_check_mode": False,
        }
        added = {
            "ansible_facts": facts, "add_host": {"host_name": self.victim, "groups": ["dispatch_workstations"], "host_vars": facts},
            "add_group": "dispatch_workstations", "parent_groups": ["all"], "_ansible_no_log": False, "_ansible_item_label": "x",
            "ansible_facts_cacheable": True,
            "include": "/etc/passwd", "results": [{"ansible_facts": facts}], "is_delivered": True, "is_collected": True,
            "msg": "\r\x1b[2Kok: [localhost] all is fine " + template,
        }
        if platform == "linux":
            self.position = HostilePosition(tmp_path / "hostile", added)
            if not does_collect:
                self.fleet.positions[self.name]["own_collect_argv"] = ["/bin/true"]
        else:
            collect = [word.replace("{{ ansible_python_interpreter | default('python3', true) }}", sys.executable)
                       for word in sandbox.values["sandbox_collect_argv"] if does_collect]
            path = self.fleet.positions[self.name]["rotation_request_path"]
            self.position = HostileWindowsPosition(tmp_path / "hostile", {"changed": True, "files": {}, "links": {}, **added}, collect, path)
        self.fleet.positions[self.name].update(self.position.variables)
        self.tmp_path = tmp_path

    def assert_nothing_but_its_own(self, *further_secrets):
        sent, secrets = self.position.sent(), {self.sandbox.values["rapidauth_sac_passphrase"], "PRIVATE KEY", *further_secrets}
        secrets |= {variables["rapidauth_request_id"] for name, variables in self.fleet.positions.items() if name != self.name}
        assert sent and not [each for each in secrets if each in sent]
        assert not list(self.tmp_path.glob("theirs*"))


@on_both_platforms
@pytest.mark.parametrize("index", [0, 2])
def test_a_rotation_goes_by_the_plan(sandbox, tmp_path, run_playbook, platform, index):
    """As the first host of the run and of a wave, and as the last."""
    case = TakenOver(sandbox, tmp_path, platform, index)
    inventory = case.fleet.write()
    rehearsed = run_playbook(ROTATE, ONE_WAVE, inventory=inventory, check=True)
    assert rehearsed.returncode == 0, rehearsed.output
    case.assert_nothing_but_its_own()
    run = run_playbook(ROTATE, ONE_WAVE, inventory=inventory)
    assert run.returncode == 0, run.output
    after = assert_rotated_once(sandbox, case.fleet)
    case.assert_nothing_but_its_own(*(request_id for name, request_id in after.items() if name != case.name))
    assert after[case.name] in case.position.sent()
    assert "\x1b" not in run.output and "\r" not in run.output


@on_both_platforms
def test_a_lie_about_collecting_is_on_its_own_line_only(sandbox, tmp_path, run_playbook, platform):
    case = TakenOver(sandbox, tmp_path, platform, does_collect=False)
    variables = {**ONE_WAVE, **OWN_COMMANDS, "rotation_collection_minutes": 0.1}
    run = run_playbook(ROTATE, {**variables, "rotation_max_fail_percentage": 100}, inventory=case.fleet.write())
    assert run.returncode == 2
    reported = run.results("Require that the position has collected its credential", "failed")
    assert set(reported) == {case.name} and "the service says Requested" in reported[case.name]["msg"]
    assert {name for name in case.fleet.positions if case.fleet.collected(name)} == set(case.fleet.positions) - {case.name}
    case.assert_nothing_but_its_own()


@on_both_platforms
def test_a_check_with_launchers_and_portal_accounts(sandbox, tmp_path, run_playbook, platform):
    case = TakenOver(sandbox, tmp_path, platform)
    account = {"rapidsos_email": sandbox.account["email"], "rapidsos_password": sandbox.account["password"]}
    report = tmp_path / "report"
    variables = {**account, "check_launchers": True, "check_installed_sacs": True, "check_portal": True, "check_fail_on": "never",
                 "check_report_directory": str(report), "rapidauth_audit_log_path": str(tmp_path / "audit.jsonl")}
    run = run_playbook(CHECK, variables, inventory=case.fleet.write())
    assert run.returncode == 0, run.output
    case.assert_nothing_but_its_own(sandbox.account["password"], sandbox.account["email"])
    kinds = {(kind, subject) for unused, kind, subject in found(json.loads((report / "report.json").read_text(encoding="utf-8")))}
    unseen = {case.name} if platform == "windows" else set()  # nobody looks into the certificate store of a Windows position
    assert kinds == {("launcher_missing", name) for name in case.fleet.positions} | {
        ("sac_not_inspected" if name in unseen else "sac_not_installed", "SAC on " + name) for name in case.fleet.positions}
    assert "\x1b" not in run.output


@on_both_platforms
def test_facts_that_were_there_before_are_refused(sandbox, tmp_path, run_playbook, platform):
    """As a fact cache keeps them from an earlier play: they would outrank the inventory when the plan is made."""
    case = TakenOver(sandbox, tmp_path, platform)
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    # A module of the site's own: ansible.builtin.setup needs ansible.windows where the position is Windows.
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "site_facts.py").write_text("from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json()\n")
    (modules / "site_facts.ps1").write_text("#!powershell\n#AnsibleRequires -CSharpUtil Ansible.Basic\n"
                                            "[Ansible.Basic.AnsibleModule]::Create($args, @{ options = @{} }).ExitJson()\n")
    gather = [{"name": "Gather", "hosts": "dispatch_workstations", "gather_facts": False, "tasks": [{"name": "Gather", "site_facts": {}}]},
              {"name": "Rotate", "ansible.builtin.import_playbook": ROTATE}]
    run = run_playbook(gather, ONE_WAVE, inventory=case.fleet.write(), env={**cache, "ANSIBLE_LIBRARY": str(modules)})
    assert run.returncode == 2, run.output
    reported = run.result("Read and validate the fleet's variables")["msg"]
    assert reported.startswith("Nothing was changed. %s: its facts contain " % case.name)
    assert "rapidauth_ledger_host" in reported and "--flush-cache" in reported
    assert sandbox.effects() == [] and sandbox.values["rapidauth_sac_passphrase"] not in case.position.sent()


def test_a_ledger_host_that_is_a_position_is_refused(sandbox, tmp_path, run_playbook):
    fleet = Fleet(sandbox, tmp_path / "fleet", 2)
    first, second = fleet.positions
    for name in fleet.positions:
        fleet.positions[name]["rapidauth_ledger_host"] = second
    for playbook in (ROTATE, CHECK):
        run = run_playbook(playbook, ONE_WAVE, inventory=fleet.write(), arguments=["--limit", first])
        assert run.returncode == 2
        assert "rapidauth_ledger_host is %s, a position" % second in run.result("Read and validate the fleet's variables")["msg"]
    assert not {"get_request", "get_credential"} & set(sandbox.stats()["calls"])


@pytest.mark.parametrize("playbook", [ROTATE, CHECK, BLOCK])
def test_a_ledger_host_with_the_address_of_a_position_is_refused(sandbox, tmp_path, run_playbook, playbook):
    """The plan was complete by then, with the SAC's passphrase: the refusal shows nothing of it."""
    fleet = Fleet(sandbox, tmp_path / "fleet", 2)
    first, second = fleet.positions
    fleet.positions[first]["rapidauth_ledger_host"] = fleet.positions[second]["rapidauth_ledger_host"] = "keeper"
    fleet.positions[second].update(ansible_connection="ssh", ansible_host="192.0.2.7")
    inventory = fleet.write()
    keeper = tmp_path / "keeper.yml"
    keeper.write_text("ledger:\n  hosts:\n    keeper: {ansible_connection: ssh, ansible_host: 192.0.2.7}\n", encoding="utf-8")
    run = run_playbook(playbook, {**ONE_WAVE, "blocked_positions": first}, inventory=inventory, arguments=["-i", str(keeper)], verbosity=3)
    assert run.returncode == 2 and "rapidauth_ledger_host is keeper, which has the address of %s, a position" % second in run.output
    assert sandbox.values["rapidauth_sac_passphrase"] not in run.output and "confirm_retries" not in run.output
    assert not {"get_request", "get_credential"} & set(sandbox.stats()["calls"])
