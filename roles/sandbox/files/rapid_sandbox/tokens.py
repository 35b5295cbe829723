# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows tokens: how they are written, and the table of those that were issued.

A token is a JWT as seen in real clients (claims iss, sub, username, type, exp) or opaque, by switch.
Only a digest of each is stored; whether one is good is decided by that table alone.
"""

import base64
import hashlib
import hmac
import json
import secrets

from rapid_sandbox.clock import TICKS_PER_SECOND

_ALGORITHMS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


def _segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def json_web_token(claims, key, algorithm):
    head = {"alg": algorithm}
    parts = [_segment(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims)]
    signature = hmac.new(key.encode(), ".".join(parts).encode(), _ALGORITHMS[algorithm]).digest()
    return ".".join([*parts, _segment(signature)])


def token_text(token_format, claims, expires_seconds, key, algorithm):
    """The token in one of the switchable formats."""
    if token_format == "opaque":
        return secrets.token_urlsafe(32)
    in_milliseconds = token_format == "jwt_milliseconds"
    expires = int(expires_seconds * 1000) if in_milliseconds else int(expires_seconds)
    return json_web_token({**claims, "exp": expires}, key, algorithm)


def _digest(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class Tokens:
    """The issued tokens."""

    def __init__(self, storage, clock, switches, signing_key):
        self._storage = storage
        self._clock = clock
        self._switches = switches
        self._key = signing_key

    def issue_login(self, account, kind):
        """A token of the Portal login; ``kind`` is "access" or "refresh"."""
        lifetime = self._switches[f"{kind}_token_seconds"]
        claims = {"iss": "RapidSOS", "sub": account["user_id"], "username": account["email"], "type": kind}
        return self._issue(kind, account["email"], lifetime, self._switches["token_format"], claims, "HS512")

    def issue_oauth(self, identity, account=None):
        """A token of the OAuth endpoints, for an account or for the integration itself."""
        lifetime = self._switches["oauth_token_seconds"]
        if account is None:
            token_format, claims = self._switches["oauth_client_token_format"], {"sub": identity}
        else:
            token_format = self._switches["oauth_token_format"]
            claims = {"sub": account["user_id"], "email": account["email"]}
        return self._issue("oauth", identity, lifetime, token_format, {**claims, "aud": "RapidSOS"}, "HS256")

    def _issue(self, kind, identity, lifetime, token_format, claims, algorithm):
        now = self._clock.now_ticks()
        # JWTs count whole seconds, so the stored expiry does too.
        expires = (now // TICKS_PER_SECOND + int(lifetime)) * TICKS_PER_SECOND
        text = token_text(token_format, claims, expires // TICKS_PER_SECOND, self._key, algorithm)
        self._storage.execute(
            "INSERT OR REPLACE INTO tokens (digest, kind, identity, issued_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            (_digest(text), kind, identity, now, expires))
        return text

    def find(self, text):
        """The row of a token that was issued, whatever became of it, or None."""
        return self._storage.execute("SELECT * FROM tokens WHERE digest = ?", (_digest(text),)).fetchone()

    def is_good(self, row, kinds):
        return (row is not None and row["kind"] in kinds and not row["is_revoked"]
                and self._clock.now_ticks() < row["expires_at"])

    def revoke_all(self, identity):
        self._storage.execute("UPDATE tokens SET is_revoked = 1 WHERE identity = ?", (identity,))

    def session_end(self, row):
        """When the Portal session of this token ends, in ticks: at its hour or the token's own end."""
        start = row["issued_at"]
        if self._switches["portal_session_starts"] == "first_use":
            start = row["first_used_at"] or self._clock.now_ticks()
        session = start + int(self._switches["portal_session_seconds"] * TICKS_PER_SECOND)
        return min(session, row["expires_at"])

    def mark_used(self, row):
        self._storage.execute(
            "UPDATE tokens SET first_used_at = ? WHERE digest = ? AND first_used_at IS NULL",
            (self._clock.now_ticks(), row["digest"]))
