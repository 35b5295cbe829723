# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The operation of rapidsos_portal_token: a valid Portal token, minted only when needed."""

from __future__ import annotations

import datetime

from ansible_collections.eccops.rapid.plugins.module_utils._audit_log import AuditLog
from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._http.requests_connection import RequestsConnection
from ansible_collections.eccops.rapid.plugins.module_utils._http.tls import client_context
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._module import Operation
from ansible_collections.eccops.rapid.plugins.module_utils._options import audit_options, service_options, validate_https_url, validate_limits, validate_secret
from ansible_collections.eccops.rapid.plugins.module_utils._portal.cache import (
    TokenCache, ensure_not_just_refused, refusal_content, stored_token, token_content)
from ansible_collections.eccops.rapid.plugins.module_utils._portal.client import ENVIRONMENTS, Token, log_in, normalize_caller_id, portal_query_url
from ansible_collections.eccops.rapid.plugins.module_utils._time import format_instant, utc_now


def provide_token(params: dict, is_check_mode: bool, run_directory: str | None = None, source: str = "rapidsos_portal_token") -> dict:
    """Returns the module's result for its ``params``; raises RapidError.

    ``run_directory`` is private to one Ansible run and shared by its processes: refused logins are remembered there
    where no cache was asked for, so that one run tries a password once and not once per host. ``source`` is the module
    that the audit log says it was.
    """
    api_url, query_url = _urls(params)
    _ensure_complete(params)
    cache_directory = params.get("cache_path")
    account = (api_url, params["api_version"], params["email"])
    if params["state"] == "absent":
        return _absent(TokenCache(params["cache_path"], *account), is_check_mode)
    # Most hosts of a play find the token there, and need not wait for each other.
    token, is_minted = _cached(cache_directory, account, params), False
    if token is None and is_check_mode:
        return {"changed": True, "api_url": api_url, "is_from_cache": False}
    audit_log = AuditLog(params.get("audit_log_path"), source)
    if token is None:
        directory = cache_directory or run_directory
        if directory is None:
            token, is_minted = _log_in(params, api_url, audit_log), True
        else:
            cache = TokenCache(directory, *account)
            with cache.locked():
                token, is_minted = _cached_or_minted(cache, bool(cache_directory), params, api_url, audit_log)
    return audit_log.with_warnings(_result(token, is_minted, params, api_url, query_url))


def _cached_or_minted(cache: TokenCache, is_kept: bool, params: dict, api_url: str, audit_log: AuditLog) -> tuple[Token, bool]:
    """Returns (Token, whether a login was made for it), with the cache locked."""
    password = params["password"]
    token = _stored(cache, params) if is_kept else None
    if token is not None:
        return token, False
    ensure_not_just_refused(cache.read("refusal", _all_secrets(params)), utc_now())
    cache.ensure_writable()
    try:
        token = _log_in(params, api_url, audit_log)
    except Refusal as error:
        # Which status a wrong password gets is not documented (a stock Django answers 400): any 4xx counts as one.
        if 400 <= (error.http_status or 0) < 500 and error.http_status != 429:
            cache.write("refusal", _all_secrets(params), refusal_content(error, utc_now()))
        raise
    if is_kept:
        cache.write("token", password, token_content(token))
    return token, True


def _cached(cache_directory: str | None, account: tuple[str, str, str], params: dict) -> Token | None:
    """Returns the cached Token without creating so much as a directory: check mode looks, and touches nothing."""
    if not cache_directory:
        return None
    cache = TokenCache(cache_directory, *account)
    return _stored(cache, params) if cache.exists() else None


def _stored(cache: TokenCache, params: dict) -> Token | None:
    """Returns the Token in the cache if enough is left of it; for a browser that is what is left of its session."""
    min_remaining = datetime.timedelta(seconds=params["min_remaining_seconds"])
    token = stored_token(cache.read("token", params["password"]), min_remaining, utc_now())
    if token is not None and params.get("caller_id") and token.session_expires_at - utc_now() <= min_remaining:
        return None
    return token


