# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The fleet's variables: read once, every problem at its position, and nothing that a host says of itself."""

from __future__ import annotations

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import plans, variables
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.variables import known_names
from ansible_collections.eccops.rapid.plugins.plugin_utils.inventory import role_options

KNOWN = known_names(["portal_launcher_email", "portal_launcher_is_login_checked", "sac_certificate_is_wanted_on_workstations"])
IDS = ["00000000-0000-4000-8000-%012d" % number for number in range(4)]
LAUNCHERS = {"linux": "aa" * 32, "windows": "bb" * 32}


class Host:
    """One host's variables; a value that is an exception cannot be opened."""

    def __init__(self, fact_names=(), **raw):
        self.raw, self.fact_names = raw, frozenset(fact_names)

    def get(self, name):
        value = self.raw.get(name)
        if isinstance(value, Exception):
            raise value
        return value


def host(number, **changes):
    usual = {"rapidauth_request_id": IDS[number], "rotation_id": "2026q4", "rapidauth_sac_path": "/sac.p12", "rotation_collect_argv": ["/bin/true"]}
    return Host(**{name: value for name, value in {**usual, **changes}.items() if value is not None})


def plan(hosts, job="rotate", extra_names=(), all_positions=()):
    reader = FleetReader(hosts, KNOWN, extra_names)
    params = {"job": job, "hosts": list(hosts), "all_positions": list(all_positions), "tags": ["all"], "skipped_tags": []}
    return plans.make_plan(params, reader, LAUNCHERS, {})


def refused(*arguments, **options):
    with pytest.raises(InvalidInput) as caught:
        plan(*arguments, **options)
    assert caught.value.kind == "fleet_invalid"
    return caught.value.message


def test_a_plan_has_each_position_and_what_holds_for_all():
    made = plan({"a": host(0, rotation_anon_id="mine", rotation_become="yes"), "b": host(1, rapidauth_anon_ids_are_unique=None)})
    assert made["positions"] == {
        name: {"request_id": IDS[number], "anon_id": anon_id, "request_path": "/var/lib/rapidauth/request.json", "is_root": is_root, "argv": ["/bin/true"],
               "collect_seconds": 600}
        for number, (name, anon_id, is_root) in enumerate((("a", "mine", True), ("b", None, False)))}
    assert (made["ledger_host"], made["ledger_path"], made["service"], made["waves"]) == ("localhost", variables.LEDGER_PATH,
                                                                                          {"sac_path": "/sac.p12"}, [1, 5, 20])
    assert made["anon_ids_are_unique"] is True and made["max_failures"] == 0


def test_windows_has_no_root_and_a_place_of_its_own():
    made = plan({"a": host(0, rotation_become=True), "b": host(1, rotation_become=True, ansible_connection="psrp")})
    assert [(own["request_path"], own["is_root"]) for own in made["positions"].values()] == [
        ("/var/lib/rapidauth/request.json", True), ("C:\\ProgramData\\RapidAuth\\request.json", False)]


@pytest.mark.parametrize("value", [False, "false", "no", 0])
def test_false_stays_false(value):
    assert plan({"a": host(0, rapidauth_anon_ids_are_unique=value)})["anon_ids_are_unique"] is False


def test_all_problems_are_reported_at_once_with_their_positions():
    reported = refused({
        "a": host(0, rapidauth_request_id=InvalidInput("rapidauth_request_id cannot be read: 'x' is undefined")),
        "b": host(1, rotation_anon_id=57), "c": host(2, rotation_collect_argv="/opt/x --once"), "d": host(3, rapidauth_request_id=IDS[2].upper())})
    assert reported.startswith("Nothing was changed. a: rapidauth_request_id cannot be read: 'x' is undefined | b: rotation_anon_id is not text")
    assert "c: rotation_collect_argv is '/opt/x --once'; give a list" in reported and "d: it has the same RequestId as c" in reported


@pytest.mark.parametrize("changes, reported", [
    ({"rotation_id": 202610}, "rotation_id is not text"), ({"rotation_id": None}, "give rotation_id"), ({"rotation_id": "a b"}, "must be 1 to 24"),
    ({"rotation_waves": "many"}, "rotation_waves is 'many'"), ({"rotation_concurrency": 65}, "between 1 and 64"), ({"rapidauth_sac_path": None}, "not set"),
    ({"rapidauth_sac_content": "x"}, "both set"), ({"rapidauth_api_url": "http://x"}, "must be an https URL"),
    ({"rotation_resolutions": {"z": "x"}}, "names z"), ({"rapidauth_sac_passphrase": "secret\n"}, "line break"),
    ({"rotation_collect_seconds": 7200}, "rotation_collect_seconds must be between 1 and 3600"), ({"rotation_collect_seconds": "0"}, "between 1 and 3600"),
    ({"rotation_collection_minutes": 0}, "rotation_collection_minutes must be more than 0"),
    ({"rotation_collect_argv": []}, "no rotation_collect_argv"), ({"rapidauth_request_id": ""}, "no RequestId"),
    ({"rapidauth_ledger_host": "a"}, "is a, a position"), ({"rapidauth_ledger_host": "elsewhere"}, "is elsewhere, a position")])
def test_what_cannot_be_right_is_refused(changes, reported):
    message = refused({"a": host(0, **changes)}, all_positions=["elsewhere"])
    assert reported in message and "secret" not in message


def test_positions_must_agree_on_what_holds_for_the_run():
    reported = refused({"a": host(0), "b": host(1, rapidauth_sac_path="/other.p12", rapidauth_sac_passphrase="MARKER", ecc="b")})
    assert "more than one rapidauth_sac_path: '/other.p12', '/sac.p12'" in reported
    assert "more than one rapidauth_sac_passphrase;" in reported and "MARKER" not in reported


