# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""A service in memory with the methods of RapidAuthClient, for failures in an order that no server can be made to show."""

from __future__ import annotations

from ansible_collections.eccops.rapid.plugins.module_utils._errors import AnswerLost, Refusal
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import Credential

ID = "65c4d858-23b2-4a9e-9c45-b8f36d1c442f"
NEW_ID = "f7500457-5663-4086-a749-d9e2f7a002cc"
LOST = AnswerLost("the answer was lost", kind="connection_cut")


class FakeRapidAuth:
    """``writes`` lists what was sent; ``fails`` maps a method's name to errors it raises, in order, after its effect."""

    api_url = "https://service.example/rapid"

    def __init__(self, **fields):
        self.credentials = [dict({"AnonId": "old", "RequestId": ID, "PreventCollection": False, "Status": "Collected"}, **fields)]
        self.writes, self.fails = [], {}
        self.has_effect = True

    def audited(self, _audit_log):
        return self

    def seconds_at_work(self):
        return 0

    def get_request(self, request_id):
        return self._found("get_request", "RequestId", request_id)

    def get_credential(self, anon_id):
        return self._found("get_credential", "AnonId", anon_id)

    def set_prevent_collection(self, request_id, is_prevented):
        self.writes.append(("PATCH", request_id, is_prevented))
        if self.has_effect:
            self._row("RequestId", request_id)["PreventCollection"] = is_prevented
        self._maybe_fail("set_prevent_collection")

    def replace(self, request_id, anon_id):
        self.writes.append(("POST", request_id, anon_id))
        if self.has_effect:
            self.credentials.append({"AnonId": anon_id, "RequestId": NEW_ID, "PreventCollection": False, "Status": "Requested"})
        self._maybe_fail("replace")
        return Credential(self.credentials[-1])

    def _found(self, method, field, value):
        self._maybe_fail(method)
        row = self._row(field, value)
        if row is None:
            raise Refusal("unknown", kind="unknown", http_status=404, number=1109)
        return Credential(dict(row))

    def _row(self, field, value):
        return next((row for row in self.credentials if row[field] == value), None)

    def _maybe_fail(self, method):
        error = self.fails.get(method, []) and self.fails[method].pop(0)
        if error:
            raise error
