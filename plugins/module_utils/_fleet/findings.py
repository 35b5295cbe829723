# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what is wrong with a fleet's credentials, SACs, services, Portal accounts and launchers, how bad it is, and what to do about it."""

from __future__ import annotations

import collections
import datetime
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.history import AT_MOST
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import COLLECTED, EXPIRED, REQUESTED, validate_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._thresholds import CRITICAL, WARNING, Limits, days_between, judge_severity
from ansible_collections.eccops.rapid.plugins.module_utils._time import parse_instant

#: ``about`` is credential, sac, account or launcher; ``subject`` its name; ``ecc`` the center it belongs to.
Finding = collections.namedtuple("Finding", "about subject ecc severity kind reason what_to_do")

#: By what credentials are judged; ``end`` are the Limits of their end.
Rules = collections.namedtuple("Rules", "now end validity_days collection_minutes")


def credential_findings(positions: dict[str, dict], credentials: dict, rules: Rules) -> list[Finding]:
    """Returns the Findings about credentials that were looked up, or could not be, in the fleet's order.

    ``positions`` maps a position to {ecc, request_id}; ``credentials`` is what rapidauth_request_info returned for
    their RequestIds. A position whose RequestId is not in it was not checked, and has no finding for that.
    """
    holders = collections.defaultdict(list)
    for name, position in positions.items():
        if position["request_id"]:
            holders[position["request_id"].lower()].append(name)
    return [
        Finding("credential", name, position["ecc"], *about)
        for name, position in positions.items()
        for about in _about(name, position, holders, credentials, rules)
    ]


def _about(name, position, holders, credentials, rules):
    request_id = position["request_id"]
    if not request_id:
        yield CRITICAL, "no_request_id", "the inventory has no RequestId for it", "set rapidauth_request_id"
        return
    try:
        validate_request_id(request_id)
    except InvalidInput as error:
        yield CRITICAL, "request_id_malformed", error.message, "correct rapidauth_request_id"
        return
    shared_by = holders[request_id.lower()]
    if len(shared_by) > 1:
        names = " and ".join(shared_by) if len(shared_by) < 5 else "%s and %d more" % (" and ".join(shared_by[:3]), len(shared_by) - 3)
        yield CRITICAL, "request_id_shared", "%s have the same RequestId" % names, "give each position its own"
    entry = credentials.get(request_id)
    if entry is None:
        return
    history = entry.get("history")
    if history:
        yield from _about_ledger(name, entry, history)
    if entry["is_known"] is False:
        seen = "the ledger says that it was replaced at %s, but " % history["replaced_at"] if history and history["replaced_at"] else ""
        yield CRITICAL, "unknown", seen + "the service does not know its RequestId", "check the id; request a new credential if it was never collected"
    elif entry["is_known"] is None:
        yield CRITICAL, "look_up_failed", entry["reason"], "run the check again"
    else:
        yield from _about_known(entry, rules)


def _about_ledger(name, entry, history):
    if history["unresolved_rotation_id"]:
        yield (
            CRITICAL,
            "unresolved",
            "rotation %s of %s left it open whether it was replaced" % (history["unresolved_rotation_id"], history["unresolved_since"]),
            "run that rotation again: it looks before it sends anything",
        )
    if history["position"] != name:
        yield CRITICAL, "drift", "the ledger has its RequestId for position %s" % history["position"], "correct rapidauth_request_id, or rename it back"
    elif entry["is_known"] and history["anon_id"] and entry["anon_id"] and entry["anon_id"] != history["anon_id"]:
        yield (
            CRITICAL,
            "drift",
            "the service has AnonId %s where the ledger has %s" % (entry["anon_id"], history["anon_id"]),
            "ask who replaced it without the ledger, and block the AnonId that is not in use",
        )


def _about_known(entry, rules):
    status = entry["status"]
    if entry["prevent_collection"]:
        yield WARNING, "collection_prevented", "its collection is prevented: it cannot be replaced or renewed", "allow collection unless the device is lost"
    if status == EXPIRED and not entry["collected_date"]:
        yield CRITICAL, "lapsed", "it was requested on %s, never collected, and lapsed" % _day(entry["requested_date"]), _after_lapse(entry)
    elif status == EXPIRED:
        yield CRITICAL, "expired", "it is Expired", "request a new credential: an expired one cannot be replaced"
    elif status == REQUESTED:
        yield _not_collected(entry, rules)
    elif status != COLLECTED:
        yield WARNING, "status_unexpected", "its status is '%s'" % status, "ask the vendor what that means"
    else:
        yield from _about_end(entry, rules)


def _after_lapse(entry):
    if (entry.get("history") or {}).get("replaced_at"):
        return "rotate it again: what it replaced lives on"
    return "request a new credential and collect it within minutes"


