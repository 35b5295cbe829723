# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the Portal's logins: api-token-auth, its refresh, and the two OAuth token endpoints."""

import json
import urllib.parse

from rapid_sandbox import audit
from rapid_sandbox.clock import TICKS_PER_SECOND
from rapid_sandbox.serving import Route, json_answer

_REQUIRED = ["This field is required."]
_REQUIRED_BY_GRANT = {
    "password": ("client_id", "client_secret", "username", "password"),
    "client_credentials": ("client_id", "client_secret"),
}
_REFUSED = "Unable to log in with provided credentials."
_LOCKED = "User account is locked."


def login(world, call):
    """``{"email", "password"}`` to ``{"token", "refresh_token"}`` (iRP API page)."""
    fields, problem = _json_fields(call, ("email", "password"))
    if problem:
        return problem
    account = world.accounts.find(fields["email"])
    with world.storage.transaction():
        verdict = _checked(world, call, account, fields["email"], fields["password"])
        if verdict == "accepted":
            if world.switches["login_invalidates_earlier_tokens"]:
                world.tokens.revoke_all(account["email"])
            body = {
                "token": world.tokens.issue_login(account, "access"),
                "refresh_token": world.tokens.issue_login(account, "refresh"),
            }
            _record(world, call, "login", identity=account["email"])
    if verdict == "accepted":
        return json_answer(200, body)
    if verdict == "locked":
        return json_answer(world.switches["login_locked_status"], {"detail": _LOCKED})
    return json_answer(world.switches["login_refused_status"], {"detail": _REFUSED})


def refresh(world, call):
    """``{"refresh_token"}`` to ``{"token"}`` only; the refresh token stays good (a real client shows it)."""
    fields, problem = _json_fields(call, ("refresh_token",))
    if problem:
        return problem
    row = world.tokens.find(fields["refresh_token"])
    with world.storage.transaction():
        if world.tokens.is_good(row, ("refresh",)):
            token = world.tokens.issue_login(world.accounts.find(row["identity"]), "access")
            _record(world, call, "refresh", identity=row["identity"])
            return json_answer(200, {"token": token})
        _record(world, call, "refresh_refused", "unknown token" if row is None else "token no longer good",
                identity=row["identity"] if row else "unknown")
    return json_answer(world.switches["refresh_refused_status"], {"detail": "Token is invalid or expired."})


def oauth_password(world, call):
    """``/oauth/v2/token``: the password grant with the integration's client id and secret."""
    fields, problem = _form_fields(call, ("password",))
    return problem or _grant_password(world, call, fields)


def oauth_either(world, call):
    """``/oauth/token``: the client-credentials grant; RapidSOS' iOS code sends the password grant there."""
    fields, problem = _form_fields(call, ("client_credentials", "password"))
    if problem:
        return problem
    return (_grant_password if fields["grant_type"] == "password" else _grant_client)(world, call, fields)


def _grant_password(world, call, fields):
    with world.storage.transaction():
        if not _is_integration(world, fields):
            return _unauthorized(world, call, "client refused")
        account = world.accounts.find(fields["username"])
        verdict = _checked(world, call, account, fields["username"], fields["password"])
        if verdict != "accepted":
            return json_answer(401, {"detail": "Unauthorized"})
        return _oauth_answer(world, call, account["email"], account)


def _grant_client(world, call, fields):
    with world.storage.transaction():
        if not _is_integration(world, fields):
            return _unauthorized(world, call, "client refused")
        return _oauth_answer(world, call, fields["client_id"], None)


def _oauth_answer(world, call, identity, account):
    token = world.tokens.issue_oauth(identity, account)
    _record(world, call, "oauth_token", identity=identity)
    in_milliseconds = world.switches["oauth_issued_at_unit"] == "milliseconds"
    fields = {
        "access_token": token,
        "token_type": world.switches["oauth_token_type"],
        "issued_at": world.clock.now_ticks() // (10_000 if in_milliseconds else TICKS_PER_SECOND),
        "expires_in": world.switches["oauth_token_seconds"],
    }
    if account is not None and world.switches["does_oauth_return_refresh_token"]:
        fields["refresh_token"] = world.tokens.issue_login(account, "refresh")
    return json_answer(200, fields)


def _is_integration(world, fields):
    return (fields["client_id"], fields["client_secret"]) == (
        world.secrets["client_id"], world.secrets["client_secret"])


def _unauthorized(world, call, reason):
    _record(world, call, "oauth_refused", reason, identity="unknown client")
    return json_answer(401, {"detail": "Unauthorized"})


def _checked(world, call, account, email, password):
    """"accepted", "refused" or "locked"; refusals are written to the log."""
    if account is None:
        _record(world, call, "login_refused", "unknown account", identity=_harmless(email))
        return "refused"
    verdict = world.accounts.check(account, password)
    if verdict != "accepted":
        outcome = "locked" if verdict == "locked" else "wrong password"
        _record(world, call, "login_refused", outcome, identity=account["email"])
    if verdict == "now_locked":
        _record(world, call, "lockout", identity=account["email"],
                detail=f"{world.switches['lockout_attempts']} bad attempts")
        return "refused"
    return verdict


def _harmless(email):
    """What was typed as an e-mail may be a password: only something with an @ goes to the log."""
    text = str(email)
    return text[:100] if "@" in text else "unknown account"


def _record(world, call, effect, outcome="done", **facts):
    audit.append(world.storage, world.clock.now_ticks(), effect, call, outcome, **facts)


def _json_fields(call, names):
    """The fields, or an Answer in the manner of the sibling endpoints: {"field": ["what"]}."""
    content_type = call.content_type.partition(";")[0].strip().lower()
    if content_type != "application/json":
        return None, json_answer(415, {"detail": f'Unsupported media type "{content_type}" in request.'})
    try:
        fields = json.loads(call.body)
    except (ValueError, RecursionError):
        return None, json_answer(400, {"detail": "JSON parse error"})
    if not isinstance(fields, dict):
        return None, json_answer(400, {"detail": "Invalid data. Expected a dictionary."})
    missing = {name: _REQUIRED for name in names if fields.get(name) in (None, "")}
    wrong = {name: ["Not a valid string."] for name in names
             if name not in missing and not isinstance(fields[name], str)}
    if missing or wrong:
        return None, json_answer(400, {**missing, **wrong})
    return fields, None


def _form_fields(call, grant_types):
    """The fields of a form with one of these grants, or an Answer in the manner of the OAuth document."""
    content_type = call.content_type.partition(";")[0].strip().lower()
    bad_format = json_answer(400, {"detail": "Bad Format"})
    if content_type != "application/x-www-form-urlencoded":
        return None, bad_format
    try:
        fields = dict(urllib.parse.parse_qsl(call.body.decode(), keep_blank_values=True))
    except ValueError:
        return None, bad_format
    grant_type = fields.get("grant_type", "")
    if grant_type not in grant_types or any(not fields.get(name) for name in _REQUIRED_BY_GRANT[grant_type]):
        return None, bad_format
    return fields, None


ROUTES = (
    Route("POST", "/v1/scorpius/user/api-token-auth", "login", login),
    Route("POST", "/v1/scorpius/user/api-token-auth/refresh", "refresh", refresh),
    Route("POST", "/oauth/v2/token", "oauth_token", oauth_password),
    Route("POST", "/oauth/token", "oauth_token", oauth_either),
    Route("POST", "/oauth/token/", "oauth_token", oauth_either),  # as a page for Tech Partners writes it
)
