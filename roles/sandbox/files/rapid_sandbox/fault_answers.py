# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows what each kind of fault does to a call: before the effect, after it, or to its answer."""

import asyncio
import json
import math
import os
import uuid

from aiohttp import web

from rapid_sandbox.refusals import Refused

_GATEWAY = {"bad_gateway": 502, "unavailable": 503, "gateway_timeout": 504}
_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
_PIECES_OF_A_DRIP = 16


async def play(fault, surface, route, call, request):
    """Serve the call the way the fault wants it."""
    if fault.kind == "latency":
        resets = surface.world.resets
        await asyncio.sleep(fault.seconds)
        if surface.world.resets != resets:  # the call belongs to what was before, and must not change what is now
            return await _cut(request)
    answer = surface.act(route, call) if fault.is_effect_done else None
    if fault.kind.startswith("disconnect_"):
        return await _cut(request)
    if fault.kind == "slow_drip":
        return await _drip(answer, fault.seconds, request)
    return _PLAYERS[fault.kind](fault, surface, answer)


async def _cut(request):
    """Drop the connection; what is returned finds it closed and is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return _response(500)


async def _drip(answer, seconds, request):
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    size = max(1, math.ceil(len(answer.body) / _PIECES_OF_A_DRIP))
    for start in range(0, len(answer.body), size):
        await asyncio.sleep(seconds)
        await response.write(answer.body[start:start + size])
    await response.write_eof()
    return response


def _response(status, body=b"", content_type="application/json; charset=utf-8", headers=None):
    return web.Response(status=status, body=body, headers={"Content-Type": content_type, **(headers or {})})


def _unchanged(fault, surface, answer):
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _refused(fault, surface, answer):
    refusal = surface.refusal(Refused(fault.kind))
    response = web.Response(status=refusal.status, body=refusal.body, headers=refusal.headers)
    if fault.kind == "too_many_requests":
        response.set_status(429)
        response.headers["Retry-After"] = str(math.ceil(fault.seconds))
    return response


def _gateway(fault, surface, answer):
    status = _GATEWAY[fault.kind]
    title = f"{status} {_REASONS[status]}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    headers = {} if fault.seconds is None else {"Retry-After": str(math.ceil(fault.seconds))}
    return _response(status, page.encode(), "text/html", headers)


def _empty_error(fault, surface, answer):
    return _response(500)


def _garbage(fault, surface, answer):
    return _response(200, os.urandom(96))


def _page(fault, surface, answer):
    page = ("<!DOCTYPE html><html><head><title>Sign in to the network</title></head>"
            "<body><h1>Please accept the terms of this network to continue.</h1></body></html>")
    return _response(200, page.encode(), "text/html; charset=utf-8")


def _truncated(fault, surface, answer):
    return _response(answer.status, answer.body[:len(answer.body) * 2 // 3])


def _other_request(fault, surface, answer):
    """The documented object, but about somebody else's request."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    if isinstance(value, dict):
        for name in ("RequestId", "requestId", "Identifier"):
            if name in value:
                value[name] = str(uuid.uuid4())
        return _response(answer.status, json.dumps(value).encode())
    return _unchanged(fault, surface, answer)


_PLAYERS = {
    "latency": _unchanged,
    "too_many_requests": _refused,
    "maintenance": _refused,
    "bad_gateway": _gateway,
    "unavailable": _gateway,
    "gateway_timeout": _gateway,
    "error_after_effect_empty_500": _empty_error,
    "garbage": _garbage,
    "html": _page,
    "truncated_json": _truncated,
    "wrong_request_id": _other_request,
}
