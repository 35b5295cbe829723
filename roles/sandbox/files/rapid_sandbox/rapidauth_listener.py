# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows who may use the RapidAuth API: a valid SAC, no maintenance, writes not refused."""

from rapid_sandbox import audit, legacy_routes, rapidauth_routes
from rapid_sandbox.rapidauth_answers import refusal_answer
from rapid_sandbox.refusals import Refused
from rapid_sandbox.serving import Answer, Surface


def gate_of_writes(world, call, route):
    """The gate of every RapidAuth write: an Answer while writes are refused or in maintenance."""
    if world.switches["maintenance"]:
        return refusal_answer(Refused("maintenance"), world.switches)
    if route.is_write and world.switches["writes_refused"]:
        world.statistics.refused_writes += 1
        rapidauth_routes.record_refusal(world, call, "write", Refused("writes_refused"))
        return refusal_answer(Refused("writes_refused"), world.switches)
    return None


class RapidAuth(Surface):
    """The mutual-TLS listener."""

    name = "rapidauth"
    routes = rapidauth_routes.ROUTES + legacy_routes.ROUTES

    def refusal(self, refused):
        return refusal_answer(refused, self.world.switches)

    def gate(self, route, call, sac):
        now = self.world.clock.now_seconds()
        if sac is None or not sac.not_before <= now <= sac.not_after or sac.issuer != self.world.sac_issuer:
            return self._sac_refusal(call, sac, now)
        return gate_of_writes(self.world, call, route)

    def _sac_refusal(self, call, sac, now):
        """A page as IIS words it: the service's dates and certificates suggest IIS, which is undocumented."""
        if sac is None:
            code, reason = "403.7", "Client certificate required"
        elif sac.issuer != self.world.sac_issuer:
            code, reason = "403.16", "Client certificate is untrusted or invalid"
        else:
            code, reason = "403.17", (
                "Client certificate has expired" if now > sac.not_after else "Client certificate is not yet valid")
        with self.world.storage.transaction():
            audit.append(self.world.storage, self.world.clock.now_ticks(), "sac_refused", call, reason)
        page = (f"<html><head><title>{code} - Forbidden</title></head>"
                f"<body><h2>{code} - Forbidden: {reason}.</h2></body></html>")
        return Answer(403, page.encode(), content_type="text/html; charset=utf-8")
