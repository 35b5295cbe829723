# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The core of rapidauth_request: one credential in its desired state."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils.errors import InvalidInput, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils.plan import plan_replacement
from ansible_collections.eccops.rapid.plugins.module_utils.rapidauth import ensure_anon_id, ensure_request_id
from ansible_collections.eccops.rapid.plugins.module_utils.service import rapidauth_client


def bring_to_state(params, is_check_mode):
    """Returns the module's result for its C(params); raises RapidError."""
    ensure_request_id(params["request_id"])
    for option in ("anon_id", "expect_anon_id"):
        if params.get(option) is not None:
            ensure_anon_id(params[option])
    if params["state"] == "replaced":
        if params.get("prevent_collection") is not None:
            raise InvalidInput("prevent_collection goes with state=present; a replacement of a prevented credential is refused")
        return _replaced(rapidauth_client(params), params, is_check_mode)
    if params.get("anon_id") is not None:
        raise InvalidInput("anon_id goes with state=replaced; to guard against a wrong credential use expect_anon_id")
    return _present(rapidauth_client(params), params, is_check_mode)


def _present(client, params, is_check_mode):
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
        credential = _patch_and_verify(client, request_id, wanted)
    return _result(credential, True, "patched", [request_id], difference)


def _patch_and_verify(client, request_id, wanted):
    try:
        client.set_prevent_collection(request_id, wanted)
    except RapidError as error:
        if not error.is_effect_unknown:
            raise
        # Setting a value twice does no harm and whether it is set can be seen: look instead of guessing.
    credential = client.get_request(request_id)
    if credential.is_collection_prevented != wanted:
        raise RapidError(
            "the PATCH of RequestId %s did not take: PreventCollection is still %s; run again, then ask the vendor"
            % (request_id, credential.is_collection_prevented),
            kind="not_taken",
        )
    return credential


def _replaced(client, params, is_check_mode):
    request_id, anon_id = params["request_id"], params.get("anon_id")
    if anon_id is None:
        raise InvalidInput("state=replaced needs anon_id: the new AnonId is what makes a second run harmless")
    original = _known(client.get_request, request_id)
    found = None
    if original is None or original.anon_id != anon_id:
        found = _known(client.get_credential, anon_id)
    decision = plan_replacement(original, found, anon_id, params.get("expect_anon_id"))
    if decision.action == "refuse":
        raise RapidError("RequestId %s was not replaced: %s" % (request_id, decision.reason), kind=decision.kind)
    if decision.action == "keep":
        return _result(original, False, "already_replaced", [request_id])
    if decision.action == "adopt":
        return _result(found, False, "adopted", [request_id, found.request_id])
    difference = {
        "before": {"anon_id": original.anon_id, "request_id": request_id},
        "after": {"anon_id": anon_id, "request_id": "(assigned by the service)"},
    }
    if is_check_mode:
        return _result(original, True, "replaced", [request_id], difference)
    successor = _replace_once(client, request_id, anon_id)
    difference["after"]["request_id"] = successor.request_id
    return _result(successor, True, "replaced", [request_id, successor.request_id], difference)


def _replace_once(client, request_id, anon_id):
    """Posts exactly once; where the answer is lost it looks whether the successor exists, and never posts again."""
    try:
        return client.replace(request_id, anon_id)
    except RapidError as error:
        if not error.is_effect_unknown:
            raise
        lost = error
    try:
        successor = _known(client.get_credential, anon_id)
    except RapidError as error:
        raise RapidError(
            "it is not known whether RequestId %s was replaced: %s; looking for AnonId %s failed too: %s; "
            "run the same task again, with the same anon_id: it looks first"
            % (request_id, lost.message, anon_id, error.message),
            kind="unresolved",
        ) from None
    if successor is None:
        raise RapidError(
            "RequestId %s was not replaced: %s; the service has no credential with AnonId %s; run the same task again"
            % (request_id, lost.message, anon_id),
            kind="not_replaced",
        )
    if successor.request_id is None:
        raise RapidError(
            "RequestId %s was replaced, but the answer was lost and the service does not tell the new RequestId "
            "for AnonId %s; look it up in the RapidAuth dashboard"
            % (request_id, anon_id),
            kind="request_id_unknown",
        )
    return successor


def _known(look_up, identifier):
    """Returns the credential, or None where the service says that it has none."""
    try:
        return look_up(identifier)
    except Refusal as error:
        if error.kind == "unknown":
            return None
        raise


def _result(credential, is_changed, outcome, request_ids, difference=None):
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
