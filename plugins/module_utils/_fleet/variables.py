# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the variables that a site sets for the playbooks, their types and defaults, and which names there are."""

from __future__ import annotations

import difflib
import typing

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import values

#: A variable: its name, how its value is read, what holds where it is not set or empty, whether it is a secret, where it may
#: stand, what it means, and what a page shows as its default where that is not the default itself.
Variable = typing.NamedTuple("Variable", [
    ("name", str), ("read", typing.Callable), ("default", typing.Any), ("is_secret", bool), ("scope", str), ("description", str), ("shown_default", str)])

#: Where a variable may stand. What the services' variables are differs: a rotation uses one service for all positions.
EXTRA, RUN, EACH, EACH_OR_RUN = "extra var", "run", "position", "position; rotation: run"

#: Prefixes that belong to this collection, and those that other people's variables may have too.
OWN_PREFIXES = ("rotation_", "rapidauth_", "portal_launcher_", "sac_certificate_", "credential_report_")
SHARED_PREFIXES = ("check_", "provision_", "block_", "blocked_")
#: What the playbooks register has this prefix, which nobody else may use. What the roles register has their own.
INTERNAL_PREFIX = "eccops_rapid_"
REGISTERED = ("credential_report_written", "portal_launcher_installed", "sac_certificate_installed", "sac_certificate_seen")

LEDGER_PATH = "~/.local/state/eccops.rapid/ledger.sqlite"
AUDIT_LOG_PATH = "~/.local/state/eccops.rapid/audit.jsonl"
REQUIRED = "(required)"


def describe(
    name: str, read: typing.Callable, scope: str, description: str, default: typing.Any = None, is_secret: bool = False, shown_default: str = ""
) -> Variable:
    """Returns a Variable."""
    return Variable(name, read, default, is_secret, scope, description, shown_default)


def _table(*rows):
    return {variable.name: variable for variable in rows}