def _all_secrets(params: dict) -> str:
    """Returns what a refused login is remembered by: another client secret makes it another login."""
    return "\n".join(params.get(name) or "" for name in ("password", "client_id", "client_secret"))


def _absent(cache: TokenCache, is_check_mode: bool) -> dict:
    if not cache.exists():
        return {"changed": False}
    if not is_check_mode:
        with cache.locked():
            return {"changed": cache.remove()}
    return {"changed": True}


def _log_in(params: dict, api_url: str, audit_log: AuditLog) -> Token:
    context = client_context(params.get("ca_path"))
    with audit_log.effect("portal_login", {"api_url": api_url, "account": params["email"]}):
        return log_in(Transport(RequestsConnection, api_url, context, params["timeout_seconds"]), params, utc_now())


def _urls(params: dict) -> tuple[str, str | None]:
    api_url: str | None
    query_url: str | None
    api_url, query_url = ENVIRONMENTS.get(params.get("environment") or "", (None, None))
    if params.get("api_url"):
        api_url, query_url = validate_https_url(params["api_url"], "api_url"), None
    if params.get("query_url"):
        query_url = validate_https_url(params["query_url"], "query_url")
    if api_url is None:
        raise InvalidInput("the Portal is not specified; set environment=production, environment=sandbox, or api_url")
    if params.get("caller_id") and query_url is None:
        raise InvalidInput("with api_url a query URL cannot be guessed; set query_url too")
    return api_url, query_url


def _ensure_complete(params: dict) -> None:
    validate_limits(params)
    for name in ("password", "client_id", "client_secret"):
        validate_secret(name, params.get(name))
    if "@" not in params["email"] or len(params["email"].split()) != 1:
        # Not repeated: what was given in its place may be the password.
        raise InvalidInput("email is not an e-mail address such as launcher@ecc.example; was it swapped with the password?")
    if params["state"] == "absent":
        if not params.get("cache_path"):
            raise InvalidInput("state=absent removes a cached token; set cache_path")
        return
    if not params.get("password"):
        raise InvalidInput("password is empty; an empty one would only count as a wrong attempt")
    if params["api_version"] == "irpv2" and not (params.get("client_id") and params.get("client_secret")):
        raise InvalidInput("api_version=irpv2 needs client_id and client_secret of the ECC's integration")
    if params["min_remaining_seconds"] < 0:
        raise InvalidInput("min_remaining_seconds must not be negative")
    if params.get("caller_id"):
        normalize_caller_id(params["caller_id"])


def _result(token: Token, is_minted: bool, params: dict, api_url: str, query_url: str | None) -> dict:
    result = {
        "changed": is_minted,
        "token": token.value,
        "issued_at": format_instant(token.issued_at),
        "expires_at": format_instant(token.expires_at),
        "expires_basis": token.expires_basis,
        "session_expires_at": format_instant(token.session_expires_at),
        "api_url": api_url,
        "is_from_cache": not is_minted,
    }
    if params.get("caller_id") and query_url:
        result["query_url"] = portal_query_url(token.value, params["caller_id"], query_url, params["query_token_parameter"])
    return result


OPERATION = Operation(run=provide_token, spec={
    "argument_spec": {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "environment": {"type": "str", "choices": ["production", "sandbox"]},
        "api_url": {"type": "str"},
        "api_version": {"type": "str", "choices": ["irpv1", "irpv2"], "default": "irpv1"},
        "email": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "cache_path": {"type": "path"},
        "min_remaining_seconds": {"type": "int", "default": 600},
        "caller_id": {"type": "str"},
        "query_url": {"type": "str"},
        "query_token_parameter": {"type": "str", "default": "access_token", "no_log": False},
        **service_options(),
        **audit_options(),
    },
    "mutually_exclusive": [("environment", "api_url")],
    "required_one_of": [("environment", "api_url")],
    "required_if": [("state", "present", ("password",)), ("state", "absent", ("cache_path",))],
})
