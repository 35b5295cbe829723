# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The words of a report: for each kind of finding a title and what to do about all of them; the verdict in one sentence."""

from __future__ import annotations

#: {kind: (how many of what, with %s for the number; what to do about them)}, the most pressing first
KINDS = {
    "not_collected": ("%s about to lapse uncollected", "Have the devices collect now"),
    "sac_expired": ("%s expired", "Download a new SAC from the RapidAuth dashboard and install it"),
    "sac_refused": ("%s refused by the service", "Ask the RapidAuth dashboard which SAC is the active one"),
    "sac_wrong_passphrase": ("%s that the passphrase does not open", "Correct the passphrase in the vault"),
    "sac_malformed": ("%s that cannot be read", "Download the SAC again"),
    "sac_key_mismatch": ("%s whose key does not match", "Give the key that the SAC was issued for"),
    "sac_not_for_clients": ("%s for another purpose", "Give the SAC itself"),
    "sac_not_installed": ("%s missing", "Provision the positions again"),
    "sac_expiring": ("%s near the end", "Download a new SAC from the RapidAuth dashboard and install it"),
    "variables_unreadable": ("%s whose position has unusable variables", "Correct the variables of those positions"),
    "no_account": ("%s to look at", "Set rapidsos_email and rapidsos_password for the positions, or leave check_portal out"),
    "login_refused": ("%s refused", "Correct the password or have the account unlocked; five failures may lock it"),
    "login_failed": ("%s that could not log in", "Try the login by hand"),
    "expired": ("%s expired", "Request new credentials: expired ones cannot be replaced"),
    "lapsed": ("%s never collected, and lapsed", "Rotate again where something was replaced; request new credentials for the others"),
    "expiring": ("%s near the end", "Request new credentials, or see that the devices renew them: replacing does not prolong"),
    "unknown": ("%s unknown to the service", "Check the RequestIds and which company the SAC belongs to"),
    "unresolved": ("%s unresolved in the ledger", "Run the interrupted rotation again"),
    "drift": ("%s where ledger and service disagree", "Find out who replaced them without the ledger"),
    "request_id_shared": ("%s sharing a RequestId", "Give each position its own"),
    "request_id_malformed": ("%s with a malformed RequestId", "Correct rapidauth_request_id in the inventory"),
    "no_request_id": ("%s without a RequestId", "Set rapidauth_request_id in the inventory"),
    "launcher_missing": ("%s missing", "Provision the positions again"),
    "launcher_changed": ("%s not at the expected hash", "Find out who changed it, then provision again"),
    "configuration_drift": ("%s with a drifted configuration", "Provision the positions again"),
    "look_up_failed": ("%s that could not be looked up", "Run the check again"),
    "position_unreachable": ("%s that could not be looked at", "Look at the positions"),
    "sac_outdated": ("%s that are not the fleet's", "Provision the positions again, before the old ones end"),
    "collection_prevented": ("%s with collection prevented", "Allow collection, unless the device is lost"),
    "status_unexpected": ("%s with an undocumented status", "Ask the vendor what it means"),
    "end_unknown": ("%s without a date", "Rotate them to know"),
    "chain_expired": ("%s with an expired certificate in the chain", "Ask the service's operator for the chain that is in use now"),
    "chain_incomplete": ("%s with a chain that lacks a certificate", "Add the issuer's certificate"),
    "chain_out_of_order": ("%s with a chain out of order", "Put each certificate before the one that issued it"),
    "weak_algorithm": ("%s with a weak algorithm", "Export the SAC again with AES-256, or have a stronger one issued"),
}
#: {state: how it is written for people}, worst first.
STATE_WORDS = {"critical": "critical", "warning": "warning", "unchecked": "not checked", "fine": "fine"}
#: {what a subject is: (one of them, several)}
NOUNS = {
    "credential": ("credential", "credentials"),
    "sac": ("SAC", "SACs"),
    "account": ("Portal account", "Portal accounts"),
    "launcher": ("launcher", "launchers"),
}
#: What an end was reckoned from: see lineage.py.
BASES = {
    "own_collection": "a year from its collection",
    "first_collection": "a year from the first collection of its history: a replacement keeps the end of what it replaced",
    "first_replacement": "at the latest a year from the first replacement in the ledger: its first collection is not known",
    "own_request": "a year from its request: the service reports no collection",
}


def number(count):
    """Returns e.g. C(10,000)."""
    return "{:,}".format(count)


def counted(about, count):
    """Returns e.g. C(1 SAC) or C(1,200 credentials)."""
    return "%s %s" % (number(count), NOUNS[about][count != 1])


def find_title(about, kind, count):
    """Returns e.g. C(3 credentials expired); a kind without words of its own stands after a colon."""
    pattern = KINDS.get(kind, ("%s: " + kind.replace("_", " "), ""))[0]
    return pattern % counted(about, count)


def rank_urgency(kind):
    """Returns a number, lower for what is more pressing; what has no place here keeps a whole service from being looked at."""
    return list(KINDS).index(kind) if kind in KINDS else -1


def to_do_about(kind, otherwise):
    """Returns what to do about all findings of a kind: C(otherwise), the first one's own, where the kind has no words here."""
    return KINDS.get(kind, ("", ""))[1] or otherwise[:1].upper() + otherwise[1:]


def verdict_in_words(counts):
    """Returns (answer, headline, advice) to whether dispatch will be able to work tomorrow."""
    if counts["findings"]["critical"]:
        today = "%s to mend today" % _findings(counts["findings"]["critical"])
        if counts["critical_positions"]:
            where = "%s of %s positions" % (number(counts["critical_positions"]), number(counts["positions"]))
            return "no", "Not everywhere: dispatch may be unable to work at %s." % where, today + "."
        return "no", "Not for certain: something that whole centers depend on does not work.", today + "."
    if counts["findings"]["warning"]:
        return "yes", "Yes, dispatch can work tomorrow.", "%s to plan for." % _findings(counts["findings"]["warning"])
    if counts["subjects"]["unchecked"]:
        return "yes", "Yes, as far as it was checked.", "%s not checked." % number(counts["subjects"]["unchecked"])
    return "yes", "Yes, dispatch can work tomorrow.", "Nothing has to be done."


def describe_scope(counts):
    """Returns what the verdict covers and what it does not: an account that nobody looked at is no account that works."""
    groups = {"credential": "credentials", "sac": "sacs", "account": "accounts", "launcher": "launchers"}
    looked_at = [counted(about, counts[plural]["total"]) for about, plural in groups.items() if counts[plural]["total"]]
    left_out = [NOUNS[about][1] for about, plural in groups.items() if not counts[plural]["total"]]
    return "Looked at %s%s." % (_listed(looked_at), "; not at %s" % _listed(left_out, "or") if left_out else "")


def _listed(parts, conjunction="and"):
    return parts[0] if len(parts) == 1 else "%s %s %s" % (", ".join(parts[:-1]), conjunction, parts[-1])


def _findings(count):
    return "1 finding" if count == 1 else "%s findings" % number(count)
