# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what each position gets from the roles portal_launcher and sac_certificate, decided before any position is touched.

Every option of the roles has its value in the plan, the roles' defaults included: what a position says of itself later decides nothing.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._fleet import values
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables as names
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.ledger_plan import refuse
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader

LAUNCHER, SAC = "portal_launcher", "sac_certificate"
#: What the launcher needs where it logs in with an account of the position.
_ACCOUNT = ("portal_launcher_email", "portal_launcher_password", "portal_launcher_group")
#: What is asked for where something is taken away.
_OF_ABSENCE = ("state", "platform", "directory")
_READ = {"bool": values.read_boolean, "float": values.read_number, "int": values.read_integer, "list": values.read_texts, "str": values.read_text}
#: The sandbox's positions are the controller, and those of a site's own inventory are in use.
_REHEARSAL = (
    "provision_is_rehearsal is true, as the sandbox's files set it, and a rehearsal installs nothing; add --check --diff to see what each position "
    "would get, or use a test position as docs/provision_workstations.md describes"
)
_TEXTS_OF_LINES = ("sac_content", "sac_key_content")


def plan_provision(
    reader: FleetReader, roles: typing.Mapping[str, typing.Mapping[str, dict]], tags: typing.Sequence[str], skipped: typing.Sequence[str],
    is_check_mode: bool,
) -> dict:
    """Returns {waves, max_fail_percentage, is_sac_wanted, positions: {name: {options, is_launcher_wanted, is_sac_wanted}}}.

    roles are the option specifications of the two roles, tags and skipped those of the run. Raises InvalidInput with all problems at once.
    """
    run = {name: reader.of_run(variable) for name, variable in names.PROVISION.items()}
    reader.note_too_late("provision_positions")
    wanted = [role for role in (LAUNCHER, SAC) if ({"all", "tagged", role}.intersection(tags) or list(tags) == ["always"]) and role not in skipped]
    positions = {position: _plan_position(reader, position, roles, wanted) for position in reader.hosts}
    if run["provision_is_rehearsal"] and not is_check_mode:
        reader.note("", _REHEARSAL)
    refuse(reader, "Nothing was touched.")
    return {
        "waves": list(run["provision_waves"]),
        "max_fail_percentage": run["provision_max_fail_percentage"],
        "is_sac_wanted": any(own["is_sac_wanted"] and own["options"]["sac_certificate_state"] == "present" for own in positions.values()),
        "positions": positions,
    }


def _plan_position(reader, position, roles, wanted):
    options: typing.Dict[str, typing.Any] = {name: None for role in (LAUNCHER, SAC) for name in roles[role]}
    for role in (LAUNCHER, SAC):
        options[role + "_state"] = _read(reader, position, role + "_state", roles[role])
    is_sac_wanted = _read(reader, position, "sac_certificate_is_wanted_on_workstations", roles[SAC]) or options["sac_certificate_state"] == "absent"
    for role in wanted:
        if role == SAC and not is_sac_wanted:
            continue
        is_absent = options[role + "_state"] == "absent"
        for name in roles[role]:
            if not is_absent or name[len(role) + 1:] in _OF_ABSENCE:
                options[name] = _read(reader, position, name, roles[role])
    options["sac_certificate_is_wanted_on_workstations"] = bool(is_sac_wanted and options["sac_certificate_state"] != "absent")
    if LAUNCHER in wanted and options["portal_launcher_state"] == "present" and options["portal_launcher_account_source"] == "position":
        missing = [name for name in _ACCOUNT if not options[name]]
        if missing and position not in reader.problems:
            reader.note(position, "it has no %s; set the Portal account of the position (the password vaulted), or another portal_launcher_account_source"
                        % ", ".join(missing))
    if options["portal_launcher_platform"] == "windows" and options["portal_launcher_ca_path"]:
        reader.note(position, "portal_launcher_ca_path cannot be used on Windows; add the CA to the trusted root authorities of the machine")
    # What is not asked for has a value of its type all the same: the roles check the types of all their options.
    filled = {name: _neutral(roles[_find_role(name)][name]) if value is None else value for name, value in options.items()}
    return {"options": filled, "is_launcher_wanted": LAUNCHER in wanted, "is_sac_wanted": SAC in wanted and bool(is_sac_wanted)}


def _read(reader, position, name, specification):
    """Returns the value of a role's option, of its type and among its choices, or None after noting a problem."""
    rules = specification[name]
    read = _READ[rules.get("type", "str")]
    if rules.get("no_log") and not name.endswith(_TEXTS_OF_LINES):
        read = values.read_secret
    value = reader.own(position, names.describe(name, read, names.EACH, "", is_secret=bool(rules.get("no_log"))))
    if value not in (None, "") and "choices" in rules and value not in rules["choices"]:
        reader.note(position, "%s is '%s'; set it to %s" % (name, value, " or ".join(rules["choices"])))
    return value


def _neutral(rules):
    empty = {"bool": False, "float": 0, "int": 0, "list": [], "str": ""}
    return rules.get("default", rules["choices"][0] if "choices" in rules else empty[rules.get("type", "str")])


def _find_role(name):
    return LAUNCHER if name.startswith(LAUNCHER) else SAC
