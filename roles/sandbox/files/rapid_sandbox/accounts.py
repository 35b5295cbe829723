# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows Portal accounts: the password check and the lock-out after bad attempts.

Five bad attempts within 15 minutes lock an account until an administrator releases it (CJIS
Security Policy AC-7); the Portal's own threshold is unknown, hence the switches.
"""

import hmac

from rapid_sandbox.clock import TICKS_PER_MINUTE


class Accounts:
    """The accounts of this sandbox."""

    def __init__(self, storage, clock, switches, accounts):
        self._storage = storage
        self._clock = clock
        self._switches = switches
        self._accounts = {account["email"].lower(): account for account in accounts}

    def find(self, email):
        return self._accounts.get(email.strip().lower()) if isinstance(email, str) else None

    def everyone(self):
        return list(self._accounts.values())

    def check(self, account, password):
        """"accepted", "refused", "locked" or "now_locked"; bad attempts are counted.

        Call it inside the transaction that records the attempt.
        """
        email = account["email"]
        if self.is_locked(email):
            return "locked"
        if hmac.compare_digest(account["password"].encode(), str(password).encode("utf-8", "replace")):
            self._forget(email)
            return "accepted"
        now = self._clock.now_ticks()
        self._storage.execute("INSERT INTO refused_logins VALUES (?, ?)", (email, now))
        if self.bad_attempts(email) < self._switches["lockout_attempts"]:
            return "refused"
        self._storage.execute("INSERT OR REPLACE INTO lockouts VALUES (?, ?)", (email, now))
        return "now_locked"

    def is_locked(self, email):
        return self._storage.execute("SELECT 1 FROM lockouts WHERE email = ?", (email,)).fetchone() is not None

    def bad_attempts(self, email):
        """How many bad attempts count at present."""
        since = self._clock.now_ticks() - int(self._switches["lockout_minutes"] * TICKS_PER_MINUTE)
        return self._storage.execute(
            "SELECT COUNT(*) FROM refused_logins WHERE email = ? AND at > ?", (email, since)).fetchone()[0]

    def unlock(self, email):
        """Whether the account was locked."""
        was_locked = self.is_locked(email)
        self._forget(email)
        self._storage.execute("DELETE FROM lockouts WHERE email = ?", (email,))
        return was_locked

    def unlock_everyone(self):
        for account in self._accounts.values():
            self.unlock(account["email"])

    def _forget(self, email):
        self._storage.execute("DELETE FROM refused_logins WHERE email = ?", (email,))