def test_what_a_host_says_of_itself_decides_nothing():
    hostile = host(1, rapidauth_ledger_host="b", rapidauth_request_id=IDS[0], rotation_id="theirs")
    hostile.fact_names = frozenset({"rapidauth_ledger_host", "distribution"})
    reported = refused({"a": host(0), "b": hostile})
    assert reported == ("Nothing was changed. b: its facts contain rapidauth_ledger_host, which only the inventory may set; "
                        "find out who set them, then run with --flush-cache")
    checked = plan({"a": host(0), "b": hostile}, job="check")
    assert checked["ledger_host"] == "localhost" and set(checked["unreadable"]) == {"b"}
    assert [list(service["positions"]) for service in checked["services"]] == [["a"]]


@pytest.mark.parametrize("fact_name, is_refused", [("site_ids", True), ("of_this_site", True), ("env", False), ("hostname", False)])
def test_what_templates_name_must_not_come_from_a_host_either(fact_name, is_refused):
    """The value of rapidauth_request_id would be the host's choice, though the host says nothing of that name."""
    own = host(0, rapidauth_sac_passphrase="{{ lookup('env', 'X') }}", rotation_anon_id="{{ of_this_site }}",
               of_this_site=["{{ site_ids[0] }}"], site_ids=["a"])
    own.fact_names = frozenset({fact_name})
    # Whatever is read, the AnonId is malformed here, since nothing opens its template.
    assert ("a: its facts contain %s, which only the inventory may set" % fact_name in refused({"a": own})) is is_refused


@pytest.mark.parametrize("job, name", [
    ("rotate", "rapidauth_positions"), ("rotate", "rotation_max_fail_percentage"), ("provision", "provision_positions"), ("check", "rapidauth_positions")])
def test_what_the_inventory_says_too_late_is_refused(job, name):
    hosts = {"a": host(0, **{name: "10", "check_launchers": True})}
    reader = FleetReader(hosts, KNOWN | {name})
    with pytest.raises(InvalidInput, match="%s stands in the inventory, which the playbook cannot read so early; give it with -e" % name):
        plans.make_plan({"job": job, "hosts": ["a"], "all_positions": [], "tags": [], "skipped_tags": []}, reader, LAUNCHERS, role_options())
    if job == "rotate":
        assert plan(hosts, extra_names=[name])["positions"]


@pytest.mark.parametrize("name, is_extra, reported", [
    ("rotation_wave", True, "did you mean rotation_waves?"), ("rotation_wave", False, "did you mean rotation_waves?"),
    ("rapidauth_sac_pth", False, "rapidauth_sac_path"),
    ("portal_launcher_is_login_check", True, "portal_launcher_is_login_checked"), ("check_reprot_directory", False, "check_report_directory"),
    ("check_mk_agent_port", True, "there is no variable check_mk_agent_port"), ("check_mk_agent_port", False, None), ("block_device", False, None),
    ("provision_wave", True, "provision_waves"), ("eccops_rapid_plan", True, "reserved for the playbooks"), ("ansible_host", True, None),
    ("portal_launcher_installed", False, None), ("sac_certificate_installed", True, "reserved for the playbooks"),
    ("sac_certificate_is_wanted_on_workstation", True, "sac_certificate_is_wanted_on_workstations"),
    ("rotation_waves", True, None)])
def test_names_that_do_not_exist(name, is_extra, reported):
    found = variables.describe_unknown(name, KNOWN, is_extra)
    assert found is None if reported is None else reported in found
    if reported:
        assert found in refused({"a": host(0, **{name: 1})}, extra_names=[name] if is_extra else [])


def test_one_position_that_cannot_be_read_does_not_hide_the_others():
    checked = plan({"a": host(0, rapidauth_sac_path=InvalidInput("rapidauth_sac_path cannot be read: no vault password")), "b": host(1, ecc="b")}, job="check")
    assert checked["unreadable"] == {"a": {"ecc": "", "reason": "rapidauth_sac_path cannot be read: no vault password"}}
    assert checked["services"] == [{"sac_path": "/sac.p12", "positions": {"b": {"ecc": "b", "request_id": IDS[1]}}}]


@pytest.mark.parametrize("prefix", ["rapidsos_", "portal_launcher_"])
def test_a_check_finds_the_accounts_under_either_name(prefix):
    own = {prefix + "email": "a@b.example", prefix + "password": "p", prefix + "environment": "sandbox", "check_portal": "true"}
    checked = plan({"a": host(0, **own)}, job="check")
    assert checked["accounts"] == [{"api_url": "https://api-sandbox.rapidsos.com", "email": "a@b.example", "password": "p", "ecc": ""}]
    own["check_portal"] = False
    assert plan({"a": host(0, **own)}, job="check")["accounts"] == []
    nameless = {prefix + "email": "a@b.example", "check_portal": True}
    reported = plan({"a": host(0, **nameless)}, job="check")["unreadable"]["a"]["reason"]
    assert reported == "its Portal account has no rapidsos_api_url and no rapidsos_password"


def test_one_account_with_two_passwords_is_a_finding():
    """Only one of them is tried, and the dispatcher at the other position would be refused."""
    hosts = {name: host(number, rapidsos_email="a@b.example", rapidsos_environment="sandbox", check_portal=True, rapidsos_password="MARKER%d" % (number // 2))
             for number, name in enumerate("abc")}
    checked = plan(hosts, job="check")
    reason = "its Portal account a@b.example has another password than at a, and one of them is wrong"
    assert checked["unreadable"] == {"c": {"ecc": "", "reason": reason}} and len(checked["accounts"]) == 1
