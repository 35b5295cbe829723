# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of credential_check_info: every credential, SAC and Portal account of a fleet looked at once, and judged."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLogError
from ansible_collections.eccops.rapid.plugins.module_utils._credentials.lookup import check_with_histories
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, MissingLibrary, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import (
    account_finding, installed_sac_findings, launcher_findings, no_account_finding, sac_findings, service_finding, unreadable_finding)
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import Rules, credential_findings
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.schema import LedgerError
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_RULES, RAPIDAUTH_RULES, audit_options, ledger_place_options, rapidauth_options, service_name, service_name_options)
from ansible_collections.eccops.rapid.plugins.module_utils._portal.token import provide_token
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import validate_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._report.model import build_report
from ansible_collections.eccops.rapid.plugins.module_utils._report.text import render_lines, summarize_report
from ansible_collections.eccops.rapid.plugins.module_utils._sac_deploy.inspection import inspect_sac
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import read_limits
from ansible_collections.eccops.rapid.plugins.module_utils._time import given_now


def check_fleet(params: dict, is_check_mode: bool, run_directory: str | None = None) -> dict:
    """Returns the module's result for its ``params``; it reads only, but for logins where they are asked for. Raises RapidError."""
    rules = Rules(given_now(params.get("now")), read_limits(params, "expiry_"), params["validity_days"], params["collection_minutes"])
    sac_limits = read_limits(params, "sac_")
    seen = Observations()
    services = [_complete(service, params) for service in params["services"]]
    for service in services:
        _check_service(seen, service, _positions_of_ledger(service, services) if params["fleet_from_ledger"] else service["positions"], rules, sac_limits)
    for position, own in params["unreadable"].items():
        seen.add_unreadable(str(position), str(own.get("ecc") or ""), str(own.get("reason") or ""))
    if params["expect_accounts"] and not params["accounts"]:
        seen.findings.append(no_account_finding())
    for account in params["accounts"]:
        _check_account(seen, dict(account, audit_log_path=params.get("audit_log_path")), is_check_mode, run_directory)
    for position, launcher in params["launchers"].items():
        expected = {"program": launcher.get("expected_program_sha256") or params.get("launcher_sha256"),
                    "configuration": launcher.get("expected_configuration_sha256") or params.get("launcher_configuration_sha256")}
        seen.subjects.append({"about": "launcher", "name": position, "ecc": launcher.get("ecc") or ""})
        seen.findings += launcher_findings(position, launcher, expected)
    # A ledger that knows no position at an URL is mostly another URL's: a fleet of none must not be fine.
    if not seen.credentials and (not seen.subjects or (services and params["fleet_from_ledger"])):
        raise InvalidInput("there is nothing to check: give services with positions, accounts or launchers")
    report = build_report(seen, rules, sac_limits, params["fail_on"], params["show_ids"])
    verdict = dict(report["verdict"], message=summarize_report(report))
    counts = report["counts"]["findings"]
    stats = {"check_verdict": verdict["severity"], "check_is_fine": counts["total"] == 0, "check_findings_count": counts["total"],
             "check_critical_count": counts["critical"], "check_warning_count": counts["warning"]}
    return {"changed": False, "report": report, "verdict": verdict, "counts": report["counts"], "lines": render_lines(report),
            "all_lines": render_lines(report, is_everything_shown=True), "stats": stats}


class Observations:
    """What a check came upon: ``credentials`` and other ``subjects``, in order, and the ``findings`` about them."""

    def __init__(self):
        self.credentials, self.subjects, self.findings = [], [], []

    def add_unreadable(self, position: str, ecc: str, reason: str) -> None:
        """Adds a position whose variables cannot be used: nothing of it was checked."""
        self.credentials.append({"name": position, "ecc": ecc, "request_id": "", "about": "credential", "entry": None})
        self.findings.append(unreadable_finding(position, ecc, reason))


def _complete(service, params):
    """Returns a service with what is the same for all."""
    if not isinstance(service.get("positions"), dict):
        raise InvalidInput("each of services needs positions: a mapping from a position's name to ecc and request_id")
    shared = {name: params[name] for name in ("concurrency", "ledger_path", "ledger_url", "ledger_password", "now", "validity_days")}
    positions = {
        str(name): {
            "ecc": str(position.get("ecc") or ""),
            "request_id": str(position.get("request_id") or ""),
            "installed_sac": params["installed_sacs"].get(name),
        }
        for name, position in service["positions"].items()
    }
    return dict(service, positions=positions, anon_ids=[], rotate_after_days=None, **shared)


def _check_service(seen, service, positions, rules, sac_limits):
    """Looks at a service's SAC, at the installed ones of the positions it was given, and at the credentials of ``positions``."""
    eccs = sorted({position["ecc"] for position in service["positions"].values()})
    ecc = eccs[0] if len(eccs) == 1 else ""
    name, sac, findings = _check_sac(seen, service, ecc, rules.now, sac_limits)
    findings += _check_installed_sacs(seen, service["positions"], sac)
    credentials = {}
    request_ids = [position["request_id"] for position in positions.values() if _is_well_formed(position["request_id"])]
    if request_ids:
        try:
            credentials = check_with_histories(dict(service, request_ids=list(dict.fromkeys(request_ids))))["credentials"]
        except RapidError as error:
            _raise_if_ours(error)
            # What failed on the way failed for the one reason: those were not checked.
            credentials = {each: entry for each, entry in error.details.get("credentials", {}).items() if entry["is_known"] is not None}
            if error.kind not in {finding.kind for finding in findings}:
                findings.append(service_finding(name, ecc, error))
    seen.findings += findings
    seen.findings += credential_findings(positions, credentials, rules)
    for name, position in positions.items():
        seen.credentials.append(dict(position, name=name, about="credential", entry=credentials.get(position["request_id"])))


