# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The wording of a report: a title and a remedy for each kind of finding, and the verdict in one sentence."""

from __future__ import annotations

from typing import Any

#: {kind: (how many of what, with %s for the number; what to do about them)}, the most urgent first
KINDS = {
    "not_collected": ("%s about to lapse uncollected", "Have the devices collect now"),
    "sac_expired": ("%s expired", "Download a new SAC from the RapidAuth dashboard and install it"),
    "sac_refused": ("%s refused by the service", "Check in the RapidAuth dashboard which SAC is active"),
    "sac_wrong_passphrase": ("%s with a wrong passphrase", "Correct the passphrase in the vault"),
    "sac_malformed": ("%s that cannot be read", "Download the SAC again"),
    "sac_key_mismatch": ("%s whose key does not match", "Provide the key that the SAC was issued for"),
    "sac_not_for_clients": ("%s issued for another purpose", "Provide the SAC itself"),
    "sac_not_installed": ("%s missing", "Provision the positions again"),
    "sac_expiring": ("%s about to expire", "Download a new SAC from the RapidAuth dashboard and install it"),
    "variables_unreadable": ("%s whose position has unusable variables", "Correct the variables of those positions"),
    "no_account": ("%s to check", "Set rapidsos_email and rapidsos_password for the positions, or leave check_portal out"),
    "login_refused": ("%s refused", "Correct the password or have the account unlocked; five failures may lock it"),
    "login_failed": ("%s that could not log in", "Try the login by hand"),
    "expired": ("%s expired", "Request new credentials: expired ones cannot be replaced"),
    "lapsed": ("%s never collected, and lapsed", "Rotate again where something was replaced; request new credentials for the others"),
    "expiring": ("%s about to expire", "Request new credentials or have the devices renew them: replacing does not extend validity"),
    "unknown": ("%s unknown to the service", "Check the RequestIds and which company the SAC belongs to"),
    "unresolved": ("%s unresolved in the ledger", "Run the interrupted rotation again"),
    "drift": ("%s where ledger and service disagree", "Find out who replaced them without the ledger"),
    "request_id_shared": ("%s sharing a RequestId", "Give each position its own"),
    "request_id_malformed": ("%s with a malformed RequestId", "Correct rapidauth_request_id in the inventory"),
    "no_request_id": ("%s without a RequestId", "Set rapidauth_request_id in the inventory"),
    "launcher_missing": ("%s missing", "Provision the positions again"),
    "launcher_changed": ("%s not at the expected hash", "Find out who changed it, then provision again"),
    "configuration_drift": ("%s with a drifted configuration", "Provision the positions again"),
    "look_up_failed": ("%s whose look-up failed", "Run the check again"),
    "sac_not_inspected": ("%s on Windows that was not checked", "Compare its thumbprint on the position"),
    "position_unreachable": ("%s that could not be checked", "Check that the positions are reachable"),
    "sac_outdated": ("%s out of date", "Provision the positions again before the old ones expire"),
    "collection_prevented": ("%s with collection prevented", "Allow collection, unless the device is lost"),
    "status_unexpected": ("%s with an undocumented status", "Ask the vendor what it means"),
    "end_unknown": ("%s without a known expiry", "Rotate them to record it"),
    "chain_expired": ("%s with an expired certificate in the chain", "Ask the service's operator for the current chain"),
    "chain_incomplete": ("%s with a chain that lacks a certificate", "Add the issuer's certificate"),
    "chain_out_of_order": ("%s with a chain out of order", "Put each certificate before the one that issued it"),
    "weak_algorithm": ("%s with a weak algorithm", "Export the SAC again with AES-256, or have a stronger one issued"),
}
#: {state: its name for people}, the worst first
STATE_WORDS = {"critical": "critical", "warning": "warning", "unchecked": "not checked", "fine": "fine"}
#: {kind of subject: (singular, plural)}
NOUNS = {
    "credential": ("credential", "credentials"),
    "sac": ("SAC", "SACs"),
    "account": ("Portal account", "Portal accounts"),
    "launcher": ("launcher", "launchers"),
}
#: {what an expiry was calculated from: the rest of "A credential expires"}, see _ledger/history.py
BASES = {
    "own_collection": "one year after its collection",
    "first_collection": "one year after the first collection in its history (a replacement keeps the expiry of what it replaced)",
    "first_replacement": "at the latest one year after the first replacement in the ledger (the first collection is not known)",
    "own_request": "one year after its request (the service reports no collection)",
}


def format_number(count: int) -> str:
    """Returns 10000 as 10,000."""
    return "{:,}".format(count)


def count_nouns(about: str, count: int) -> str:
    """Returns a number and its noun, such as "1 SAC" or "1,200 credentials"."""
    return "%s %s" % (format_number(count), NOUNS[about][count != 1])


def find_title(about: str, kind: str, count: int) -> str:
    """Returns a title such as "3 credentials expired", or "3 credentials: KIND" for a kind that has none."""
    pattern = KINDS.get(kind, ("%s: " + kind.replace("_", " "), ""))[0]
    return pattern % count_nouns(about, count)


def rank_urgency(kind: str) -> int:
    """Returns a number, lower for a more urgent kind. A kind that is not listed blocks the check of a whole service, and comes first."""
    return list(KINDS).index(kind) if kind in KINDS else -1


def find_remedy(kind: str, otherwise: str) -> str:
    """Returns the remedy for all findings of a kind, or the given one for a kind that has none."""
    return KINDS.get(kind, ("", ""))[1] or otherwise[:1].upper() + otherwise[1:]


def describe_verdict(counts: dict[str, Any]) -> tuple[str, str, str]:
    """Returns (answer, headline, advice): can dispatch work tomorrow?"""
    if not counts["subjects"]["total"]:
        return "no", "Nothing was checked.", "The check was given no credential, SAC, account or launcher."
    unchecked = counts["subjects"]["unchecked"]
    left = " %s not checked." % format_number(unchecked) if unchecked else ""
    if counts["findings"]["critical"]:
        today = "%s to fix today.%s" % (_findings(counts["findings"]["critical"]), left)
        if counts["critical_positions"]:
            where = "%s of %s positions" % (format_number(counts["critical_positions"]), format_number(counts["positions"]))
            return "no", "Not everywhere: dispatch may be unable to work at %s." % where, today
        return "no", "Not for certain: something that whole centers depend on does not work.", today
    planned = "%s to plan for." % _findings(counts["findings"]["warning"]) if counts["findings"]["warning"] else ""
    if unchecked:
        return "yes", "Yes, as far as it was checked.", (planned + left).strip()
    return "yes", "Yes, dispatch can work tomorrow.", planned or "Nothing has to be done."


def describe_scope(counts: dict[str, Any]) -> str:
    """Returns what the verdict covers and what it does not. An account that was not checked may not work."""
    groups = {"credential": "credentials", "sac": "sacs", "account": "accounts", "launcher": "launchers"}
    covered = [count_nouns(about, counts[plural]["total"]) for about, plural in groups.items() if counts[plural]["total"]]
    left_out = [NOUNS[about][1] for about, plural in groups.items() if not counts[plural]["total"]]
    return "Covers %s%s." % (_join(covered or ["nothing"]), ", but no %s" % _join(left_out, "or") if left_out else "")


def _join(parts: list[str], conjunction: str = "and") -> str:
    return parts[0] if len(parts) == 1 else "%s %s %s" % (", ".join(parts[:-1]), conjunction, parts[-1])


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else "%s findings" % format_number(count)