#: The positions of a run.
PATTERNS = _table(
    describe("rapidauth_positions", values.read_text, EXTRA, "The group or pattern of the positions to check or rotate.", "dispatch_workstations"),
    describe("provision_positions", values.read_text, EXTRA, "The group or pattern to provision.", "dispatch_workstations"),
    describe("blocked_positions", values.read_texts, EXTRA, "The hosts whose devices are lost: a pattern, or a list of patterns.", shown_default=REQUIRED),
)
#: Where RapidAuth is and which SAC opens it.
SERVICE = _table(
    describe("rapidauth_api_url", values.read_text, EACH_OR_RUN, "Base URL of RapidAuth.", shown_default="`https://request.rapidauth.com/rapid`"),
    describe("rapidauth_ca_path", values.read_text, EACH_OR_RUN, "File with the CAs to trust for it instead of the system's."),
    describe("rapidauth_sac_path", values.read_text, EACH_OR_RUN, "File with the SAC, PKCS#12 or PEM. This or `rapidauth_sac_content` is required."),
    describe("rapidauth_sac_content", values.read_text, EACH_OR_RUN, "The SAC itself instead of a file: PEM, or PKCS#12 in base64.", is_secret=True),
    describe("rapidauth_sac_key_path", values.read_text, EACH_OR_RUN, "File with the private key, if it is separate."),
    describe("rapidauth_sac_key_content", values.read_text, EACH_OR_RUN, "The private key itself, if it is separate.", is_secret=True),
    describe("rapidauth_sac_passphrase", values.read_secret, EACH_OR_RUN, "Passphrase of the SAC's private key.", is_secret=True),
)
#: Under which name the ledger keeps that service.
SERVICE_NAMES = _table(
    describe("rapidauth_service_name", values.read_text, EACH_OR_RUN, "Name of the service in the ledger; set it when the service gets another URL.",
             shown_default="made from the URL"),
    describe("rapidauth_other_service_names", values.read_texts, EACH_OR_RUN, "Names in the ledger that really are other services.", ()),
)
#: Where replacements are recorded.
LEDGER = _table(
    describe("rapidauth_ledger_path", values.read_text, RUN, "File of the ledger.", LEDGER_PATH),
    describe("rapidauth_ledger_url", values.read_text, RUN, "PostgreSQL database to use as the ledger instead of the file, from the controller."),
    describe("rapidauth_ledger_password", values.read_secret, RUN, "Password of the login to that database.", is_secret=True),
    describe("rapidauth_ledger_host", values.read_text, RUN, "Host that keeps the file and contacts the service; never a position.", "localhost"),
    describe("rapidauth_audit_log_path", values.read_text_or_nothing, RUN,
             "File on that host that records each Portal login of a check and each blocking; `''` for none.", AUDIT_LOG_PATH),
)
ROTATION = _table(
    describe("rotation_id", values.read_text, RUN, "Name of this rotation, from which the new AnonIds are made.", shown_default=REQUIRED),
    describe("rotation_waves", values.read_waves, RUN, "Number of positions in each wave: a canary, then growing waves. The last one repeats.", (1, 5, 20)),
    describe("rotation_max_fail_percentage", values.read_number, EXTRA, "Percentage of a wave that may fail before no further wave begins.", 0.0),
    describe("rotation_max_failures", values.read_integer, RUN, "Number of failed positions after which nothing more is replaced.", 0),
    describe("rotation_collection_minutes", values.read_number, RUN, "Minutes in which a wave must be replaced, delivered and collected.", 10.0),
    describe("rotation_concurrency", values.read_integer, RUN, "Maximum number of simultaneous connections to the service; 1 to 64.", 16),
    describe("rotation_resolutions", values.read_mapping, RUN, "What a person found out about unresolved positions: `not_replaced` or the new RequestId.", {}),
    describe("rapidauth_anon_ids_are_unique", values.read_boolean, RUN, "Whether AnonIds are unique in your account at RapidAuth.", True),
)
#: What each position has of its own in a rotation.
POSITION = _table(
    describe("rapidauth_request_id", values.read_text, EACH, "Any RequestId of the position's credential, such as the first one.", shown_default=REQUIRED),
    describe("rotation_anon_id", values.read_text, EACH, "The position's new AnonId.", shown_default="16 digits of a hash of its name, and the rotation id"),
    describe("rotation_request_path", values.read_text, EACH, "File on the position that receives the RequestId.",
             shown_default="`/var/lib/rapidauth/request.json`; Windows: `C:\\ProgramData\\RapidAuth\\request.json`"),
    describe("rotation_become", values.read_boolean, EACH, "Whether to handle the position's files as root; no effect on Windows.", False),
    describe("rotation_collect_argv", values.read_texts, EACH, "The site's command that makes the position collect. It must not return earlier. "
             "`{request_path}` stands for `rotation_request_path`.", (), shown_default=REQUIRED),
    describe("rotation_collect_seconds", values.read_integer, EACH, "Time limit of that command.", shown_default="`rotation_collection_minutes`"),
)
#: By which a position is known to run Windows.
CONNECTION = _table(
    describe("ansible_connection", values.read_text_or_nothing, EACH, "Ansible's own: `winrm` and `psrp` mean Windows.", ""),
    describe("ansible_shell_type", values.read_text_or_nothing, EACH, "Ansible's own: `powershell` and `cmd` mean Windows.", ""),
)
CHECK = _table(
    describe("check_expiry_warning_days", values.read_number, RUN, "Days that a credential must have left, or there is a warning."),
    describe("check_expiry_critical_days", values.read_number, RUN, "The same for a critical finding."),
    describe("check_expiry_warning_percent", values.read_number, RUN, "Percentage of its year that must be left; the limit reached first counts."),
    describe("check_expiry_critical_percent", values.read_number, RUN, "The same for a critical finding."),
    describe("check_sac_warning_days", values.read_number, RUN, "Days that a SAC must have left, or there is a warning."),
    describe("check_sac_critical_days", values.read_number, RUN, "The same for a critical finding."),
    describe("check_sac_warning_percent", values.read_number, RUN, "Percentage of the SAC's own validity that must be left; the limit reached first counts."),
    describe("check_sac_critical_percent", values.read_number, RUN, "The same for a critical finding."),
    describe("check_collection_minutes", values.read_integer, RUN, "Minutes after which an uncollected credential lapses."),
    describe("check_concurrency", values.read_integer, RUN, "Maximum number of simultaneous connections to the service."),
    describe("check_fail_on", values.read_text, RUN, "Lowest severity that fails the run: `critical`, `warning` or `never`."),
    describe("check_now", values.read_text, RUN, "Time for which to check, such as `2027-06-01T00:00:00Z`.", shown_default="the current time"),
    describe("check_fleet_from", values.read_text, RUN, "`inventory`, or `ledger` for all positions in the ledger.", "inventory"),
    describe("check_portal", values.read_boolean, RUN, "Whether each Portal account logs in once; five refused logins may lock an account.", False),
    describe("check_show_ids", values.read_boolean, RUN, "Whether table and report show AnonIds and RequestIds in full."),
    describe("check_launchers", values.read_boolean, RUN, "Whether to inspect the launchers on the positions, over their connections.", False),
    describe("check_installed_sacs", values.read_boolean, RUN, "Whether to inspect the SACs on Linux positions, over their connections.", False),
    describe("check_report_directory", values.read_text, RUN, "Directory of the report on the controller; empty for none."),
)
#: What the launcher on a position must be.
LAUNCHER = _table(
    describe("check_launcher_sha256", values.read_text, EACH, "Expected SHA-256 of the launcher.", shown_default="that of this release for the platform"),
    describe("check_launcher_configuration_sha256", values.read_text, EACH, "Expected SHA-256 of its configuration; without it, only that there is one."),
)
#: The Portal account of a position: the launcher's own variables, and those that all jobs share.
ACCOUNT = _table(
    *(describe("portal_launcher_" + option, values.read_text, EACH, "As in the role portal_launcher.")
      for option in ("api_url", "ca_path", "email", "environment")),
    describe("portal_launcher_password", values.read_secret, EACH, "As in the role portal_launcher.", is_secret=True),
    describe("rapidsos_email", values.read_text, EACH, "E-mail address of the position's Portal account."),
    describe("rapidsos_password", values.read_secret, EACH, "Its password.", is_secret=True),
    describe("rapidsos_environment", values.read_text, EACH, "`production` or `sandbox`. This or `rapidsos_api_url` is required with an account."),
    describe("rapidsos_api_url", values.read_text, EACH, "Base URL of the Portal's API, without a path."),
    describe("rapidsos_ca_path", values.read_text, EACH, "File with the CAs to trust for the Portal instead of the system's."),
)
#: What the inventory says of positions beside.
FLEET = _table(
    describe("ecc", values.read_text, EACH, "The center that the position belongs to.", ""),
    describe("sac_certificate_directory", values.read_text, EACH, "Directory of the role sac_certificate on the position.", "/etc/rapidauth-sac"),
)
PROVISION = _table(
    describe("provision_waves", values.read_waves, RUN, "Number of positions in each wave, or a percentage of all: a canary, a part, the rest.",
             (1, "25%", "100%")),
    describe("provision_max_fail_percentage", values.read_number, RUN,
             "Percentage of the positions begun so far that may fail before no further wave begins.", 0.0),
    describe("provision_is_rehearsal", values.read_boolean, RUN, "Set by the sandbox's files: nothing is installed, and only check mode runs.", False),
)
#: Names with our prefixes that are no variable of the tables above: of the sandbox's inventory.
_FURTHER_NAMES = ("rapidauth_anon_id",)


