# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Makes SACs, Portal accounts, launchers and the service be so, and sees exactly that finding in the report, and no secret."""

import collections
import hashlib
import json
import pathlib
import shutil
import ssl

import pytest
from playbook_check import Check, change, days_ago, found, replace, young_fleet

pytestmark = pytest.mark.slow


@pytest.fixture(name="fleet")
def fixture_fleet(sandbox, tmp_path):
    return young_fleet(sandbox, tmp_path / "fleet")


@pytest.fixture(name="check")
def fixture_check(fleet, run_playbook, tmp_path):
    return Check(fleet, run_playbook, tmp_path / "report")


def test_every_ecc_in_one_run_with_a_sac_of_its_own(sandbox, fleet, check):
    sacs = sandbox.values["sandbox_sacs"]
    kinds = ["valid", "expired", "foreign_authority"]
    of_ecc = dict(zip(dict.fromkeys(each["ecc"] for each in sandbox.fleet), kinds))
    for variables in fleet.positions.values():
        kind = of_ecc[variables["ecc"]]
        variables.update(own_path=sacs[kind]["pkcs12_path"], vault_own=sacs[kind]["passphrase"])
    # Nothing is above the sandbox's extra vars but other extra vars: templates over the positions' own.
    report = check({"rapidauth_sac_path": "{{ own_path }}", "rapidauth_sac_passphrase": "{{ vault_own }}"})
    assert [(severity, kind) for severity, kind, unused in found(report)] == [("critical", "sac_expired"), ("critical", "sac_refused")]
    states = collections.Counter((row["ecc"], row["state"]) for row in report["credentials"])
    assert states == {(ecc, "fine" if kind == "valid" else "unchecked"): 4 for ecc, kind in of_ecc.items()}
    assert [row["ecc"] for row in report["sacs"]] == list(of_ecc) and report["verdict"]["headline"].startswith("Not for certain")
    for kind in kinds:
        assert sacs[kind]["passphrase"] not in check.run.output + json.dumps(report)


@pytest.mark.parametrize(("files", "kind", "reported"), [
    (("valid", "valid"), None, ""),
    (("valid", "foreign_authority"), "sac_key_mismatch", "does not belong to"),
    (("not_yet_valid", "not_yet_valid"), "sac_not_yet_valid", "not valid before"),
])
def test_the_sacs_own_files(sandbox, check, files, kind, reported):
    certificate, key = (sandbox.values["sandbox_sacs"][each] for each in files)
    report = check({
        "rapidauth_sac_path": certificate["certificate_path"], "rapidauth_sac_key_path": key["key_path"], "rapidauth_sac_passphrase": key["passphrase"]})
    assert [each[:2] for each in found(report)] == ([("critical", kind)] if kind else [])
    assert reported in json.dumps(report["findings"])
    assert {row["state"] for row in report["credentials"]} == {"unchecked" if kind else "fine"}


def test_a_sac_that_cannot_be_opened_and_a_service_that_does_not_answer(sandbox, fleet, check):
    report = check({"rapidauth_sac_passphrase": "wrong"})
    assert [each[:2] for each in found(report)] == [("critical", "sac_wrong_passphrase")]
    report = check({"rapidauth_ca_path": sandbox.values["sandbox_sacs"]["foreign_authority"]["certificate_path"]})
    assert [each[:2] for each in found(report)] == [("critical", "server_not_trusted")]
    assert report["counts"]["credentials"]["unchecked"] == 12
    sandbox.fault("get_request", "maintenance", count=None)
    assert [each[:2] for each in found(check())] == [("critical", "maintenance")]


def test_portal_accounts_log_in_once_and_only_when_asked(sandbox, fleet, check):
    accounts = {account["ecc"]: account for account in reversed(sandbox.values["sandbox_accounts"])}
    wrong = next(iter(accounts))
    for variables in fleet.positions.values():
        account = accounts[variables["ecc"]]
        variables.update(own_email=account["email"], own_password="not this" if variables["ecc"] == wrong else account["password"])
    own = {"rapidsos_email": "{{ own_email }}", "rapidsos_password": "{{ own_password }}"}
    assert check(own)["accounts"] == [] and sandbox.effects("login", "login_refused") == []
    audit_log = fleet.directory / "audit.jsonl"
    report = check({**own, "check_portal": True, "rapidauth_audit_log_path": str(audit_log)})
    assert found(report) == [("critical", "login_refused", accounts[wrong]["email"])]
    outcomes = collections.Counter(json.loads(line)["outcome"] for line in audit_log.read_text(encoding="ascii").splitlines())
    assert outcomes == {"begun": 3, "succeeded": 2, "failed": 1}
    assert {row["name"]: row["state"] for row in report["accounts"]} == {
        account["email"]: "critical" if ecc == wrong else "fine" for ecc, account in accounts.items()}
    assert len(sandbox.effects("login")) == 2 and len(sandbox.effects("login_refused")) == 1
    for account in accounts.values():
        assert account["password"] not in check.run.output + json.dumps(report)