def _check_sac(seen, service, ecc, now, limits):
    """Returns (how the SAC is called, what it is or None, its Findings); a look at it, not at the service."""
    try:
        sac = inspect_sac(dict(service, min_days_left=0, probe=False), True)
    except RapidError as error:
        _raise_if_ours(error)
        name = service.get("sac_path") or "SAC"
        seen.subjects.append({"about": "sac", "name": name, "ecc": ecc, "serial": None, "expires_date": None})
        return name, None, [service_finding(name, ecc, error)]
    seen.subjects.append({"about": "sac", "name": sac["subject"], "ecc": ecc, "serial": sac["serial"], "expires_date": sac["not_after"]})
    return sac["subject"], sac, sac_findings(sac, ecc, now, limits)


def _check_installed_sacs(seen, positions, sac):
    """Returns the Findings about the SACs installed on positions; ``sac`` is what they should be, None if that is not known."""
    findings = []
    for position, own in positions.items():
        installed = own["installed_sac"]
        if installed is None:
            continue
        name = "SAC on %s" % position
        is_same = sac is not None and installed["sha256_fingerprint"] == sac["sha256_fingerprint"]
        serial, ends = (sac["serial"], sac["not_after"]) if is_same else (None, None)
        is_checked = sac is not None and installed["is_reachable"]
        seen.subjects.append({"about": "sac", "name": name, "ecc": own["ecc"], "serial": serial, "expires_date": ends, "is_checked": is_checked})
        if sac is not None:
            findings += installed_sac_findings(name, own["ecc"], installed, sac["sha256_fingerprint"])
    return findings


def _positions_of_ledger(service, services):
    """Returns {position: {ecc, request_id}} of the positions that the ledger knows at this service; the ECC is the one given for it, if any.

    The ledger does not say which SAC a position belongs to: one that none of the ``services`` was given goes to the first at its URL.
    """
    place = find_place(service)
    if not place:
        raise InvalidInput("fleet_from_ledger needs ledger_path or ledger_url")
    given = service["positions"]
    name = _describe_service(service)
    with Ledger(place, is_read_only=True) as ledger:
        known = {row["position"]: row["original_request_id"] for row in ledger.rows(
            "SELECT position, original_request_id FROM replacements WHERE service = ? ORDER BY id", name)}
    same_url = [each for each in services if _describe_service(each) == name]
    given_to_any = {name for each in same_url for name in each["positions"]}
    return {
        name: {"ecc": given.get(name, {}).get("ecc", ""), "request_id": request_id}
        for name, request_id in known.items()
        if name in given or (service is same_url[0] and name not in given_to_any)
    }


def _describe_service(service):
    return service.get("service_name") or service_name(service["api_url"])


def _raise_if_ours(error):
    """Raises ``error`` again where the check itself is set up wrongly: that is no finding about the fleet."""
    if isinstance(error, (AuditLogError, InvalidInput, MissingLibrary, LedgerError)):
        raise error


def _is_well_formed(request_id):
    try:
        validate_request_id(request_id)
    except InvalidInput:
        return False
    return True


def _check_account(seen, account, is_check_mode, run_directory):
    """Logs in once; check mode does not, since each login leaves a session at the Portal."""
    name, ecc = account["email"], account.get("ecc") or ""
    seen.subjects.append({"about": "account", "name": name, "ecc": ecc, "is_checked": not is_check_mode})
    options = {"state": "present", "api_version": "irpv1", "min_remaining_seconds": 0, "timeout_seconds": 30}
    try:
        provide_token(dict(account, **options), is_check_mode, run_directory, source="credential_check_info")
    except RapidError as error:
        _raise_if_ours(error)
        seen.findings.append(account_finding(name, ecc, error))


_SERVICE = dict(rapidauth_options(), positions={"type": "dict", "required": True}, **service_name_options())
_ACCOUNT = {
    "api_url": {"type": "str", "required": True},
    "ca_path": {"type": "path"},
    "email": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "ecc": {"type": "str"},
}
OPERATION = Operation(run=check_fleet, spec={
    **LEDGER_RULES,
    "argument_spec": {
        "services": {"type": "list", "elements": "dict", "options": _SERVICE, "default": [], **RAPIDAUTH_RULES},
        "accounts": {"type": "list", "elements": "dict", "options": _ACCOUNT, "default": []},
        "expect_accounts": {"type": "bool", "default": False},
        "launchers": {"type": "dict", "default": {}},
        "installed_sacs": {"type": "dict", "default": {}},
        "unreadable": {"type": "dict", "default": {}},
        "launcher_sha256": {"type": "str"},
        "launcher_configuration_sha256": {"type": "str"},
        **ledger_place_options(),
        "fleet_from_ledger": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": 16},
        "now": {"type": "str"},
        "expiry_warning_days": {"type": "float", "default": 60},
        "expiry_critical_days": {"type": "float", "default": 14},
        "expiry_warning_percent": {"type": "float"},
        "expiry_critical_percent": {"type": "float"},
        "sac_warning_days": {"type": "float", "default": 60},
        "sac_critical_days": {"type": "float", "default": 14},
        "sac_warning_percent": {"type": "float"},
        "sac_critical_percent": {"type": "float"},
        "validity_days": {"type": "int", "default": 365},
        "collection_minutes": {"type": "int", "default": 10},
        "fail_on": {"type": "str", "choices": ["critical", "warning", "never"], "default": "critical"},
        "show_ids": {"type": "bool", "default": False},
        **audit_options(),
    }
})
