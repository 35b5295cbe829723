# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows the switches: every behaviour that the services' public documentation does not specify, with a default.

``why`` names the source of the default, or says that it is the sandbox's own choice.
"""

import dataclasses

from rapid_sandbox import refusals


@dataclasses.dataclass(frozen=True)
class Switch:
    """One switch: its default, what it may be, and why the default is what it is."""

    default: object
    why: str
    choices: tuple = ()
    least: float = 0
    most: float = 1e10

    def problem_with(self, value):
        """None, or one sentence why the value will not do."""
        if self.choices:
            return None if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if isinstance(self.default, bool):
            return None if isinstance(value, bool) else "must be true or false"
        if isinstance(self.default, str):
            return None if isinstance(value, str) and value else "must be a text"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "must be a number"
        if isinstance(self.default, int) and not isinstance(value, int):
            return "must be a whole number"
        return None if self.least <= value <= self.most else f"must be {self.least:g} to {self.most:g}"


_OWN = "Own choice; undocumented."

SWITCHES = {
    # RapidAuth
    "writes_refused": Switch(
        False, "Own invention: every RapidAuth write answers 403 and is counted; proves check mode."),
    "does_date_header_follow_clock": Switch(
        False, "Own invention: lets a client see that its clock and the service's differ."),
    "maintenance": Switch(False, "RapidAuth answers error 13, which the vendor's WordPress plugin knows."),
    "licences": Switch(1000, "1000 free ones (WordPress plugin's readme); each POST /credentials uses one."),
    "anon_ids_are_unique": Switch(
        True, "The WordPress plugin never requests an AnonId twice; may be an account setting."),
    "anon_ids_with_dots": Switch(
        "older_routes", "The vendor's Ruby test requests RapidSecurity.Test.User by an older route; the integration overview lists no dot.",
        ("older_routes", "all_routes", "no_route")),
    "anon_id_route_returns_request_id": Switch(
        True, "The SDK overview says RequestId may be missing there; the object's table lists it."),
    "uncollected_lifetime_minutes": Switch(
        10, "The plugin's default RequestLifetime; unknown for the REST routes.",
        least=0.001),
    "cleanup_after_lapse_minutes": Switch(
        60, "The plugin sees Expired first and error 1109 later; the time between is the sandbox's own choice."),
    "validity_days": Switch(365, "One year (Requests API page)."),
    "collected_date_before_collection": Switch("null", "Undocumented.", ("null", "absent", "empty")),
    "date_fraction_digits": Switch(7, "The Requests API page's example.", most=7),
    "are_date_zeros_trimmed": Switch(False, "Common .NET serializers trim; undocumented."),
    "old_request_after_replace": Switch("unchanged", "Undocumented.", ("unchanged", "expired", "removed")),
    "is_patch_of_expired_refused": Switch(False, _OWN),
    "errors_as_200": Switch(False, "The plugin's PHP SDK looks only at the body, the Ruby SDK at the status."),
    "sac_refusal": Switch("tls_alert", "Undocumented; IIS would answer 403.", ("tls_alert", "http_403")),
    # RapidSOS
    "login_refused_status": Switch(401, "Inferred from sibling endpoints.", least=400, most=499),
    "login_locked_status": Switch(403, _OWN, least=400, most=499),
    "refresh_refused_status": Switch(
        401, "Some 4xx (a RapidSOS employee's tool); which one is the sandbox's own choice.",
        least=400, most=499),
    "lockout_attempts": Switch(5, "CJIS Security Policy AC-7; the Portal's own number is unknown.", least=1),
    "lockout_minutes": Switch(15, "CJIS Security Policy AC-7: the time within which bad attempts count.", least=0.001),
    "token_format": Switch(
        "jwt_seconds", "Seen in a RapidSOS employee's tool; clients must take opaque tokens too.",
        ("jwt_seconds", "jwt_milliseconds", "opaque")),
    "oauth_token_format": Switch(
        "jwt_milliseconds", "The example of the OAuth v2 token document has exp in milliseconds.",
        ("jwt_seconds", "jwt_milliseconds", "opaque")),
    "oauth_client_token_format": Switch(
        "opaque", "The example of the client-credentials token is opaque.",
        ("jwt_seconds", "jwt_milliseconds", "opaque")),
    "access_token_seconds": Switch(7200, "Fixtures of password logins in that tool.", least=1),
    "refresh_token_seconds": Switch(86400, "About 24 h in that tool.", least=1),
    "oauth_token_seconds": Switch(3599, "expires_in of the OAuth document, and seen live.", least=1),
    "oauth_token_type": Switch(
        "Bearer", "The OAuth document; a page for Tech Partners has BearerToken.", ("Bearer", "BearerToken")),
    "oauth_issued_at_unit": Switch(
        "milliseconds", "The OAuth document and RapidSOS' iOS code; the page for Tech Partners says UNIX timestamp.", ("milliseconds", "seconds")),
    "does_oauth_return_refresh_token": Switch(
        False, "The OAuth document has none; RapidSOS' iOS code reads one if it is there."),
    "portal_session_seconds": Switch(3600, "'valid for 1 hour' (iRP API page).", least=1),
    "portal_session_starts": Switch("issue", "The page does not say when the hour starts.", ("issue", "first_use")),
    "login_invalidates_earlier_tokens": Switch(False, "Undocumented."),
    "are_oauth_tokens_accepted_by_query_page": Switch(
        False, "iRPv2 opens the Portal by a deeplink, whose creation is not published."),
    "query_token_param": Switch("access_token", "Inferred: the page shows the name cut off after 'access'."),
    "caller_id_digits": Switch(11, "11 digits with country code in the iRP API page.", least=3, most=15),
}

for _kind, _refusal in refusals.KINDS.items():
    _known = _refusal.number < 7000
    SWITCHES[f"number_{_kind}"] = Switch(
        _refusal.number, "Known to the vendor's WordPress plugin." if _known else _OWN)
    SWITCHES[f"status_{_kind}"] = Switch(_refusal.http_status, _OWN, least=200, most=599)


class Switches:
    """The switches' present values, kept in the database."""

    def __init__(self, storage):
        self._storage = storage
        changed = storage.setting("switches", {})
        self.values = {name: changed.get(name, switch.default) for name, switch in SWITCHES.items()}

    def __getitem__(self, name):
        return self.values[name]

    def change(self, changes):
        """Take all changes or none; ValueError with one sentence names what is wrong."""
        for name, value in changes.items():
            if name not in SWITCHES:
                raise ValueError(f"there is no switch {name!r}; GET /switches lists them")
            problem = SWITCHES[name].problem_with(value)
            if problem:
                raise ValueError(f"switch {name} {problem}, not {value!r}")
        self.values.update(changes)
        self._keep()

    def reset(self):
        self.values.update({name: switch.default for name, switch in SWITCHES.items()})
        self._keep()

    def _keep(self):
        self._storage.keep_setting("switches", {
            name: value for name, value in self.values.items() if value != SWITCHES[name].default})


def described():
    """Every switch with its default, choices and reason."""
    return {
        name: {"default": switch.default, "choices": list(switch.choices), "why": switch.why}
        for name, switch in SWITCHES.items()
    }
