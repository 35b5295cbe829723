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

#: Where the role portal_launcher installs what is looked at.
LAUNCHER_FILES = {
    "linux": {"program": "/usr/local/bin/portal-launcher", "configuration": "/etc/portal-launcher/launcher.ini"},
    "windows": {"program": "C:\\Program Files\\PortalLauncher\\portal-launcher.ps1", "configuration": "C:\\ProgramData\\PortalLauncher\\launcher.ini"},
}
#: The look at a position that is not inspected.
NO_LOOK: typing.Dict[str, typing.Any] = {"is_inspected": False, "platform": "", "files": [], "links": [], "has_sac": False, "expected": {}}


def plan_check(reader: FleetReader, all_positions: typing.Collection[str], shipped_launchers: typing.Mapping[str, str]) -> dict:
    """Returns the plan of a check: options, services, accounts, unreadable {position: {ecc, reason}} and what to look at on positions.

    shipped_launchers is {platform: the SHA-256 of the launcher that this release installs there}.
    Raises InvalidInput where something of the whole run is wrong.
    """
    run = {name: reader.of_run(variable) for name, variable in names.CHECK.items()}
    if run["check_launchers"] or run["check_installed_sacs"]:
        reader.note_too_late("rapidauth_positions")
    plan = plan_ledger(reader, all_positions)
    if run["check_fleet_from"] not in ("inventory", "ledger", None):
        reader.note("", "check_fleet_from is '%s'; set it to inventory or ledger" % run["check_fleet_from"])
    if run["check_fail_on"] not in ("critical", "warning", "never", None):
        reader.note("", "check_fail_on is '%s'; set it to critical, warning or never" % run["check_fail_on"])
    if reader.problems.get(""):
        refuse(reader, "Nothing was checked.")
    services: typing.Dict[tuple, dict] = {}
    accounts: typing.Dict[tuple, dict] = {}
    holders: typing.Dict[tuple, str] = {}
    looks: typing.Dict[str, dict] = {}
    for position in reader.hosts:
        ecc = reader.shared(position, names.FLEET["ecc"])
        service, account = read_service(reader, position), _read_account(reader, position) if run["check_portal"] else {}
        request_id = reader.own(position, names.POSITION["rapidauth_request_id"])
        looks[position] = _plan_look(reader, position, run, shipped_launchers)
        name = (account.get("api_url"), account.get("email"))
        if name in accounts and accounts[name]["password"] != account.get("password"):
            reader.note(position, "its Portal account %s has another password than at %s, and one of them is wrong" % (name[1], holders[name]))
        if position in reader.problems:
            continue
        key = tuple(sorted((name, repr(value)) for name, value in service.items()))
        services.setdefault(key, dict(service, positions={}))["positions"][position] = {"ecc": ecc or "", "request_id": request_id or ""}
        if account:
            accounts.setdefault(name, dict(account, ecc=ecc or ""))
            holders.setdefault(name, position)
    plan.update(
        services=list(services.values()),
        accounts=list(accounts.values()),
        unreadable={position: {"ecc": _written_ecc(reader, position), "reason": "; ".join(own)} for position, own in reader.problems.items()},
        options=_options(run),
        fleet_from_ledger=run["check_fleet_from"] == "ledger",
        is_portal_wanted=run["check_portal"],
        are_launchers_wanted=run["check_launchers"],
        are_installed_sacs_wanted=run["check_installed_sacs"],
        report_directory=run["check_report_directory"] or "",
        positions={position: NO_LOOK if position in reader.problems else look for position, look in looks.items()},
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


def _options(run):
    """Returns the options of credential_check_info that the site sets."""
    prefix = "check_"
    passed = [name for name in names.CHECK if name.startswith(("check_expiry_", "check_sac_"))]
    passed += ["check_collection_minutes", "check_concurrency", "check_fail_on", "check_now", "check_show_ids"]
    return {name[len(prefix):]: run[name] for name in passed if run[name] is not None}


def _plan_look(reader, position, run, shipped_launchers):
    """Returns what to look at on a position: files and links for workstation_info, and what its launcher must be."""
    if not run["check_launchers"] and not run["check_installed_sacs"]:
        return NO_LOOK
    platform = "windows" if reader.is_windows(position) else "linux"
    sac_directory = reader.own(position, names.FLEET["sac_certificate_directory"])
    program, configuration = (reader.shared(position, names.LAUNCHER[name]) for name in ("check_launcher_sha256", "check_launcher_configuration_sha256"))
    files = list(LAUNCHER_FILES[platform].values()) if run["check_launchers"] else []
    # The SAC of a Windows position is in a certificate store, which workstation_info does not read.
    links = ["%s/current" % sac_directory] if run["check_installed_sacs"] and platform == "linux" else []
    return {
        "is_inspected": bool(files or links),
        "platform": platform,
        "files": files,
        "links": links,
        "has_sac": run["check_installed_sacs"],
        "expected": {"program": program or shipped_launchers[platform], "configuration": configuration},
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
            for part, path in LAUNCHER_FILES[look["platform"]].items():
                launchers[position][part + "_sha256"] = str(answer["files"].get(path) or "") if is_reachable else ""
                launchers[position]["expected_%s_sha256" % part] = look["expected"][part] or ""
        if look["has_sac"]:
            target = str(answer["links"].get(look["links"][0]) or "") if is_reachable and look["links"] else ""
            # The role leads the link to versions/NUMBER-FINGERPRINT.
            fingerprint, is_readable = target.rpartition("-")[2].lower(), bool(look["links"])
            installed_sacs[position] = {"is_reachable": is_reachable and is_readable, "is_readable": is_readable, "sha256_fingerprint": fingerprint}
    return {"launchers": launchers, "installed_sacs": installed_sacs}
