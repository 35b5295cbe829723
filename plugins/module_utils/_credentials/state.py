# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidauth_request: one credential in its desired state."""

from __future__ import annotations

import os

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.place import find_place
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.session import NoRecord, current_request_ids, open_record
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import (
    LEDGER_RULES, RAPIDAUTH_RULES, audit_options, ledger_options, merge_rules, rapidauth_options)
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.client import RapidAuthClient
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.connect import rapidauth_client, find_service_name
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential, is_same_request_id, validate_anon_id, validate_request_id
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.lookup import look_while_at_work
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.anon_ids import opaque_position_id
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.outcome import ADOPTED, REPLACED, Outcome, ReplacementRequest
from ansible_collections.eccops.rapid.plugins.module_utils._rotation.replacement import replace_one


def run(params: dict, is_check_mode: bool, run_directory: str | None = None) -> dict:
    """Returns the module's result for its ``params``; raises RapidError.

    ``run_directory`` is private to one Ansible run and shared by its processes: in it each new AnonId is claimed, so
    that one AnonId given to a whole fleet by mistake does not make every position adopt the first one's replacement.
    """
    audit_log = AuditLog(params.get("audit_log_path"), "rapidauth_request")
    return audit_log.with_warnings(_ensure_state(params, is_check_mode, run_directory, audit_log))


def _ensure_state(params: dict, is_check_mode: bool, run_directory: str | None, audit_log: AuditLog) -> dict:
    validate_request_id(params["request_id"])
    for option in ("anon_id", "expect_anon_id"):
        if params.get(option) is not None:
            validate_anon_id(params[option])
    if params["state"] == "replaced":
        if params.get("prevent_collection") is not None:
            raise InvalidInput("prevent_collection requires state=present; a replacement of a prevented credential is refused")
        if params.get("anon_id") is None and find_place(params) is None:
            raise InvalidInput("state=replaced needs anon_id, or rotation_id and ledger_path or ledger_url: without them a second run would replace again")
        client = rapidauth_client(params).audited(audit_log)
        with open_record(find_place(params), find_service_name(params, client), client.api_url, is_check_mode) as record:
            record.validate_same_service([params["request_id"]], params.get("other_service_names") or ())
            return _replaced(client, record, params, is_check_mode, run_directory)
    if params.get("anon_id") is not None:
        raise InvalidInput("anon_id requires state=replaced; to guard against a wrong credential use expect_anon_id")
    client = rapidauth_client(params).audited(audit_log)
    current = current_request_ids(find_place(params), find_service_name(params, client), [params["request_id"]], params.get("other_service_names") or ())
    return _present(client, dict(params, request_id=current[params["request_id"]]), is_check_mode)


def _present(client: RapidAuthClient, params: dict, is_check_mode: bool) -> dict:
    request_id, wanted = params["request_id"], params.get("prevent_collection")
    credential = client.get_request(request_id)
    expected = params.get("expect_anon_id")
    if expected is not None and credential.anon_id != expected:
        raise RapidError(
            "RequestId %s has AnonId %s and not %s as expected; nothing was changed" % (request_id, credential.anon_id, expected),
            kind="anon_id_unexpected",
        )
    if wanted is None or credential.is_collection_prevented == wanted:
        return _result(credential, False, "unchanged", [request_id])
    difference = {
        "before": {"prevent_collection": credential.is_collection_prevented},
        "after": {"prevent_collection": wanted},
    }
    if not is_check_mode:
        credential = patch_and_verify(client, request_id, wanted)
    return _result(credential, True, "patched", [request_id], difference)


def patch_and_verify(client: RapidAuthClient, request_id: str, wanted: bool) -> Credential:
    """Returns the credential after PreventCollection was set and seen to be set; raises RapidError."""
    seen: list[Credential] = []

    def look() -> Credential | None:
        seen.append(client.get_request(request_id))
        return seen[-1] if seen[-1].is_collection_prevented == wanted else None

    try:
        client.set_prevent_collection(request_id, wanted)
    except RapidError as error:
        if not error.is_effect_unknown:
            raise
        # Setting a value twice does no harm and whether it is set can be seen: look instead of guessing.
        look_while_at_work(client, look)
    else:
        look()
    credential = seen[-1]
    if credential.is_collection_prevented != wanted:
        raise RapidError(
            "the PATCH of RequestId %s had no effect: PreventCollection is still %s; run again, then ask the vendor"
            % (request_id, credential.is_collection_prevented),
            kind="not_taken",
        )
    return credential


