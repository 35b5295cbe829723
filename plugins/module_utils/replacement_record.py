# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Where a replacement is recorded: in the ledger, or nowhere. Both have the same few methods."""

from __future__ import annotations

import contextlib

from ansible_collections.eccops.rapid.plugins.module_utils import ledger as ledgers
from ansible_collections.eccops.rapid.plugins.module_utils.credential_locks import CredentialLocks
from ansible_collections.eccops.rapid.plugins.module_utils.durable_writes import DurableWrites


class NoRecord:
    """For sites without a ledger: the AnonId at the service is all there is to go by."""

    def held(self, request_id):
        return contextlib.nullcontext()

    def chain(self, request_id):
        return []

    def entry(self, anon_id):
        return None

    def intend(self, intent):
        pass

    def complete(self, anon_id, outcome, new_request_id=None, error=None):
        pass


class LedgerRecord:
    """The ledger as one API's replacements see it. Use it in C(with)."""

    def __init__(self, path, api_url):
        self._api_url = api_url
        self.ledger = ledgers.Ledger(path)
        self._locks = CredentialLocks(self.ledger.path)
        self._writes = DurableWrites(self.ledger)

    def __enter__(self):
        self._writes.__enter__()
        return self

    def __exit__(self, *failure):
        self._writes.__exit__(*failure)
        self._locks.close()
        self.ledger.close()

    def held(self, request_id):
        """Holds the credential whose history begins with C(request_id); another process that has it is waited for."""
        return self._locks.held(self._api_url, request_id.lower())

    def chain(self, request_id):
        return self.ledger.chain(self._api_url, request_id)

    def entry(self, anon_id):
        return self.ledger.entry(self._api_url, anon_id)

    def intend(self, intent):
        """Returns when the intent is on disk."""
        self._writes.write(ledgers.write_intent, dict(intent, api_url=self._api_url))

    def complete(self, anon_id, outcome, new_request_id=None, error=None):
        """Returns when the outcome is on disk."""
        self._writes.write(ledgers.write_outcome, self._api_url, anon_id, outcome, new_request_id, error)
