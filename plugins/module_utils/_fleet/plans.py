# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: what a run will do, decided from the inventory before any position is touched.

A plan says where each secret goes: which host keeps the ledger and talks to the service, which SAC is used there, which
RequestId is delivered to which position. Every later step reads the plan and nothing else.
"""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput
from ansible_collections.eccops.rapid.plugins.module_utils._fleet import variables as names
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.check_plan import plan_check
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.ledger_plan import plan_ledger, plan_service, read_service, refuse
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.provision_plan import plan_provision
from ansible_collections.eccops.rapid.plugins.module_utils._fleet.reading import FleetReader
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.request_ids import validate_credentials, validate_rotation_id
from ansible_collections.eccops.rapid.plugins.module_utils._workstation.collection import LONGEST_SECONDS

#: Between two look-ups of a credential that its position collects on its own schedule.
CONFIRM_DELAY_SECONDS = 5
#: Where a RequestId is delivered to on a position that has no rotation_request_path.
REQUEST_PATH, WINDOWS_REQUEST_PATH = "/var/lib/rapidauth/request.json", "C:\\ProgramData\\RapidAuth\\request.json"


def fleet_plan_spec() -> dict:
    """Returns what an ArgumentSpecValidator takes for fleet_plan."""
    return {
        "argument_spec": {
            "job": {"type": "str", "choices": ["block", "check", "provision", "rotate"], "required": True},
            "hosts": {"type": "list", "elements": "str", "required": True},
            "all_positions": {"type": "list", "elements": "str", "default": []},
            "pattern_variable": {"type": "str"},
            "tags": {"type": "list", "elements": "str", "default": ["all"]},
            "skipped_tags": {"type": "list", "elements": "str", "default": []},
        }
    }


def make_plan(params: dict, reader: FleetReader, shipped_launchers: typing.Mapping[str, str], roles: dict, is_check_mode: bool = False) -> dict:
    """Returns the plan of a job, for the options of fleet_plan. Raises InvalidInput with all problems at once.

    shipped_launchers is {platform: the SHA-256 of the launcher that this release installs there}.
    roles are the option specifications of the collection's roles, {role: {option: specification}}.
    """
    all_positions = {*params["all_positions"], *params["hosts"]}
    if params["job"] == "check":
        return plan_check(reader, all_positions, shipped_launchers)
    if params["job"] == "provision":
        return plan_provision(reader, roles, params["tags"], params["skipped_tags"], is_check_mode)
    return (plan_block if params["job"] == "block" else plan_rotation)(reader, all_positions)


def plan_rotation(reader: FleetReader, all_positions: typing.Collection[str]) -> dict:
    """Returns the plan of a rotation. Raises InvalidInput with all problems at once."""
    run = {name: reader.of_run(variable) for name, variable in {**names.ROTATION, **names.SERVICE_NAMES}.items()}
    reader.note_too_late("rapidauth_positions", "rotation_max_fail_percentage")
    plan = plan_ledger(reader, all_positions)
    plan["service"] = plan_service(reader)
    plan.update(
        rotation_id=run["rotation_id"],
        anon_ids_are_unique=run["rapidauth_anon_ids_are_unique"],
        collection_minutes=run["rotation_collection_minutes"],
        concurrency=run["rotation_concurrency"],
        max_failures=run["rotation_max_failures"],
        resolutions=dict(run["rotation_resolutions"] or {}),
        waves=list(run["rotation_waves"] or ()),
        confirm_retries=max(1, int((run["rotation_collection_minutes"] or 0) * 60 / CONFIRM_DELAY_SECONDS)),
        confirm_delay_seconds=CONFIRM_DELAY_SECONDS,
        positions={position: _plan_position(reader, position, run) for position in reader.hosts},
    )
    plan["credentials"] = _plan_credentials(reader, plan["positions"])
    _validate_rotation(reader, plan)
    refuse(reader, "Nothing was changed.")
    return plan


def plan_block(reader: FleetReader, all_positions: typing.Collection[str]) -> dict:
    """Returns the plan of blocking: the ledger, and services, [{options, credentials: [{position, request_id}]}].

    Raises InvalidInput with all problems at once.
    """
    plan = plan_ledger(reader, all_positions)
    plan["positions"] = {position: {"request_id": _request_id(reader, position)} for position in reader.hosts}
    services: typing.Dict[str, dict] = {}
    for position, own in plan["positions"].items():
        options = read_service(reader, position)
        service = services.setdefault(repr(sorted(options.items())), {"options": options, "credentials": []})
        service["credentials"].append({"position": position, "request_id": own["request_id"]})
    plan["services"] = list(services.values())
    _plan_credentials(reader, plan["positions"])
    refuse(reader, "Nothing was changed.")
    return plan


def _plan_position(reader, position, run):
    own = {name: reader.own(position, variable) for name, variable in names.POSITION.items() if name != "rapidauth_request_id"}
    if own["rotation_collect_argv"] is not None and not own["rotation_collect_argv"]:
        reader.note(position, "it has no rotation_collect_argv, the command that makes it collect")
    if own["rotation_collect_seconds"] is not None and not 1 <= own["rotation_collect_seconds"] <= LONGEST_SECONDS:
        reader.note(position, "rotation_collect_seconds must be between 1 and %d" % LONGEST_SECONDS)
    minutes, is_windows = run["rotation_collection_minutes"] or 0, reader.is_windows(position)
    return {
        "request_id": _request_id(reader, position),
        "anon_id": own["rotation_anon_id"],
        "request_path": own["rotation_request_path"] or (WINDOWS_REQUEST_PATH if is_windows else REQUEST_PATH),
        # Windows has no root: there the account of the connection does it, or the one that ansible_become_method: runas names.
        "is_root": own["rotation_become"] and not is_windows,
        "argv": list(own["rotation_collect_argv"] or ()),
        "collect_seconds": own["rotation_collect_seconds"] or min(LONGEST_SECONDS, max(1, int(minutes * 60))),
    }


def _request_id(reader, position):
    found = reader.own(position, names.POSITION["rapidauth_request_id"])
    if not found and position not in reader.problems:
        reader.note(position, "it has no RequestId; set rapidauth_request_id")
    return found


def _validate_rotation(reader, plan):
    rotation_id = plan["rotation_id"]
    if rotation_id is None and reader.trusted and not reader.problems.get(""):
        reader.note("", "give rotation_id, which names this rotation, such as 2026q4")
    elif rotation_id is not None:
        _note_invalid(reader, "", validate_rotation_id, rotation_id)
    if not 1 <= (plan["concurrency"] or 1) <= 64:
        reader.note("", "rotation_concurrency must be between 1 and 64")
    if plan["collection_minutes"] == 0:
        reader.note("", "rotation_collection_minutes must be more than 0: a replacement that is not collected in time lapses")
    unknown = sorted(set(plan["resolutions"]) - set(plan["positions"]))
    if unknown:
        reader.note("", "rotation_resolutions names %s, which is not among the positions of this run" % unknown[0])


def _plan_credentials(reader, positions):
    """Returns [{position, request_id, anon_id if it is given}] after noting malformed and repeated ids, each at its position."""
    credentials = [
        {name: value for name, value in (("position", position), ("request_id", own["request_id"]), ("anon_id", own.get("anon_id"))) if value}
        for position, own in positions.items() if own["request_id"]
    ]
    for position, problem in validate_credentials(credentials):
        reader.note(position, problem)
    return credentials


def _note_invalid(reader, position, validate, *arguments):
    try:
        validate(*arguments)
    except InvalidInput as error:
        reader.note(position, error.message)
