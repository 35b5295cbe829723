# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how a call is served: find the route, check the SAC, play the faults, answer in one write.

The route functions are plain functions from a Call to an Answer: nothing can interrupt an effect.
"""

import json
import logging
import re
from email.utils import formatdate
from urllib.parse import unquote

from aiohttp import web

from rapid_sandbox import fault_answers
from rapid_sandbox.refusals import Refused

LOG = logging.getLogger("rapid_sandbox")
LARGEST_BODY = 1024 * 1024
SERVER_NAME = "rapid-sandbox"


class Answer:
    """Status, body and headers of a response."""

    __slots__ = ("status", "body", "headers")

    def __init__(self, status, body, headers=None, content_type="application/json; charset=utf-8"):
        self.status = status
        self.body = body
        self.headers = {"Content-Type": content_type, "Server": SERVER_NAME}
        if headers:
            self.headers.update(headers)


def json_answer(status, value, headers=None):
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), headers)


class Route:
    """A method and a path pattern, the name faults and statistics use, and the function that acts."""

    __slots__ = ("method", "pattern", "name", "act", "is_write")

    def __init__(self, method, path, name, act, is_write=False):
        self.method = method
        self.pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)).fullmatch
        self.name = name
        self.act = act
        self.is_write = is_write


class Call:
    """One request, read whole."""

    __slots__ = ("route", "parameters", "query", "body", "content_type", "source", "identity", "headers")

    def __init__(self, route, parameters, query, source, identity):
        self.route = route
        self.parameters = parameters
        self.query = query
        self.source = source
        self.identity = identity
        self.body = b""
        self.content_type = ""
        self.headers = {}


class Surface:
    """What the listeners of one kind have in common; a listener module subclasses it.

    ``routes``: what is served. ``gate``: a refusal before anything happens, or None.
    ``refusal``: the answer to a Refused.
    """

    name = ""
    routes: tuple = ()
    has_faults = True

    def __init__(self, world):
        self.world = world

    def gate(self, route, call, sac):
        """An Answer that refuses the call, or None."""
        return None

    def refusal(self, refused):
        raise NotImplementedError

    def find(self, method, path):
        """The route and its parameters; a Refused if there is none."""
        is_path_known = False
        for route in self.routes:
            match = route.pattern(path)
            if match is not None:
                if route.method == method:
                    found = match.groupdict()
                    return route, {name: unquote(text) for name, text in found.items()} if found else found
                is_path_known = True
        raise Refused("method_not_allowed" if is_path_known else "route_unknown")

    async def handle(self, request):
        """aiohttp's entry: one request in, one response out."""
        path, _mark, query = request.raw_path.partition("?")
        world = self.world
        fault = None
        transport = request.transport
        if transport is None:
            return web.Response(status=499)
        try:
            route, parameters = self.find(request.method, path)
            world.statistics.calls[route.name, route.method] += 1
            sac = transport.get_extra_info("sac")
            peer = transport.get_extra_info("peername")
            call = Call(route.name, parameters, query, peer[0] if peer else "", sac.identity if sac else "")
            call.headers = request.headers
            answer = self.gate(route, call, sac)
            if answer is None:
                if route.method != "GET":
                    call.content_type = call.headers.get("Content-Type", "")
                    call.body = await request.read()
                if self.has_faults and world.faults.has_any:
                    fault = world.faults.take(call)
                    if fault is not None:
                        return await fault_answers.play(fault, self, route, call, request)
                answer = self.act(route, call)
        except Refused as refused:
            answer = self.refusal(refused)
        except web.HTTPRequestEntityTooLarge:
            answer = self.refusal(Refused("body_too_large"))
        except web.RequestPayloadError:
            answer = self.refusal(Refused("body_malformed"))
        except ConnectionError:  # the client is gone, so this is never sent
            return web.Response(status=400)
        except Exception:
            LOG.exception("%s %s failed", request.method, path)
            answer = self.refusal(Refused("internal_error"))
        if world.switches["does_date_header_follow_clock"]:
            answer.headers["Date"] = formatdate(world.clock.now_seconds(), usegmt=True)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def act(self, route, call):
        """Do what the route does; a refusal is an answer too."""
        try:
            return route.act(self.world, call)
        except Refused as refused:
            return self.refusal(refused)
