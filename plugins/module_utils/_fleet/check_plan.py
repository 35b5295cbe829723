# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what a check of the fleet looks at, decided from the inventory before any position is touched.

A position whose variables cannot be read is a finding about that position; it does not keep the others from being checked.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables as names
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.ledger_plan import plan_ledger, read_service, refuse
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import ENVIRONMENTS

LAUNCHER_FILES = {"program": "/usr/local/bin/portal-launcher", "configuration": "/etc/portal-launcher/launcher.ini"}


def plan_check(reader: FleetReader, all_positions: typing.Collection[str], shipped_launcher_sha256: typing.Optional[str] = None) -> dict:
    """Returns the plan of a check: options, services, accounts, unreadable {position: {ecc, reason}} and what to look at on positions.

    Raises InvalidInput where something of the whole run is wrong.
    """
    run = {name: reader.of_run(variable) for name, variable in names.CHECK.items()}
    plan = plan_ledger(reader, all_positions)
    if run["check_fleet_from"] not in ("inventory", "ledger", None):
        reader.note("", "check_fleet_from is '%s'; set it to inventory or ledger" % run["check_fleet_from"])
    if run["check_fail_on"] not in ("critical", "warning", "never", None):
        reader.note("", "check_fail_on is '%s'; set it to critical, warning or never" % run["check_fail_on"])
    if reader.problems.get(""):
        refuse(reader, "Nothing was checked.")
    services: typing.Dict[tuple, dict] = {}
    accounts: typing.Dict[tuple, dict] = {}
    links: typing.Dict[str, str] = {}
    for position in reader.hosts:
        ecc = reader.shared(position, names.FLEET["ecc"])
        service, account = read_service(reader, position), _read_account(reader, position) if run["check_portal"] else {}
        request_id = reader.own(position, names.POSITION["rapidauth_request_id"])
        links[position] = reader.own(position, names.FLEET["sac_certificate_directory"])
        if position in reader.problems:
            continue
        key = tuple(sorted((name, repr(value)) for name, value in service.items()))
        services.setdefault(key, dict(service, positions={}))["positions"][position] = {"ecc": ecc or "", "request_id": request_id or ""}
        if account:
            accounts.setdefault((account["api_url"], account["email"]), dict(account, ecc=ecc or ""))
    plan.update(
        services=list(services.values()),
        accounts=list(accounts.values()),
        unreadable={position: {"ecc": _written_ecc(reader, position), "reason": "; ".join(own)} for position, own in reader.problems.items()},
        options=_options(run, shipped_launcher_sha256),
        fleet_from_ledger=run["check_fleet_from"] == "ledger",
        is_portal_wanted=run["check_portal"],
        are_launchers_wanted=run["check_launchers"],
        are_installed_sacs_wanted=run["check_installed_sacs"],
        report_directory=run["check_report_directory"] or "",
        positions={position: _plan_look(reader, position, run, links[position]) for position in reader.hosts},
    )
    return plan


def _read_account(reader, position):
    """Returns {api_url, ca_path, email, password} of a position's Portal account, {} where it has none of its own.

    The launcher's variables count before those that all jobs share.
    """
    found = {}
    for option in ("api_url", "ca_path", "email", "password", "environment"):
        values = [reader.shared(position, names.ACCOUNT[prefix + option]) for prefix in ("portal_launcher_", "rapidsos_") if prefix + option in names.ACCOUNT]
        found[option] = next(filter(None, values), None)
    if not found["email"]:
        return {}
    if not found["api_url"] and found["environment"] in ENVIRONMENTS:
        found["api_url"] = ENVIRONMENTS[found["environment"]][0]
    missing = [name for name, option in (("rapidsos_api_url", "api_url"), ("rapidsos_password", "password")) if not found[option]]
    if missing:
        reader.note(position, "its Portal account has no %s" % " and no ".join(missing))
    return {option: value for option, value in found.items() if value and option != "environment"}


def _written_ecc(reader, position):
    ecc = reader.hosts[position].raw.get("ecc")
    return ecc if isinstance(ecc, str) and "{" not in ecc else ""


def _options(run, shipped_launcher_sha256):
    """Returns the options of credential_check_info that the site sets."""
    prefix = "check_"
    passed = [name for name in names.CHECK if name.startswith(("check_expiry_", "check_sac_"))]
    passed += ["check_collection_minutes", "check_concurrency", "check_fail_on", "check_now", "check_show_ids",
               "check_launcher_sha256", "check_launcher_configuration_sha256"]
    options = {name[len(prefix):]: run[name] for name in passed if run[name] is not None}
    if run["check_launchers"] and shipped_launcher_sha256:
        options.setdefault("launcher_sha256", shipped_launcher_sha256)
    return options


def _plan_look(reader, position, run, sac_directory):
    """Returns the files and links to look at on a position, and whether there are any."""
    is_readable = position not in reader.problems
    return {
        "is_inspected": bool(is_readable and (run["check_launchers"] or run["check_installed_sacs"])),
        "files": list(LAUNCHER_FILES.values()) if run["check_launchers"] and is_readable else [],
        "links": [sac_directory + "/current"] if run["check_installed_sacs"] and is_readable else [],
    }


def gather_looks(plan: dict, answers: typing.Mapping[str, dict]) -> dict:
    """Returns {launchers, installed_sacs} for credential_check_info, from the plan and what positions answered to workstation_info.

    An answer decides nothing but its own position's line.
    """
    launchers, installed_sacs = {}, {}
    eccs = {name: own["ecc"] for service in plan["services"] for name, own in service["positions"].items()}
    for position, look in plan["positions"].items():
        answer = answers.get(position) or {}
        is_reachable = isinstance(answer.get("files"), dict) and isinstance(answer.get("links"), dict) and not answer.get("failed")
        if look["files"]:
            launchers[position] = {"ecc": eccs.get(position, ""), "is_reachable": is_reachable}
            for part, path in LAUNCHER_FILES.items():
                launchers[position][part + "_sha256"] = str(answer["files"].get(path) or "") if is_reachable else ""
        if look["links"]:
            target = str(answer["links"].get(look["links"][0]) or "") if is_reachable else ""
            # The role leads the link to versions/NUMBER-FINGERPRINT.
            installed_sacs[position] = {"is_reachable": is_reachable, "sha256_fingerprint": target.rpartition("-")[2].lower()}
    return {"launchers": launchers, "installed_sacs": installed_sacs}