def _replaced(client: RapidAuthClient, record: NoRecord, params: dict, is_check_mode: bool, run_directory: str | None) -> dict:
    position = params.get("position") or params["request_id"]
    anon_id = params.get("anon_id")
    if anon_id is None:
        position_id = record.position_ids({position: opaque_position_id(position)})[position]
        anon_id = "%s-%s" % (position_id, params["rotation_id"])
        validate_anon_id(anon_id)
    wanted = ReplacementRequest(
        position,
        params["request_id"],
        anon_id,
        params.get("rotation_id") or anon_id,
        params.get("expect_anon_id"),
        params["anon_ids_are_unique"],
    )
    claimed_for = _claim(run_directory, anon_id, params["request_id"])
    outcome = replace_one(client, record, wanted, is_check_mode)
    _ensure_own(outcome, is_check_mode, claimed_for, params["request_id"])
    if outcome.credential is None or outcome.kind is not None:
        reason = outcome.reason
        if outcome.http is None:
            reason = "RequestId %s was not replaced: %s" % (params["request_id"], reason)
        raise RapidError(reason, kind=outcome.kind, **(outcome.http or {}))
    if outcome.status != REPLACED or outcome.previous is None:
        return _result(outcome.credential, False, outcome.status, list(outcome.request_ids))
    difference = {
        "before": {"anon_id": outcome.previous.anon_id, "request_id": outcome.previous.request_id},
        "after": {"anon_id": anon_id, "request_id": "(assigned by the service)" if is_check_mode else outcome.credential.request_id},
    }
    return _result(outcome.credential, True, outcome.status, list(outcome.request_ids), difference)


def _claim(run_directory: str | None, anon_id: str, request_id: str) -> str:
    """Returns the RequestId that the AnonId was first wanted for in this run."""
    if run_directory is None:
        return request_id
    path = os.path.join(run_directory, "anon_id-" + anon_id)
    try:
        with open(path, "x", encoding="ascii") as file:
            file.write(request_id)
        return request_id
    except FileExistsError:
        with open(path, encoding="ascii") as file:
            return file.read() or request_id


def _ensure_own(outcome: Outcome, is_check_mode: bool, claimed_for: str, request_id: str) -> None:
    is_another = not is_same_request_id(claimed_for, request_id)
    if is_another and (outcome.status == ADOPTED or (is_check_mode and outcome.status == REPLACED)):
        raise InvalidInput(
            "AnonId %s is wanted for RequestId %s and for %s in the same run; each credential needs its own"
            % (outcome.anon_id, claimed_for, request_id),
            kind="anon_id_taken",
        )


def _result(credential: Credential, is_changed: bool, outcome: str, request_ids: list[str], difference: dict | None = None) -> dict:
    result = {
        "changed": is_changed,
        "outcome": outcome,
        "credential": credential.as_dict(),
        "response": credential.response,
        "request_id": credential.request_id or request_ids[-1],
        "request_ids": request_ids,
    }
    if difference is not None:
        result["diff"] = difference
    return result


OPERATION = Operation(run=run, spec=dict(
    merge_rules(RAPIDAUTH_RULES, LEDGER_RULES),
    argument_spec=dict(
        rapidauth_options(),
        request_id={"type": "str", "required": True},
        state={"type": "str", "choices": ["present", "replaced"], "default": "present"},
        prevent_collection={"type": "bool"},
        anon_id={"type": "str"},
        expect_anon_id={"type": "str"},
        position={"type": "str"},
        rotation_id={"type": "str"},
        **audit_options(),
        **ledger_options(),
    ),
    required_if=[("state", "replaced", ("anon_id", "rotation_id"), True)],
))
