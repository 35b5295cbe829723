# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the Portal's listener: logins, the query page a launcher opens, and a login page."""

import urllib.parse

from rapid_sandbox import audit, login_routes, portal_pages, refusals
from rapid_sandbox.clock import datetime_of_ticks
from rapid_sandbox.serving import Answer, Route, Surface, json_answer

_HTML = "text/html; charset=utf-8"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *",
}


def _page(status, text):
    return Answer(status, text.encode(), _HEADERS, _HTML)


def query_page(world, call):
    """The caller and whose session it is; refuses bad caller ids, and unknown or outdated tokens."""
    query = dict(urllib.parse.parse_qsl(call.query, keep_blank_values=True))
    caller_id = query.get("caller_id", "")
    token = query.get(world.switches["query_token_param"], "")
    digits = world.switches["caller_id_digits"]
    if not (caller_id.isascii() and caller_id.isdigit() and len(caller_id) == digits):
        return _refused(world, call, 400, "bad caller_id", "unknown", "This caller number cannot be searched",
                        f"caller_id must be {digits} digits with the country code, such as 15555555555.")
    row = world.tokens.find(token) if token else None
    kinds = ("access", "oauth") if world.switches["are_oauth_tokens_accepted_by_query_page"] else ("access",)
    if row is None or not world.tokens.is_good(row, kinds) or world.clock.now_ticks() >= world.tokens.session_end(row):
        reason = "no token" if not token else "unknown token" if row is None else "token no longer good"
        identity = row["identity"] if row else "unknown"
        return _refused(world, call, 401, reason, identity, "Your session has ended",
                        "The sign-in link is unknown or no longer valid. Please sign in.")
    with world.storage.transaction():
        world.tokens.mark_used(row)
        audit.append(world.storage, world.clock.now_ticks(), "query_page_opened", call,
                     identity=row["identity"], detail=f"caller_id {caller_id}")
    account = world.accounts.find(row["identity"])
    return _page(200, portal_pages.caller_page(
        caller_id, row["identity"], account["ecc"] if account else "",
        datetime_of_ticks(world.tokens.session_end(row)), world.clock.now_datetime()))


def _refused(world, call, status, reason, identity, title, advice):
    with world.storage.transaction():
        audit.append(world.storage, world.clock.now_ticks(), "query_page_refused", call, reason, identity=identity)
    return _page(status, portal_pages.refusal_page(title, advice))


def login_page(world, call):
    return _page(200, portal_pages.login_page())


class Portal(Surface):
    """The TLS listener without client certificates."""

    name = "portal"
    routes = login_routes.ROUTES + (
        Route("GET", "/query-interface", "query_page", query_page),
        Route("GET", "/login", "login_page", login_page),
        Route("GET", "/", "login_page", login_page),
    )

    def refusal(self, refused):
        status = refusals.KINDS[refused.kind].http_status
        return json_answer(status, {"detail": refusals.KINDS[refused.kind].message})
