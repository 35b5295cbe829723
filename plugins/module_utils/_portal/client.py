# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The RapidSOS Portal client: a login token (iRPv1 or the OAuth part of iRPv2), and the URL that opens the Portal with it.

Sources: the vendor's iRPv1 page (endpoint, fields, one-hour session), its OpenAPI document for the OAuth grant, its
environment pages for the hosts. Creating an iRPv2 deeplink is not documented, so it is not done here.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
from urllib.parse import urlencode

from ansible_collections.eccops.rapid.plugins.module_utils._errors import InvalidInput, RapidError, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._http.response import ServiceResponse, json_object, unusable
from ansible_collections.eccops.rapid.plugins.module_utils._http.transport import Transport
from ansible_collections.eccops.rapid.plugins.module_utils._options import validate_https_url
from ansible_collections.eccops.rapid.plugins.module_utils._time import from_epoch

#: environment -> (API URL, query URL). The production API host and the sandbox query host are inferred by the vendor's
#: naming of its other hosts; the other two are documented.
ENVIRONMENTS = {
    "sandbox": ("https://api-sandbox.rapidsos.com", "https://sandbox.rapidsosportal.com/query-interface"),
    "production": ("https://api.rapidsos.com", "https://rapidsosportal.com/query-interface"),
}
IRPV1_PATH = "/v1/scorpius/user/api-token-auth"
IRPV2_PATH = "/oauth/v2/token"

#: "The login session enabled by this token will be valid for 1 hour" (iRPv1 page).
SESSION = datetime.timedelta(hours=1)
#: The page shows the name cut off after "access"; it is therefore longer, and OAuth calls it access_token.
QUERY_TOKEN_PARAMETER = "access_token"

_TOKEN = re.compile(r"^[\x21-\x7e]{1,16384}\Z")


class Token:
    """A login token: ``value`` (secret), ``issued_at``, ``expires_at`` and ``expires_basis``, which says where that comes from."""

    def __init__(self, value: str, issued_at: datetime.datetime, expires_at: datetime.datetime, expires_basis: str | None) -> None:
        self.value, self.issued_at = value, issued_at
        self.expires_at, self.expires_basis = expires_at, expires_basis

    @property
    def session_expires_at(self) -> datetime.datetime:
        """Returns when a browser session opened with it ends at the latest: the documented hour after the login."""
        return min(self.expires_at, self.issued_at + SESSION)


def log_in(transport: Transport, params: dict, now: datetime.datetime) -> Token:
    """Returns the Token of one login; it is tried once, since a few refused ones lock the account."""
    if params["api_version"] == "irpv2":
        form = {name: params[name] for name in ("client_id", "client_secret", "password")}
        form.update(grant_type="password", username=params["email"])
        answer = transport.send_once("POST", IRPV2_PATH, data=form)
    else:
        answer = transport.send_once("POST", IRPV1_PATH, json={"email": params["email"], "password": params["password"]})
    if not 200 <= answer.status < 300:
        raise _login_refusal(transport.base_url, params["email"], answer)
    response = json_object(answer.body) or {}
    value = response.get("token") or response.get("access_token")
    if not isinstance(value, str) or not _TOKEN.match(value):
        raise unusable(transport.base_url, "the login of " + params["email"], answer)
    expires_at, basis = expiry(value, response.get("expires_in"), now)
    return Token(value, now, expires_at, basis)