def _not_collected(entry, rules):
    requested, lapses = parse_instant(entry["requested_date"]), ""
    if requested is not None:
        left = requested + datetime.timedelta(minutes=rules.collection_minutes) - rules.now
        minutes = int(left.total_seconds() // 60)
        lapses = ", and lapses in %d minutes" % minutes if minutes > 0 else ", and lapses at any moment"
    return CRITICAL, "not_collected", "it was requested on %s, is not collected%s" % (entry["requested_date"], lapses), "collect it now"


def _about_end(entry, rules):
    ends = parse_instant(entry.get("expires_date"))
    if ends is None:
        yield WARNING, "end_unknown", "the service gave no date to calculate its expiry from", "rotate it to get one"
        return
    days_left = days_between(rules.now, ends)
    if days_left < 0:
        reason = "it ended on %s, %d days ago, though the service still calls it %s" % (_day(entry["expires_date"]), -days_left, entry["status"])
        yield CRITICAL, "expired", reason, "check whether the device has renewed it; if not, request a new credential"
        return
    severity, limit = judge_severity(days_left, rules.validity_days, rules.end)
    if severity:
        latest = " or earlier" if entry["expires_basis"] == AT_MOST else ""
        reason = "it ends in %d days, on %s%s; %s" % (days_left, _day(entry["expires_date"]), latest, limit)
        yield severity, "expiring", reason, _before_end(days_left)


def _before_end(days_left):
    # A replacement keeps the end of what it replaced: rotating gains nothing.
    when = "today" if days_left < 8 else "within %d days" % days_left
    return "request a new credential %s, or see that the device renews it: a replacement would end on the same day" % when


def _day(text):
    return (text or "an unknown day")[:10]


def sac_findings(sac: dict, ecc: str, now: datetime.datetime, limits: Limits) -> list[Finding]:
    """Returns the Findings about a SAC; ``sac`` is what rapidauth_sac_info returned."""
    name = sac["subject"]
    starts, ends = (typing.cast(datetime.datetime, parse_instant(sac[each])) for each in ("not_before", "not_after"))
    found = [Finding("sac", name, ecc, CRITICAL, each["kind"], each["reason"], each["what_to_do"]) for each in sac["problems"]]
    found += [Finding("sac", name, ecc, WARNING, each["kind"], each["reason"], each["what_to_do"]) for each in sac["weaknesses"]]
    days_left = days_between(now, ends)
    severity, limit = judge_severity(days_left, days_between(starts, ends), limits)
    if severity and days_left >= 0:
        reason = "it is valid for %d more days; %s" % (days_left, limit)
        found.append(Finding("sac", name, ecc, severity, "sac_expiring", reason, "download a new SAC from the RapidAuth dashboard"))
    return found


def installed_sac_findings(name: str, ecc: str, installed: dict, expected_fingerprint: str) -> list[Finding]:
    """Returns the Findings about the SAC on a position; ``installed`` has is_reachable, is_readable and sha256_fingerprint, empty where there is none."""
    if not installed.get("is_readable", True):
        reason = "the SAC on it was not checked: on Windows it is in the certificate store, which the check does not read"
        return [Finding("sac", name, ecc, WARNING, "sac_not_inspected", reason, "compare its thumbprint in LocalMachine\\My with the SAC on the controller")]
    if not installed["is_reachable"]:
        reason = "the SAC on it could not be inspected: the position is unreachable, or its variables name the wrong platform"
        return [Finding("sac", name, ecc, WARNING, "position_unreachable", reason, "look at the position")]
    if not installed["sha256_fingerprint"]:
        return [Finding("sac", name, ecc, CRITICAL, "sac_not_installed", "no SAC is installed on it", "provision the position again")]
    if installed["sha256_fingerprint"] != expected_fingerprint:
        reason = "the SAC on it has the SHA-256 fingerprint %s... and not %s..." % (installed["sha256_fingerprint"][:12], expected_fingerprint[:12])
        return [Finding("sac", name, ecc, WARNING, "sac_outdated", reason, "provision the position again before the old one expires")]
    return []


def service_finding(name: str, ecc: str, error: RapidError) -> Finding:
    """Returns the Finding about what kept a whole service from being looked at; ``error`` is a RapidError about the SAC or the service."""
    what, unused_semicolon, to_do = error.message.rpartition("; ")
    return Finding("sac", name, ecc, CRITICAL, error.kind, what or error.message, to_do if what else "fix it and run the check again")


def account_finding(name: str, ecc: str, error: RapidError) -> Finding:
    """Returns the Finding about a Portal account that could not log in."""
    status = getattr(error, "http_status", None)
    if status and 400 <= status < 500 and status != 429:
        reason, to_do = error.message, "correct the password in the vault, or have the administrator unlock the account; five failures may lock it"
        return Finding("account", name, ecc, CRITICAL, "login_refused", reason, to_do)
    return Finding("account", name, ecc, CRITICAL, "login_failed", error.message, "try the login by hand, then run the check again")


def no_account_finding() -> Finding:
    """Returns the Finding where Portal accounts should be checked and no position has one."""
    reason = "Portal accounts should be checked, and no position has one"
    return Finding("account", "Portal accounts", "", CRITICAL, "no_account", reason, "set rapidsos_email and rapidsos_password, or leave check_portal out")


def unreadable_finding(position: str, ecc: str, reason: str) -> Finding:
    """Returns the Finding about a position whose variables cannot be used."""
    return Finding("credential", position, ecc, CRITICAL, "variables_unreadable", reason, "correct the position's variables")


def launcher_findings(position: str, launcher: dict, expected: dict) -> list[Finding]:
    """Returns the Findings about a position's launcher.

    ``launcher`` has ecc, is_reachable, program_sha256 and configuration_sha256; ``expected`` maps program and configuration to
    what they must be, or None.
    """
    ecc = launcher.get("ecc") or ""
    if not launcher.get("is_reachable"):
        reason = "its launcher could not be inspected: the position is unreachable, or its variables name the wrong platform"
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
