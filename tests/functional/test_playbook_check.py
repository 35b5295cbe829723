# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Proves that check_credentials sees a fine fleet as fine, and each thing that can be wrong as what it is."""

import re

import pytest
from playbook_check import PLAYBOOK, change, days_ago, young_fleet
from playbook_fleet import fail_message

VERDICT = "Require that dispatch can work"
PLAN = "Read and validate the fleet's variables"
LOOK = "Check all credentials"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return young_fleet(sandbox, tmp_path / "fleet")


def table(run):
    """Returns {position: its row, in one line} of the table that people read, which stands between the verdict and the verdict."""
    lines = run.result("Show the findings")["msg"]
    verdict = [line for line in lines if line == lines[0]]
    assert len(verdict) == 2 and max(len(line) for line in lines if line not in verdict) <= 88, lines
    rows = re.sub(r"\n +", " ", "\n".join(lines[1:-1])).splitlines()
    return {row.split()[0]: row for row in rows if not row.startswith("POSITION")}


def test_a_fine_fleet_takes_one_bulk_look_up(sandbox, fleet, run_playbook):
    run = run_playbook(PLAYBOOK, inventory=fleet.write(), check=True, arguments=["-v"], env={"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    assert run.returncode == 0, run.output
    assert run.result(VERDICT)["msg"] == (
        "Yes, dispatch can work tomorrow. Nothing has to be done. Covers 12 credentials and 1 SAC, but no Portal accounts or launchers.")
    lines = table(run)
    for position, variables in fleet.positions.items():
        assert re.fullmatch(r"%s +%s +Collected +20\d\d-\d\d-\d\d +fine" % (position, variables["ecc"]), lines[position])
    assert re.fullmatch(r"SAC CN=.*, \d+ days left: fine", lines["SAC"])
    stats = sandbox.stats()
    assert stats["calls"].pop("get_request") == {"GET": 12}
    assert not {"get_credential", "replace", "patch_request"} & set(stats["calls"])
    assert 1 <= stats["tls_handshakes"]["rapidauth"] <= 12
    for reported in ('"check_is_fine": true', '"check_findings_count": 0', '"check_verdict": "fine"'):
        assert reported in run.stdout
    assert {name: host["changed"] for name, host in run.recap.items() if host["changed"]} == {}


FINDINGS = {  # number of the position: what its line and the verdict say
    0: ("critical", "it ends in 13 days", "request a new credential within 13 days"),
    1: ("warning", "it ends in 53 days", "request a new credential within 53 days"),
    2: ("critical", "it is Expired", "request a new credential"),
    3: ("critical", "is not collected", "collect it now"),
    4: ("warning", "its collection is prevented", "allow collection unless the device is lost"),
    5: ("critical", "the service does not know its RequestId", "check the id"),
    6: ("critical", "not-a-guid", "correct rapidauth_request_id"),
    7: ("critical", "the inventory has no RequestId for it", "set rapidauth_request_id"),
    8: ("critical", "have the same RequestId", "give each position its own"),
    9: ("critical", "have the same RequestId", "give each position its own"),
    10: ("critical", "HTTP 500", "run the check again"),
}


@pytest.fixture(name="sick_fleet")
def fixture_sick_fleet(sandbox, fleet):
    names, request_ids = list(fleet.positions), list(fleet.request_ids.values())
    change(sandbox, request_ids[0], collected_date=days_ago(351))
    change(sandbox, request_ids[1], collected_date=days_ago(311))
    change(sandbox, request_ids[2], status="Expired")
    change(sandbox, request_ids[3], status="Requested", collected_date=None)
    change(sandbox, request_ids[4], prevent_collection=True)
    fleet.positions[names[5]]["rapidauth_request_id"] = UNKNOWN_ID
    fleet.positions[names[6]]["rapidauth_request_id"] = "not-a-guid"
    del fleet.positions[names[7]]["rapidauth_request_id"]
    fleet.positions[names[8]]["rapidauth_request_id"] = request_ids[9].upper()
    sandbox.fault("get_request", "error_after_effect_empty_500", count=None, matching={"request_id": request_ids[10]})
    return fleet


@pytest.mark.slow
def test_each_finding_is_seen_as_what_it_is(sandbox, sick_fleet, run_playbook):
    run = run_playbook(PLAYBOOK, {"check_sac_warning_days": 100000}, inventory=sick_fleet.write(), env={"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    assert run.returncode == 2
    verdict, lines = fail_message(run, VERDICT), table(run)
    for number, name in enumerate(sick_fleet.positions):
        severity, reason, what_to_do = FINDINGS.get(number, ("fine", "", ""))
        assert severity != "fine" or name not in lines
        assert severity == "fine" or re.search(r" %s\b" % severity, lines[name]) and reason in lines[name], lines[name]
        assert verdict.count(name) == (severity == "critical") or name in reason, verdict
        assert severity != "critical" or any(what_to_do in text for text in verdict.split(" | ") if name in text), verdict
    assert verdict.startswith("Not everywhere: dispatch may be unable to work at 9 of 12 positions. ")
    assert "days left: warning" in lines["SAC"]  # not before its end, so not in the verdict
    assert '"check_verdict": "critical"' in run.stdout and '"check_is_fine": false' in run.stdout
    assert '"check_findings_count": 12' in run.stdout and '"check_critical_count": 9' in run.stdout
    assert sandbox.stats()["calls"]["get_request"] == {"GET": 9 + 1}  # two spellings of one id are looked up twice
    assert sandbox.effects("patch", "replace", "request") == []


@pytest.mark.slow
def test_when_to_fail_is_the_sites_choice(sick_fleet, run_playbook):
    inventory = sick_fleet.write()
    names = list(sick_fleet.positions)
    never = run_playbook(PLAYBOOK, {"check_fail_on": "never"}, inventory=inventory)
    assert never.returncode == 0, never.output
    assert never.result(VERDICT)["msg"].endswith("9 findings to fix today. Covers 12 credentials and 1 SAC, but no Portal accounts or launchers.")

    ending = ["--limit", names[1]]
    assert run_playbook(PLAYBOOK, inventory=inventory, arguments=ending).returncode == 0
    warned = run_playbook(PLAYBOOK, {"check_fail_on": "warning"}, inventory=inventory, arguments=ending)
    assert warned.returncode == 2
    assert set(table(warned)) == {names[1], "SAC"}  # --limit leaves the others out
    assert re.match(r"Yes, dispatch can work tomorrow. %s: request a new credential within 53 days" % names[1], fail_message(warned, VERDICT))

    wrong = run_playbook(PLAYBOOK, {"check_fail_on": "sometimes"}, inventory=inventory)
    assert wrong.returncode == 2
    assert "check_fail_on is 'sometimes'; set it to critical, warning or never" in fail_message(wrong, PLAN)


@pytest.mark.slow
def test_time_and_thresholds_can_be_given(fleet, run_playbook):
    inventory = fleet.write()
    later = {"check_now": "2099-01-01T00:00:00Z"}
    run = run_playbook(PLAYBOOK, later, inventory=inventory)
    assert run.returncode == 2
    assert str(table(run)).count("though the service still calls it Collected") == 12
    assert len(re.findall(r"CN=sandbox-sac-valid.* expired on", table(run)["SAC"])) == 1
    for limits, reported in (
        ({"check_expiry_warning_days": 350, "check_expiry_critical_days": 346}, "it ends in 344 days"),
        ({"check_expiry_warning_percent": 99.5, "check_expiry_critical_percent": 95}, "critical below 95 % of its 365 days"),
    ):
        run = run_playbook(PLAYBOOK, limits, inventory=inventory)
        assert run.returncode == 2 and str(table(run)).count(reported) == 12, run.output
    for limits in ({"check_sac_critical_days": 90000, "check_sac_warning_days": 90000}, {"check_sac_critical_percent": 100, "check_expiry_critical_days": 0}):
        run = run_playbook(PLAYBOOK, limits, inventory=inventory)
        assert run.returncode == 2
        assert re.match(r"Not for certain: .* CN=sandbox-sac-valid.*: download a new SAC", fail_message(run, VERDICT))
        assert re.search(r"it is valid for \d+ more days; critical below", table(run)["SAC"])


@pytest.mark.slow
def test_a_fleet_without_any_request_id_is_a_finding_for_each(sandbox, fleet, run_playbook):
    for variables in fleet.positions.values():
        del variables["rapidauth_request_id"]
    run = run_playbook(PLAYBOOK, inventory=fleet.write())
    assert run.returncode == 2
    assert fail_message(run, VERDICT).endswith(" %s: set rapidauth_request_id" % ", ".join(fleet.positions))
    lines = table(run)
    assert all("critical: the inventory has no RequestId" in lines[name] for name in fleet.positions)
    assert "get_request" not in sandbox.stats()["calls"]


@pytest.mark.slow
@pytest.mark.parametrize(("extra_vars", "arguments", "reported"), [
    ({"rapidauth_positions": "spare_workstations"}, [], "has no host in 'spare_workstations'; give one with -i"),
    ({}, ["--limit", "bystander"], "by --limit, has no host in 'dispatch_workstations'"),
])
def test_a_check_of_nothing_fails(fleet, run_playbook, extra_vars, arguments, reported):
    inventory = fleet.write()
    inventory.write_text(inventory.read_text() + "spare_workstations: {}\nothers: {hosts: {bystander: {}}}\n", encoding="utf-8")
    run = run_playbook(PLAYBOOK, extra_vars, inventory=inventory, arguments=arguments)
    assert run.returncode == 2
    assert reported in fail_message(run, "Require a fleet to check")


@pytest.mark.slow
def test_a_mistyped_source_of_the_fleet_fails(sandbox, fleet, run_playbook):
    run = run_playbook(PLAYBOOK, {"check_fleet_from": "ledgr"}, inventory=fleet.write())
    assert run.returncode == 2 and "get_request" not in sandbox.stats()["calls"]
    assert fail_message(run, PLAN) == "Nothing was checked. check_fleet_from is 'ledgr'; set it to inventory or ledger"
