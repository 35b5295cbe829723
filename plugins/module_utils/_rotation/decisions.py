# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Pure decisions: given what is wanted and what the service says, what to do and why. Nothing here touches anything."""

from __future__ import annotations

import typing

from ansible_collections.eccops.rapid.plugins.module_utils._errors import RapidError
from ansible_collections.eccops.rapid.plugins.module_utils._ledger.rows import DONE, OPEN
from ansible_collections.eccops.rapid.plugins.module_utils._rapidauth.credential import EXPIRED, Credential, is_same_request_id


class Decision(typing.NamedTuple):
    """``action``: keep, adopt, replace, refuse or unresolved; ``kind`` is the error kind of the last two."""

    action: str
    reason: str
    kind: typing.Optional[str] = None


def plan_replacement(original: Credential | None, found: Credential | None, new_anon_id: str, expect_anon_id: str | None = None) -> Decision:
    """Decides what ``state=replaced`` does.

    ``original`` is the credential to replace, or None where the service does not know it. ``found`` is the one that
    carries ``new_anon_id``, or None where the service says that there is none. The new AnonId is the idempotency key:
    the service has none of its own.
    """
    if original is not None and original.anon_id == new_anon_id:
        if original.status == EXPIRED:
            return expired_replacement(new_anon_id, original.request_id)
        return Decision("keep", "the credential already has AnonId %s" % new_anon_id)
    if found is not None:
        # Also where the old RequestId is unknown: whether the service keeps it after a replacement is not documented.
        return _plan_adoption(original, found, new_anon_id)
    if original is None:
        return Decision("refuse", "the service knows neither the RequestId nor AnonId %s; check both" % new_anon_id, "unknown")
    if original.status == EXPIRED:
        return Decision("refuse", "it is Expired, and an expired credential cannot be replaced; request a new one", "expired")
    if original.is_collection_prevented:
        return Decision(
            "refuse", "its collection is prevented, so a replacement could not be collected; allow collection first", "collection_prevented"
        )
    if expect_anon_id is not None and original.anon_id != expect_anon_id:
        return Decision(
            "refuse", "its AnonId is %s and not %s as expected; check which device holds it" % (original.anon_id, expect_anon_id), "anon_id_unexpected"
        )
    return Decision("replace", "no credential has AnonId %s yet" % new_anon_id)


def _plan_adoption(original: Credential | None, found: Credential, new_anon_id: str) -> Decision:
    taken = "AnonId %s belongs to a credential that is not a replacement of this one (%s); choose another AnonId"
    if original is not None and found.requested_date and original.requested_date and found.requested_date < original.requested_date:
        return Decision("refuse", taken % (new_anon_id, "it was requested earlier"), "anon_id_taken")
    if found.request_id is None:
        return Decision(
            "refuse",
            "the replacement with AnonId %s exists, but the service does not return its RequestId on this route; "
            "look it up in the RapidAuth dashboard" % new_anon_id,
            "request_id_unknown",
        )
    if original is not None and is_same_request_id(found.request_id, original.request_id):
        return Decision("keep", "the credential already has AnonId %s" % new_anon_id)
    return plan_adoption_by_intent(found, new_anon_id)


def plan_adoption_by_intent(found: Credential, new_anon_id: str) -> Decision:
    """Decides about what carries the new AnonId where the ledger says for what that was meant."""
    if found.status == EXPIRED:
        return expired_replacement(new_anon_id, found.request_id)
    return Decision("adopt", "AnonId %s exists already: it is the replacement" % new_anon_id)


def expired_replacement(new_anon_id: str, request_id: str | None) -> Decision:
    """Returns the refusal where the replacement itself is of no use any more."""
    return Decision(
        "refuse",
        "the replacement with AnonId %s (RequestId %s) is Expired; replace again under another AnonId" % (new_anon_id, request_id),
        "replacement_expired",
    )


def is_lapsed(successor: Credential | None) -> bool:
    """Says whether a successor was never collected and now cannot be: Expired, or None, which the service has deleted."""
    return successor is None or (successor.status == EXPIRED and successor.collected_date is None)


def plan_by_record(entry: dict | None, chain: list[dict], original_request_id: str, new_anon_id: str) -> Decision | None:
    """Decides what the ledger alone can say, or returns None where the service must be asked.

    ``entry`` is the row of ``new_anon_id`` or None; ``chain`` the rows of the credential's history, which began with the
    RequestId ``original_request_id``.
    """
    if entry is not None and not is_same_request_id(entry["original_request_id"], original_request_id):
        return Decision("refuse", "AnonId %s was given to position %s; choose another" % (new_anon_id, entry["position"]), "anon_id_taken")
    if entry is not None and entry["outcome"] in DONE:
        return Decision("keep", "the ledger has its replacement, of %s" % entry["finished_at"])
    if entry is not None and entry["outcome"] == "lapsed":
        return expired_replacement(new_anon_id, entry["new_request_id"])
    for row in chain:
        if row["outcome"] in OPEN and row["new_anon_id"] != new_anon_id:
            return Decision("unresolved", EARLIER_OPEN % (row["rotation_id"], row["new_anon_id"]), "unresolved")
    return None


EARLIER_OPEN = (
    "rotation %s left it open whether it was replaced under AnonId %s: run that rotation again first, or resolve it after looking "
    "in the RapidAuth dashboard"
)
STILL_OPEN = (
    "an earlier run left it open whether it was replaced, and the service has no credential with AnonId %s; AnonIds are not unique "
    "in this account, so nothing is sent again: look in the RapidAuth dashboard and resolve it"
)
BOTH_UNKNOWN = (
    "the ledger has its replacement, RequestId %s, but the service knows neither that nor RequestId %s, which it replaced; "
    "check which company the SAC belongs to"
)
NOT_CONFIRMED = (
    "the service returned RequestId %s for AnonId %s but could not confirm the pair; run again, then ask the vendor"
)
LOST_NOT_UNIQUE = (
    "it is not known whether RequestId %s was replaced: %s; AnonIds are not unique in this account, so no conclusion is drawn now: "
    "run the same rotation again to resolve it"
)
LOST_AND_BLIND = (
    "it is not known whether RequestId %s was replaced: %s; looking for AnonId %s failed too: %s; "
    "run the same task again, with the same anon_id: it looks first"
)
NOT_YET = (
    "it is not known yet whether RequestId %s was replaced: %s; the service has no credential with AnonId %s so far, but may still "
    "be at work; run the same task again: it looks first"
)
NOT_REPLACED = "RequestId %s was not replaced: %s; the service has no credential with AnonId %s; run the same task again"
SUCCESSOR_NAMELESS = (
    "RequestId %s was replaced, but the answer was lost and the service does not return the new RequestId for AnonId %s; "
    "look it up in the RapidAuth dashboard"
)


def may_be_at_work(lost: RapidError) -> bool:
    """Says whether the service may be replacing even after its time: it was silent to the end, put it off (202), or something else answered for it."""
    status = lost.details.get("http_status")
    is_answered_by_another = status is not None and not 200 <= status < 400 and status not in (500, 501)
    return lost.is_effect_unknown and (lost.kind == "answer_timed_out" or status == 202 or is_answered_by_another)
