# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what is wrong with a SAC, a service, a Portal account or a launcher, how bad it is, and what to do about it."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._fleet.findings import Finding
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import CRITICAL, WARNING, days_between, judge_severity


def sac_findings(sac, ecc, now, limits):
    """Returns the Findings about a SAC; ``sac`` is what rapidauth_sac_info returned."""
    name, starts, ends = sac["subject"], parse_instant(sac["not_before"]), parse_instant(sac["not_after"])
    found = [Finding("sac", name, ecc, CRITICAL, each["kind"], each["reason"], each["what_to_do"]) for each in sac["problems"]]
    found += [Finding("sac", name, ecc, WARNING, each["kind"], each["reason"], each["what_to_do"]) for each in sac["weaknesses"]]
    days_left = days_between(now, ends)
    severity, limit = judge_severity(days_left, days_between(starts, ends), limits)
    if severity and days_left >= 0:
        reason = "it is valid for %d more days; %s" % (days_left, limit)
        found.append(Finding("sac", name, ecc, severity, "sac_expiring", reason, "download a new SAC from the RapidAuth dashboard"))
    return found


def installed_sac_findings(name, ecc, installed, expected_fingerprint):
    """Returns the Findings about the SAC on a position; ``installed`` has is_reachable and sha256_fingerprint, empty where there is none."""
    if not installed["is_reachable"]:
        reason = "the SAC on it could not be looked at: the position is not reachable, or no Linux one"
        return [Finding("sac", name, ecc, WARNING, "position_unreachable", reason, "look at the position")]
    if not installed["sha256_fingerprint"]:
        return [Finding("sac", name, ecc, CRITICAL, "sac_not_installed", "no SAC is installed on it", "provision the position again")]
    if installed["sha256_fingerprint"] != expected_fingerprint:
        reason = "the SAC on it has the SHA-256 fingerprint %s... and not %s..." % (installed["sha256_fingerprint"][:12], expected_fingerprint[:12])
        return [Finding("sac", name, ecc, WARNING, "sac_outdated", reason, "provision the position again, before the old one ends")]
    return []


def service_finding(name, ecc, error):
    """Returns the Finding about what kept a whole service from being looked at; ``error`` is a RapidError about the SAC or the service."""
    what, unused_semicolon, to_do = error.message.rpartition("; ")
    return Finding("sac", name, ecc, CRITICAL, error.kind, what or error.message, to_do if what else "mend it and run the check again")


def account_finding(name, ecc, error):
    """Returns the Finding about a Portal account that could not log in."""
    status = getattr(error, "http_status", None)
    if status and 400 <= status < 500 and status != 429:
        reason, to_do = error.message, "correct the password in the vault, or have the administrator unlock the account; five failures may lock it"
        return Finding("account", name, ecc, CRITICAL, "login_refused", reason, to_do)
    return Finding("account", name, ecc, CRITICAL, "login_failed", error.message, "try the login by hand, then run the check again")


def no_account_finding():
    """Returns the Finding where Portal accounts should be checked and no position has one."""
    reason = "Portal accounts should be checked, and no position has one"
    return Finding("account", "Portal accounts", "", CRITICAL, "no_account", reason, "set rapidsos_email and rapidsos_password, or leave check_portal out")


def unreadable_finding(position, ecc, reason):
    """Returns the Finding about a position whose variables cannot be used."""
    return Finding("credential", position, ecc, CRITICAL, "variables_unreadable", reason, "correct the position's variables")


def launcher_findings(position, launcher, expected):
    """Returns the Findings about a position's launcher.

    ``launcher`` has ecc, is_reachable, program_sha256 and configuration_sha256; ``expected`` maps program and configuration to
    what they must be, or None.
    """
    ecc = launcher.get("ecc") or ""
    if not launcher.get("is_reachable"):
        reason = "its launcher could not be looked at: the position is not reachable, or no Linux one"
        return [Finding("launcher", position, ecc, WARNING, "position_unreachable", reason, "look at the position")]
    findings = []
    for part, kind, severity in (("program", "launcher_changed", CRITICAL), ("configuration", "configuration_drift", WARNING)):
        has = launcher.get(part + "_sha256")
        if not has:
            reason = "the launcher's %s is missing" % part
            findings.append(Finding("launcher", position, ecc, CRITICAL, "launcher_missing", reason, "provision the position again"))
        elif expected[part] and has.lower() != expected[part].lower():
            reason = "the launcher's %s has SHA-256 %s... and not %s..." % (part, has[:12], expected[part][:12])
            findings.append(Finding("launcher", position, ecc, severity, kind, reason, "find out who changed it, then provision the position again"))
    return findings