def known_names(role_options: typing.Iterable[str] = ()) -> typing.Set[str]:
    """Returns the names of all variables that the playbooks and roles take."""
    tables = (PATTERNS, SERVICE, SERVICE_NAMES, LEDGER, ROTATION, POSITION, CHECK, LAUNCHER, ACCOUNT, PROVISION)
    return {name for table in tables for name in table}.union(_FURTHER_NAMES, role_options)


def describe_unknown(name: str, known: typing.Set[str], is_extra: bool) -> typing.Optional[str]:
    """Returns what is wrong with the name of a variable, or None where it is known or none of ours.

    Names with a prefix that others may use too are ours where they are given with -e or are nearly one of ours.
    """
    if name.startswith(INTERNAL_PREFIX) or name in REGISTERED:
        return "%s is reserved for the playbooks; rename the variable" % name if is_extra else None
    if name in known or not name.startswith(OWN_PREFIXES + SHARED_PREFIXES):
        return None
    prefix = next(each for each in OWN_PREFIXES + SHARED_PREFIXES if name.startswith(each))
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8 if prefix in SHARED_PREFIXES and not is_extra else 0.5)
    if not nearest and prefix in SHARED_PREFIXES and not is_extra:
        return None
    return "there is no variable %s%s" % (name, "; did you mean %s?" % nearest[0] if nearest else "; docs/playbook_variables.md lists those there are")
