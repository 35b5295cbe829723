# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the variables that a site sets for the playbooks, their types and defaults, and which names there are."""

from __future__ import annotations

import difflib
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import values

#: A variable: its name, how its value is read, what holds where it is not set or empty, and whether it is a secret.
Variable = typing.NamedTuple("Variable", [("name", str), ("read", typing.Callable), ("default", typing.Any), ("is_secret", bool)])

#: Prefixes that belong to this collection, and those that other people's variables may have too.
OWN_PREFIXES = ("rotation_", "rapidauth_", "portal_launcher_")
SHARED_PREFIXES = ("check_", "provision_", "block_", "blocked_")
#: What the playbooks register has this prefix, which nobody else may use.
INTERNAL_PREFIX = "eccops_rapid_"

LEDGER_PATH = "~/.local/state/eccops.rapid/ledger.sqlite"
AUDIT_LOG_PATH = "~/.local/state/eccops.rapid/audit.jsonl"


def _variables(*rows):
    return {row[0]: Variable(*row, *((None, False)[len(row) - 2:])) for row in rows}


#: Where RapidAuth is and which SAC opens it.
SERVICE = _variables(
    ("rapidauth_api_url", values.read_text),
    ("rapidauth_ca_path", values.read_text),
    ("rapidauth_sac_path", values.read_text),
    ("rapidauth_sac_content", values.read_text, None, True),
    ("rapidauth_sac_key_path", values.read_text),
    ("rapidauth_sac_key_content", values.read_text, None, True),
    ("rapidauth_sac_passphrase", values.read_secret, None, True),
)
#: Under which name the ledger keeps that service.
SERVICE_NAMES = _variables(
    ("rapidauth_service_name", values.read_text),
    ("rapidauth_other_service_names", values.read_texts, ()),
)
#: Where replacements are recorded.
LEDGER = _variables(
    ("rapidauth_ledger_path", values.read_text, LEDGER_PATH),
    ("rapidauth_ledger_url", values.read_text),
    ("rapidauth_ledger_password", values.read_secret, None, True),
    ("rapidauth_ledger_host", values.read_text, "localhost"),
    ("rapidauth_audit_log_path", values.read_text_or_nothing, AUDIT_LOG_PATH),
)
ROTATION = _variables(
    ("rotation_id", values.read_text),
    ("rotation_waves", values.read_waves, (1, 5, 20)),
    ("rotation_max_fail_percentage", values.read_number, 0.0),
    ("rotation_max_failures", values.read_integer, 0),
    ("rotation_collection_minutes", values.read_number, 10.0),
    ("rotation_concurrency", values.read_integer, 16),
    ("rotation_resolutions", values.read_mapping, {}),
    ("rapidauth_anon_ids_are_unique", values.read_boolean, True),
)
#: What each position has of its own in a rotation.
POSITION = _variables(
    ("rapidauth_request_id", values.read_text),
    ("rotation_anon_id", values.read_text),
    ("rotation_request_path", values.read_text),
    ("rotation_become", values.read_boolean, False),
    ("rotation_collect_argv", values.read_texts, ()),
    ("rotation_collect_seconds", values.read_integer),
)
#: By which a position is known to run Windows.
CONNECTION = _variables(
    ("ansible_connection", values.read_text_or_nothing, ""),
    ("ansible_shell_type", values.read_text_or_nothing, ""),
)
CHECK = _variables(
    *((name, values.read_number) for name in (
        "check_expiry_warning_days", "check_expiry_critical_days", "check_expiry_warning_percent", "check_expiry_critical_percent",
        "check_sac_warning_days", "check_sac_critical_days", "check_sac_warning_percent", "check_sac_critical_percent")),
    ("check_collection_minutes", values.read_integer),
    ("check_concurrency", values.read_integer),
    ("check_fail_on", values.read_text),
    ("check_now", values.read_text),
    ("check_fleet_from", values.read_text, "inventory"),
    ("check_portal", values.read_boolean, False),
    ("check_show_ids", values.read_boolean),
    ("check_launchers", values.read_boolean, False),
    ("check_installed_sacs", values.read_boolean, False),
    ("check_report_directory", values.read_text),
)
#: What the launcher on a position must be.
LAUNCHER = _variables(
    ("check_launcher_sha256", values.read_text),
    ("check_launcher_configuration_sha256", values.read_text),
)
#: The Portal account of a position: the launcher's own variables, and those that all jobs share.
ACCOUNT = _variables(
    *((prefix + option, values.read_text) for prefix in ("portal_launcher_", "rapidsos_") for option in ("api_url", "ca_path", "email", "environment")),
    *((prefix + "password", values.read_secret, None, True) for prefix in ("portal_launcher_", "rapidsos_")),
)
#: What the inventory says of positions beside.
FLEET = {
    "ecc": Variable("ecc", values.read_text, "", False),
    "sac_certificate_directory": Variable("sac_certificate_directory", values.read_text, "/etc/rapidauth-sac", False),
}
PROVISION = _variables(
    ("provision_positions", values.read_text),
    ("provision_waves", values.read_waves, (1, "25%", "100%")),
    ("provision_max_fail_percentage", values.read_number, 0.0),
)
#: Names with our prefixes that are no variable of the tables above: of other playbooks, of the sandbox's inventory.
_FURTHER_NAMES = ("rapidauth_positions", "rapidauth_anon_id", "blocked_positions")


def known_names(role_options: typing.Iterable[str] = ()) -> typing.Set[str]:
    """Returns the names of all variables that the playbooks and roles take."""
    tables = (SERVICE, SERVICE_NAMES, LEDGER, ROTATION, POSITION, CHECK, LAUNCHER, ACCOUNT, PROVISION)
    return {name for table in tables for name in table}.union(_FURTHER_NAMES, role_options)


def describe_unknown(name: str, known: typing.Set[str], is_extra: bool) -> typing.Optional[str]:
    """Returns what is wrong with the name of a variable, or None where it is known or none of ours.

    Names with a prefix that others may use too are ours where they are given with -e or are nearly one of ours.
    """
    if name.startswith(INTERNAL_PREFIX):
        return "%s is reserved for the playbooks; rename the variable" % name if is_extra else None
    if name in known or not name.startswith(OWN_PREFIXES + SHARED_PREFIXES):
        return None
    prefix = next(each for each in OWN_PREFIXES + SHARED_PREFIXES if name.startswith(each))
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8 if prefix in SHARED_PREFIXES and not is_extra else 0.5)
    if not nearest and prefix in SHARED_PREFIXES and not is_extra:
        return None
    return "there is no variable %s%s" % (name, "; did you mean %s?" % nearest[0] if nearest else "; see the playbook's page for those there are")