def _login_refusal(base_url: str, email: str, answer: ServiceResponse) -> RapidError:
    """Returns the RapidError, by the status and the form of the answer: its texts are not documented."""
    what = "%s refused the login of %s (HTTP %d): " % (base_url, email, answer.status)
    if not 400 <= answer.status < 600:
        return _redirected(base_url, email, answer) if 300 <= answer.status < 400 else unusable(base_url, "the login of " + email, answer)
    if answer.status == 401 or _is_password_wrong(answer):
        return Refusal(
            what + "the password is wrong or the account is locked; it was tried once and is not repeated: check the password before the next run",
            kind="login_refused",
            http_status=answer.status,
        )
    if answer.status in (403, 423):
        return Refusal(
            what + "the account is locked or may not log in; ask a Portal administrator to unlock it before the next run",
            kind="account_locked",
            http_status=answer.status,
        )
    if answer.status < 500:
        return Refusal(what + "check email, password, api_version and api_url", kind="login_malformed", http_status=answer.status)
    return Refusal(what + "the service has a problem; run again later", kind="service_trouble", http_status=answer.status)


def _is_password_wrong(answer: ServiceResponse) -> bool:
    """Says whether an answer has a form for wrong credentials: Django's token endpoint sends it with 400, OAuth (RFC 6749) too."""
    response = json_object(answer.body) or {}
    return answer.status in (400, 422) and ("non_field_errors" in response or response.get("error") == "invalid_grant")


def _redirected(base_url: str, email: str, answer: ServiceResponse) -> Refusal:
    target = re.match(r"https?://[A-Za-z0-9.:\[\]-]{1,200}(?=[/?#]|\Z)", answer.headers.get("Location", ""))
    return Refusal(
        "%s redirected the login of %s%s (HTTP %d), and was not followed, since the password would go there too; "
        "set api_url to the address of the API itself" % (base_url, email, " to %s" % target.group() if target else "", answer.status),
        kind="login_malformed",
        http_status=answer.status,
    )


def expiry(value: str, expires_in: object, now: datetime.datetime) -> tuple[datetime.datetime, str]:
    """Returns (expires_at, basis): the JWT's ``exp``, else the answer's ``expires_in``, else the documented hour.

    ``exp`` is seen in seconds, and in milliseconds in the vendor's OpenAPI example; a figure above 1e11 is milliseconds.
    """
    exp = _claims(value).get("exp")
    if isinstance(exp, (int, float)) and not isinstance(exp, bool):
        instant = from_epoch(exp // 1000 if exp > 1e11 else exp)
        if instant is not None:
            return instant, "jwt_exp"
    if isinstance(expires_in, int) and not isinstance(expires_in, bool) and 0 < expires_in < 10**7:
        return now + datetime.timedelta(seconds=expires_in), "expires_in"
    return now + SESSION, "documented_session"


def _claims(value: str) -> dict:
    """Returns the claims of a JWT, or {} for an opaque token. Its signature cannot be checked: the key is the vendor's."""
    segments = value.split(".")
    if len(segments) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(segments[1] + "=" * (-len(segments[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def normalize_caller_id(text: object) -> str:
    """Returns the digits the Portal wants (country code included, 15555555555); raises InvalidInput for anything else."""
    digits = re.sub(r"[\s().+-]", "", text) if isinstance(text, str) else ""
    if not re.match(r"^[1-9][0-9]{10,14}\Z", digits, re.ASCII):
        raise InvalidInput(
            "caller_id '%s' is not a phone number with its country code; give 11 to 15 digits such as 15555555555" % (text,),
            kind="caller_id_malformed",
        )
    return digits


def portal_query_url(
    token: str, caller_id: str, query_url: str = ENVIRONMENTS["production"][1], token_parameter: str = QUERY_TOKEN_PARAMETER
) -> str:
    """Returns the URL that opens the Portal on ``caller_id``, logged in by ``token``: as secret as the token itself."""
    if not isinstance(token, str) or not _TOKEN.match(token):
        raise InvalidInput("the token is empty or contains characters that a token never has; pass it on as it was returned")
    if not re.match(r"^[A-Za-z0-9_.-]{1,64}\Z", token_parameter):
        raise InvalidInput("query_token_parameter '%s' is not a parameter name" % token_parameter)
    return validate_https_url(query_url, "query_url") + "?" + urlencode([("caller_id", normalize_caller_id(caller_id)), (token_parameter, token)])
