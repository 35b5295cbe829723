# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure: the credentials that one position has had, and which of them its device holds."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import OPEN
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import COLLECTED, EXPIRED, Credential, is_same_request_id


class Member:
    """One credential of a history. Of one that an unresolved replacement may have left only the AnonId is known.

    credential is the service's, or None where it has none; is_uncertain says that the service could not be asked.
    """

    def __init__(self, request_id: typing.Optional[str], anon_id: typing.Optional[str] = None) -> None:
        self.request_id, self.anon_id = request_id, anon_id
        self.was_collected = self.has_lapsed = self.is_uncertain = False
        self.credential: typing.Optional[Credential] = None

    def is_open_to_collection(self) -> bool:
        """Says whether the service would let it be collected, replaced or renewed."""
        return bool(self.credential and self.request_id and self.credential.status != EXPIRED and not self.credential.is_collection_prevented)

    def is_collected(self) -> bool:
        """Says whether the service or the ledger knows that it was collected."""
        seen = self.credential
        return self.was_collected or bool(seen and (seen.status == COLLECTED or seen.collected_date))

    def is_listed(self) -> bool:
        """Says whether a device may hold it: not where it has expired, lapsed or never came to be."""
        if self.credential is not None:
            return self.credential.status != EXPIRED
        return self.is_uncertain or (self.request_id is not None and self.anon_id is not None and not self.has_lapsed)


def list_members(chain: typing.Sequence[dict], request_id: str) -> typing.List[Member]:
    """Returns the credentials of a ledger's chain (rows, oldest first), oldest first; without a chain the one of the RequestId."""
    members = [Member(chain[0]["original_request_id"] if chain else request_id)]

    def find(wanted: str) -> Member:
        for member in members:
            if is_same_request_id(member.request_id, wanted):
                return member
        members.append(Member(wanted))
        return members[-1]

    for row in chain:
        replaced = find(row["request_id"])
        replaced.anon_id = replaced.anon_id or row["old_anon_id"]
        if row["new_request_id"]:
            successor = find(row["new_request_id"])
            successor.anon_id = row["new_anon_id"]
            successor.was_collected = successor.was_collected or bool(row["collected_at"])
            successor.has_lapsed = row["outcome"] == "lapsed"
        elif row["outcome"] in OPEN:
            members.append(Member(None, row["new_anon_id"]))
    find(request_id)
    return members


def mark_held(members: typing.Sequence[Member]) -> typing.List[dict]:
    """Returns [{anon_id, request_id, status, is_prevented, is_held_by_device}] of the members that a device may hold, oldest first.

    The device holds the newest that was collected. Where none is known to have been, it is the newest that the service has
    forgotten: it forgets what was replaced.
    """
    listed = [member for member in members if member.is_listed()]
    candidates = [each for each in listed if each.is_collected()] or [each for each in listed if each.credential is None and not each.is_uncertain]
    entries = []
    for member in listed:
        seen = member.credential
        entries.append({
            "anon_id": (seen and seen.anon_id) or member.anon_id,
            "request_id": member.request_id,
            "status": seen.status if seen else None,
            "is_prevented": seen.is_collection_prevented if seen else None,
            "is_held_by_device": bool(candidates) and member is candidates[-1],
        })
    return entries