@pytest.mark.skipif(shutil.which("portal-launcher") is not None, reason="a launcher is installed on this machine: its absence cannot be shown")
def test_launchers_are_looked_at_only_when_asked(fleet, check):
    names = list(fleet.positions)
    fleet.positions[names[0]].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=9)
    report = check()
    assert report["launchers"] == [] and found(report) == []
    report = check({"check_launchers": True})
    assert collections.Counter(each[:2] for each in found(report)) == {("critical", "launcher_missing"): 22, ("warning", "position_unreachable"): 1}


def test_installed_sacs_are_looked_at_only_when_asked(sandbox, fleet, check, tmp_path):
    """As the role sac_certificate leaves them: a link to versions/NUMBER-FINGERPRINT."""
    pem = pathlib.Path(sandbox.values["sandbox_sacs"]["valid"]["certificate_path"]).read_text(encoding="ascii")
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    names = list(fleet.positions)[:4]
    for name, target in zip(names, ("versions/0001-" + fingerprint, "versions/0007-" + "ab" * 32, None)):
        place = tmp_path / name
        place.mkdir()
        if target:
            (place / "current").symlink_to(target)
        fleet.positions[name]["sac_certificate_directory"] = str(place)
    for name in list(fleet.positions):
        if name not in names[:3]:
            fleet.positions[name].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=9)
    assert len(check()["sacs"]) == 1
    report = check({"check_installed_sacs": True})
    assert found(report)[:2] == [("critical", "sac_not_installed", "SAC on " + names[2]), ("warning", "sac_outdated", "SAC on " + names[1])]
    assert {each[1] for each in found(report)[2:]} == {"position_unreachable"}
    states = {row["name"]: (row["state"], bool(row["expires_date"])) for row in report["sacs"]}
    assert states["SAC on " + names[0]] == ("fine", True) and states["SAC on " + names[1]] == ("warning", False)


def test_ids_are_shown_in_full_only_when_asked(sandbox, check):
    anon_ids = {each["anon_id"] for each in sandbox.fleet} | {each["request_id"] for each in sandbox.fleet}
    text = json.dumps(check())
    assert not [each for each in anon_ids if each in text]
    text = json.dumps(check({"check_show_ids": True}))
    assert [each for each in anon_ids if each not in text] == []


@pytest.mark.parametrize("connection", ["local", "talkative"])
def test_no_secret_is_shown_at_any_verbosity_here_or_shipped(sandbox, fleet, check, connection):
    """A host that keeps the ledger gets the module; the same report comes of it."""
    name = next(iter(fleet.positions))
    change(sandbox, replace(sandbox, fleet, name)[name], status="Collected", collected_date=days_ago(0))
    keeper = {"ansible_connection": connection, "ansible_pipelining": True, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    own = {"rapidsos_email": sandbox.account["email"], "rapidsos_password": sandbox.account["password"], "check_portal": True}
    more = fleet.directory / "keepers.yml"
    more.write_text(json.dumps({"keepers": {"hosts": {"keeper": keeper}}}), encoding="utf-8")
    report = check({**own, "rapidauth_ledger_host": "keeper"}, verbosity=4, diff=True, arguments=["--inventory", str(more)])
    assert found(report) == [] and report["accounts"][0]["state"] == "fine" and report["counts"]["credentials"]["fine"] == 12
    rows = {row["name"]: row for row in report["credentials"]}
    assert rows[name]["expires_basis"] == "first_collection"
    for secret in (sandbox.account["password"], sandbox.values["rapidauth_sac_passphrase"]):
        assert secret not in check.run.output + json.dumps(check.run.reports) + json.dumps(report)
    assert ("TOLD BY THE CONNECTION" in check.run.output) == (connection != "local")


def test_a_large_fleet_costs_no_task_and_no_connection_more(sandbox, fleet, check):
    added = sandbox.admin("POST", "/credentials", {"count": 1000, "prefix": "load-"}).json()["credentials"]
    fleet.positions = {"position-%04d" % number: {"rapidauth_request_id": each["request_id"], "ecc": "large"} for number, each in enumerate(added)}
    report = check()
    assert report["counts"]["credentials"]["fine"] == report["counts"]["by_ecc"]["large"]["total"] == 1000
    assert [row["name"] for row in report["credentials"]] == list(fleet.positions)
    stats = sandbox.stats()
    assert stats["calls"]["get_request"] == {"GET": 1000} and stats["tls_handshakes"]["rapidauth"] <= 16
    assert len(check.run.reports) <= 10 and len(check.run.stdout) < 5000
