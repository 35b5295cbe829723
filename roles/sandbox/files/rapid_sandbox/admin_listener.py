# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the admin API: health, log, credentials, statistics, faults, clock, switches, accounts, reset.

It answers on the loopback address only, and not to web pages of other places that a browser on this
machine shows.
"""

import re
import urllib.parse

from rapid_sandbox import admin_credentials, audit, clock, faults, switches
from rapid_sandbox.admin_errors import AdminError
from rapid_sandbox.refusals import KINDS
from rapid_sandbox.serving import Route, Surface, json_answer

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE).fullmatch
_FARTHEST_OFFSET_SECONDS = 20 * 366 * 86400


def health(world, call):
    return json_answer(200, {"is_ready": True, "now": clock.written(world.clock.now_ticks())})


def read_audit(world, call):
    query = dict(urllib.parse.parse_qsl(call.query))
    unknown = sorted(set(query) - {"after", "effect", "limit"})
    if unknown:
        raise AdminError(f"/audit has no parameter {unknown[0]!r}; it has after, effect and limit")
    found = audit.entries(
        world.storage, admin_credentials.whole_number(query, "after", 0), query.get("effect"),
        admin_credentials.whole_number(query, "limit", 1_000_000))
    return json_answer(200, {"entries": found})


def read_statistics(world, call):
    return json_answer(200, {
        **world.statistics.as_object(),
        "licences_used": world.storage.setting("licences_used", 0),
        "credentials": world.credentials.count(),
    })


def reset_statistics(world, call):
    world.statistics.reset()
    return read_statistics(world, call)


def list_faults(world, call):
    return json_answer(200, {"faults": world.faults.as_objects()})


def add_fault(world, call):
    fault = faults.fault_from(admin_credentials.json_body(call))
    world.faults.add(fault)
    return json_answer(201, fault.as_object())


def clear_faults(world, call):
    world.faults.clear()
    return list_faults(world, call)


def read_clock(world, call):
    return json_answer(200, {
        "offset_seconds": world.clock.offset_seconds, "now": clock.written(world.clock.now_ticks())})


def move_clock(world, call):
    wanted = admin_credentials.json_body(call)
    if not isinstance(wanted, dict) or len(wanted) != 1 or not set(wanted) <= {"offset_seconds", "advance_seconds"}:
        raise AdminError("the clock takes an object with either offset_seconds or advance_seconds")
    (name, seconds), = wanted.items()
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise AdminError(f"{name} is a number of seconds")
    offset = seconds if name == "offset_seconds" else world.clock.offset_seconds + seconds
    if not abs(offset) <= _FARTHEST_OFFSET_SECONDS:
        raise AdminError("the clock moves 20 years at most")
    world.move_clock(offset)
    return read_clock(world, call)


def read_switches(world, call):
    if "describe" in dict(urllib.parse.parse_qsl(call.query, keep_blank_values=True)):
        return json_answer(200, {
            name: {"value": world.switches[name], **about} for name, about in switches.described().items()})
    return json_answer(200, world.switches.values)


def change_switches(world, call):
    changes = admin_credentials.json_body(call)
    if not isinstance(changes, dict):
        raise AdminError("switches are changed by an object of names and values")
    world.switches.change(changes)
    return read_switches(world, call)


def list_accounts(world, call):
    return json_answer(200, {"accounts": [
        {
            "email": account["email"], "ecc": account["ecc"], "role": account["role"],
            "is_locked": world.accounts.is_locked(account["email"]),
            "bad_attempts": world.accounts.bad_attempts(account["email"]),
        }
        for account in world.accounts.everyone()]})


def unlock(world, call):
    account = world.accounts.find(call.parameters["email"])
    if account is None:
        raise AdminError("there is no such account; GET /accounts lists them", 404)
    with world.storage.transaction():
        was_locked = world.accounts.unlock(account["email"])
        audit.append(world.storage, world.clock.now_ticks(), "unlock", call,
                     "done" if was_locked else "unchanged", identity="sandbox administrator",
                     detail=account["email"])
    return json_answer(200, {"email": account["email"], "is_locked": False, "was_locked": was_locked})


def reset(world, call):
    world.reset(call)
    return health(world, call)


class Admin(Surface):
    """The plain-HTTP loopback listener."""

    name = "admin"
    has_faults = False
    routes = (
        Route("GET", "/health", "health", health),
        Route("GET", "/audit", "audit", read_audit),
        Route("GET", "/stats", "stats", read_statistics),
        Route("DELETE", "/stats", "stats", reset_statistics),
        Route("GET", "/faults", "faults", list_faults),
        Route("POST", "/faults", "faults", add_fault),
        Route("DELETE", "/faults", "faults", clear_faults),
        Route("GET", "/clock", "clock", read_clock),
        Route("PUT", "/clock", "clock", move_clock),
        Route("GET", "/switches", "switches", read_switches),
        Route("PATCH", "/switches", "switches", change_switches),
        Route("GET", "/accounts", "accounts", list_accounts),
        Route("POST", "/accounts/{email}/unlock", "accounts", unlock),
        Route("POST", "/reset", "reset", reset),
    ) + admin_credentials.ROUTES

    def refusal(self, refused):
        return json_answer(KINDS[refused.kind].http_status, {"error": KINDS[refused.kind].message})

    def gate(self, route, call, sac):
        call.identity = "sandbox administrator"
        origin = call.headers.get("Origin", "http://localhost").rpartition("//")[2]
        if not _LOOPBACK_HOST(call.headers.get("Host", "")) or not _LOOPBACK_HOST(origin):
            return json_answer(403, {"error": "the admin API answers to localhost and 127.0.0.1 only"})
        return None

    def act(self, route, call):
        try:
            return super().act(route, call)
        except AdminError as error:
            return json_answer(error.status, {"error": str(error)})
        except ValueError as error:
            return json_answer(400, {"error": str(error)})
