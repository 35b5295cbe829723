# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the RapidAuth API: ``/requests`` by RequestId and ``/credentials`` by AnonId.

``PATCH /credentials/{AnonId}`` and ``POST /credentials/{AnonId}/replace`` are not served: nobody has
seen them.
"""

import contextlib

from rapid_sandbox import audit, identifiers, seeds
from rapid_sandbox.rapidauth_answers import credential_answer, json_object
from rapid_sandbox.refusals import Refused
from rapid_sandbox.serving import Route

_AS_BOOLEAN = {"true": True, "false": False}


def get_request(world, call):
    return credential_answer(_by_request_id(world, call), world.switches)


def get_credential(world, call):
    return credential_answer(_by_anon_id(world, call), world.switches, is_anon_id_route=True)


def patch_request(world, call):
    """Set PreventCollection, the only field that can be updated; "true" as a text is taken too."""
    with recorded_refusal(world, call, "patch"):
        fields = json_object(call)
        row = _by_request_id(world, call)
        if set(fields) != {"PreventCollection"}:
            raise Refused("field_not_updatable")
        wanted = fields["PreventCollection"]
        if isinstance(wanted, str):
            wanted = _AS_BOOLEAN.get(wanted.lower())
        if not isinstance(wanted, bool):
            raise Refused("field_not_updatable")
        if row["status"] == "Expired" and world.switches["is_patch_of_expired_refused"]:
            raise Refused("credential_expired")
        is_changed = bool(row["prevent_collection"]) != wanted
        with world.storage.transaction():
            world.credentials.update(row["request_id"], prevent_collection=int(wanted))
            audit.append(
                world.storage, world.clock.now_ticks(), "patch", call, "done" if is_changed else "unchanged",
                request_id=row["request_id"], anon_id=row["anon_id"],
                detail=f"PreventCollection {str(wanted).lower()}")
        return credential_answer(world.credentials.raw(row["request_id"]), world.switches)


def replace(world, call):
    """Request a replacement: no licence, the same expiry, the previous AnonId unless one is given."""
    with recorded_refusal(world, call, "replace"):
        fields = json_object(call, is_optional=True)
        old = _by_request_id(world, call)
        anon_id = fields.get("AnonId")
        anon_id = old["anon_id"] if anon_id is None else anon_id
        if anon_id != old["anon_id"] and not identifiers.is_anon_id(anon_id, _accepts_dots(world)):
            raise Refused("anon_id_malformed")
        if old["status"] == "Expired":
            raise Refused("credential_expired")
        if old["prevent_collection"]:
            raise Refused("collection_prevented")
        if anon_id != old["anon_id"]:
            if anon_id == identifiers.NO_MORE_LICENCES:
                raise Refused("no_licences")
            _refuse_taken(world, call, anon_id)
        credentials = world.credentials
        with world.storage.transaction():
            request_id = credentials.add(
                anon_id, expires_date=old["expires_date"], lapses_date=credentials.lapse_of_new_request(),
                previous_request_id=old["request_id"])
            fate = world.switches["old_request_after_replace"]
            if fate == "expired":
                credentials.update(old["request_id"], status="Expired", lapses_date=None)
            elif fate == "removed":
                credentials.delete(old["request_id"])
            audit.append(
                world.storage, world.clock.now_ticks(), "replace", call, request_id=request_id,
                anon_id=anon_id, previous_request_id=old["request_id"])
        return credential_answer(credentials.raw(request_id), world.switches)


def request_credential(world, call):
    """Request a new credential for an AnonId; it uses a licence."""
    with recorded_refusal(world, call, "request"):
        request_id = new_request(world, call, json_object(call).get("AnonId"))
        return credential_answer(world.credentials.raw(request_id), world.switches)


def new_request(world, call, anon_id, lifetime_minutes=None, is_older_route=False):
    """The RequestId of the new request."""
    if not identifiers.is_anon_id(anon_id, _accepts_dots(world, is_older_route)):
        raise Refused("anon_id_malformed")
    if anon_id == identifiers.NO_MORE_LICENCES:
        raise Refused("no_licences")
    now = world.clock.now_ticks()
    if anon_id in identifiers.RESERVED:
        with world.storage.transaction():
            seeds.plant_reserved(world.credentials, anon_id, now)
            request_id = identifiers.RESERVED[anon_id][0]
            audit.append(world.storage, now, "request", call, request_id=request_id, anon_id=anon_id,
                         detail="reserved test request")
        return request_id
    _refuse_taken(world, call, anon_id)
    used = world.storage.setting("licences_used", 0)
    if used >= world.switches["licences"]:
        raise Refused("no_licences")
    with world.storage.transaction():
        request_id = world.credentials.add(
            anon_id, lapses_date=world.credentials.lapse_of_new_request(lifetime_minutes))
        world.storage.keep_setting("licences_used", used + 1)
        audit.append(world.storage, now, "request", call, request_id=request_id, anon_id=anon_id)
    return request_id


@contextlib.contextmanager
def recorded_refusal(world, call, effect):
    """Write a refused write to the log as "<effect>_refused" and let the refusal pass on."""
    try:
        yield
    except Refused as refused:
        record_refusal(world, call, effect, refused)
        raise


def record_refusal(world, call, effect, refused):
    named = call.parameters.get("request_id", "")
    with world.storage.transaction():
        audit.append(world.storage, world.clock.now_ticks(), f"{effect}_refused", call, refused.kind,
                     request_id=identifiers.normal_request_id(named))


def _by_request_id(world, call):
    request_id = identifiers.normal_request_id(call.parameters["request_id"])
    if request_id is None:
        raise Refused("request_id_malformed")
    row = world.credentials.by_request_id(request_id, call)
    if row is None:
        raise Refused("unknown_credential")
    return row


def _by_anon_id(world, call):
    anon_id = call.parameters["anon_id"]
    if not identifiers.is_anon_id(anon_id, _accepts_dots(world, is_older_route=True)):
        raise Refused("anon_id_malformed")
    row = world.credentials.by_anon_id(anon_id, call)
    if row is None:
        is_well_formed = identifiers.is_anon_id(anon_id, _accepts_dots(world))
        raise Refused("unknown_credential" if is_well_formed else "anon_id_malformed")
    return row


def _accepts_dots(world, is_older_route=False):
    """Whether an AnonId may have dots there; one that an older route took can be looked up."""
    accepted_by = world.switches["anon_ids_with_dots"]
    return accepted_by == "all_routes" or is_older_route and accepted_by == "older_routes"


def _refuse_taken(world, call, anon_id):
    if anon_id in identifiers.RESERVED:
        raise Refused("anon_id_taken")
    if world.switches["anon_ids_are_unique"] and world.credentials.by_anon_id(anon_id, call) is not None:
        raise Refused("anon_id_taken")


ROUTES = (
    Route("GET", "/rapid/requests/{request_id}", "get_request", get_request),
    Route("GET", "/rapid/credentials/{anon_id}", "get_credential", get_credential),
    Route("PATCH", "/rapid/requests/{request_id}", "patch_request", patch_request, is_write=True),
    Route("POST", "/rapid/requests/{request_id}/replace", "replace", replace, is_write=True),
    Route("POST", "/rapid/credentials", "request_credential", request_credential, is_write=True),
)
